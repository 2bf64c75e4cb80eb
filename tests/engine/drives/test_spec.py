from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.drives.spec import SpecForm, parse_spec


@pytest.mark.parametrize(
    ("written", "form", "text", "folder"),
    [
        pytest.param("label:PLOT", SpecForm.LABEL, "PLOT", "", id="label"),
        pytest.param("Label: my ssd ", SpecForm.LABEL, "my ssd", "", id="label with blanks"),
        pytest.param("label:a/sub/folder/", SpecForm.LABEL, "a", "sub/folder", id="label folder"),
        pytest.param(r"label:a\sub", SpecForm.LABEL, "a", "sub", id="label backslash"),
        pytest.param("/mnt/ssd1/", SpecForm.PATH, "/mnt/ssd1", "", id="path"),
        pytest.param("/mnt/../mnt/x", SpecForm.PATH, "/mnt/x", "", id="path with dots"),
        pytest.param("/mnt/ssd*", SpecForm.GLOB, "/mnt/ssd*", "", id="glob"),
        pytest.param("/mnt/ssd[12]", SpecForm.GLOB, "/mnt/ssd[12]", "", id="glob set"),
        pytest.param("e:", SpecForm.LETTER, "E:\\", "", id="letter"),
        pytest.param("E:\\plots", SpecForm.LETTER, "E:\\plots", "", id="letter folder"),
        pytest.param("E:/plots/a", SpecForm.LETTER, "E:\\plots\\a", "", id="letter slashes"),
        pytest.param("E:\\plots*", SpecForm.GLOB, "E:\\plots*", "", id="letter glob"),
    ],
)
def test_reads_each_form(written: str, form: SpecForm, text: str, folder: str) -> None:
    spec = parse_spec(written)
    assert (spec.form, spec.text, spec.folder) == (form, text, folder)
    assert spec.written == written.strip()


def test_expands_the_home_folder() -> None:
    assert parse_spec("~/plots").text == str(Path.home() / "plots")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("   ", "is empty", id="blanks"),
        pytest.param("label:", "every drive", id="empty label means all"),
        pytest.param("label: /sub", "every drive", id="blank label"),
        pytest.param("label:x/../y", "leads out", id="leads out"),
        pytest.param("plots", "absolute", id="relative"),
        pytest.param("./plots*", "absolute", id="relative glob"),
        pytest.param("/mnt/a\0b", "control", id="nul"),
        pytest.param("/mnt/a\nb", "control", id="newline"),
    ],
)
def test_refuses_in_one_sentence(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        parse_spec(written)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for written in (text, f"label:{text}", f"/{text}", f"E:\\{text}"):
        try:
            spec = parse_spec(written)
        except ValueError:
            continue
        assert spec.text


@pytest.mark.parametrize(
    ("label", "fits"),
    [
        pytest.param("ChiaPlot01", True, id="inside"),
        pytest.param("PLOT", True, id="other case"),
        pytest.param("ssd", False, id="other"),
        pytest.param("", False, id="empty"),
        pytest.param(None, False, id="none"),
    ],
)
def test_a_label_fits_by_any_part_in_any_case(label: str | None, fits: bool) -> None:
    assert parse_spec("label:plot").matches(label) is fits


def test_wildcards_in_a_label_are_plain_letters() -> None:
    assert not parse_spec("label:p*t").matches("plot")
    assert parse_spec("label:p*t").matches("a P*T b")


def test_a_path_fits_no_label() -> None:
    assert not parse_spec("/plot").matches("/plot")
