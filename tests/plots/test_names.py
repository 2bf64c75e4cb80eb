"""File names of plots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.plots.names import PlotName, parse_name, temp_files_of

ID = "0123456789abcdef" * 4
OTHER = "f" * 64
DATE = "2026-11-23-15-55"
BASE = f"plot-k32-{DATE}-{ID}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(f"{BASE}.plot", PlotName(32, None, DATE, ID, "plot", False), id="chiapos"),
        pytest.param(
            f"plot-k32-c07-{DATE}-{ID}.plot",
            PlotName(32, 7, DATE, ID, "plot", False),
            id="bladebit",
        ),
        pytest.param(
            f"plot-k32-c7-{DATE}-{ID}.plot",
            PlotName(32, 7, DATE, ID, "plot", False),
            id="gigahorse",
        ),
        pytest.param(
            f"plot-mmx-k33-{DATE}-{ID}.plot", PlotName(33, None, DATE, ID, "plot", False), id="mmx"
        ),
        pytest.param(
            f"plot-k28-{ID}.plot2", PlotName(28, None, None, ID, "plot2", False), id="plot2"
        ),
        pytest.param(
            f"plot-k28-{ID}.gplot", PlotName(28, None, None, ID, "gplot", False), id="gplot"
        ),
        pytest.param(f"{BASE}.plot.2.tmp", PlotName(32, None, DATE, ID, "plot", True), id="temp2"),
        pytest.param(
            f"{BASE}.p1.table1.tmp", PlotName(32, None, DATE, ID, "", True), id="madmax temp"
        ),
        pytest.param(f"{BASE}.plot.bak", PlotName(32, None, DATE, ID, "plot", True), id="by hand"),
    ],
)
def test_names_of_all_programs(name: str, expected: PlotName) -> None:
    assert parse_name(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "",
        "t1_0.tmp",
        f"{BASE}",
        f"{BASE}.plots",
        f"{BASE}.tmp/x.plot",
        f".{BASE}.plot.Xa81zz",
        f"{BASE}.plot\n",
        f"plot-k32-{DATE}-{ID[:-1]}.plot",
        f"plot-k32-{DATE}-{ID}0.plot",
        f"plot-k32-{DATE}-{ID.upper()}.plot",
        f"plot-k٣٢-{DATE}-{ID}.plot",
    ],
)
def test_other_names_are_no_plots(name: str) -> None:
    assert parse_name(name) is None


TEMPS = [
    f"{BASE}.plot{rest}"
    for rest in (
        ".sort.tmp", ".table1.tmp", ".table7.tmp", ".p1.t1.sort_bucket_000.tmp",
        ".p2.t7.sort_bucket_127.tmp", ".p3s.t3.sort_bucket_015.tmp", ".2.tmp", ".tmp",
    )
] + [
    f"{BASE}.p1.table1.tmp",
    f"{BASE}.p1.t2.sort_bucket_12.tmp",
    f"{BASE}.p3s1.t4.sort_bucket_3.tmp",
    f"plot-k28-{ID}.plot2.partial",
    f"plot-k32-c07-{DATE}-{ID}.plot.tmp",
]  # fmt: skip

KEPT = [
    f"{BASE}.plot",
    f"plot-k28-{ID}.plot2",
    f"plot-k28-{ID}.gplot",
    f"{BASE}.plot.bak",
    f"{BASE}.plot.tmp.keep",
    f"{BASE}.plot.partial",
    f"plot-k32-{DATE}-{OTHER}.plot.2.tmp",
    f"{ID}.tmp",
    f"copy of {BASE}.plot.tmp",
    "t1_0.tmp",
    "table_l_3.tmp",
]


def test_temp_files_of_exactly_one_plot() -> None:
    assert temp_files_of(ID, KEPT + TEMPS) == TEMPS


def test_an_id_in_capitals_is_the_same_id() -> None:
    assert temp_files_of(ID.upper(), TEMPS) == TEMPS


@pytest.mark.parametrize(
    "plot_id", ["", " ", ".*", ID[:-1], ID + "0", ID + "\n", ID[:-1] + "g", "*", ID[:8]]
)
def test_a_wrong_id_takes_nothing_but_is_refused(plot_id: str) -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        temp_files_of(plot_id, TEMPS)


@given(st.text(), st.lists(st.text()))
def test_any_text_takes_nothing(plot_id: str, names: list[str]) -> None:
    assert parse_name(plot_id) is None
    assert temp_files_of(ID, names) == []


@given(st.from_regex(r"[A-Za-z0-9_.]{0,12}", fullmatch=True))
def test_what_ends_like_a_finished_plot_is_never_a_temp_file(middle: str) -> None:
    for ext in ("plot", "plot2", "gplot"):
        assert temp_files_of(ID, [f"{BASE}{middle}.{ext}"]) == []
