from __future__ import annotations

from dataclasses import replace

import pytest

from plotobot.engine.drives.news import DriveChange, news
from plotobot.engine.models import Drive, DriveKind

WELL = Drive(DriveKind.TEMP, "/mnt/a", "8:1", 100, 50, label="A")
GONE = replace(WELL, missing=True, free=0)
STIFF = replace(WELL, read_only=True)
AWAITED = Drive(DriveKind.TEMP, "label:A", missing=True)
VANISHED, BACK, RO, RW = (
    DriveChange.VANISHED,
    DriveChange.BACK,
    DriveChange.READ_ONLY,
    DriveChange.WRITABLE,
)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param([WELL], [replace(WELL, free=1)], [], id="only its space"),
        pytest.param([WELL], [GONE], [VANISHED], id="vanished"),
        pytest.param([WELL], [], [VANISHED], id="left the list"),
        pytest.param([GONE], [GONE], [], id="still gone"),
        pytest.param([GONE], [], [], id="gone, then out of the settings"),
        pytest.param([GONE], [WELL], [BACK], id="back"),
        pytest.param([GONE], [STIFF], [BACK, RO], id="back, but read-only"),
        pytest.param([AWAITED], [WELL], [BACK], id="a label finds its drive"),
        pytest.param([WELL], [STIFF], [RO], id="read-only"),
        pytest.param([STIFF], [WELL], [RW], id="writable"),
        pytest.param([STIFF], [replace(STIFF, missing=True)], [VANISHED], id="ro, then gone"),
        pytest.param([], [WELL], [], id="first look, well"),
        pytest.param([], [AWAITED], [VANISHED], id="first look, missing"),
        pytest.param([], [STIFF], [RO], id="first look, read-only"),
        pytest.param([WELL], [replace(WELL, path="/media/a")], [], id="mounted elsewhere"),
    ],
)
def test_tells_what_changed(
    before: list[Drive], after: list[Drive], told: list[DriveChange]
) -> None:
    assert [one.change for one in news(before, after)] == told


def test_what_vanished_keeps_its_name() -> None:
    [one] = news([WELL], [])
    assert (one.drive.path, one.drive.label, one.drive.missing) == ("/mnt/a", "A", True)


def test_the_same_folder_in_two_sets_is_two_drives() -> None:
    out = replace(WELL, kind=DriveKind.OUT)
    assert [one.drive.kind for one in news([WELL, out], [WELL])] == [DriveKind.OUT]
