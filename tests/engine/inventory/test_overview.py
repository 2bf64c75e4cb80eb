from __future__ import annotations

import pytest

from plotobot.engine.inventory.overview import duplicates, overview
from plotobot.engine.inventory.plot import Condition, Overview, Plot, Total
from plotobot.engine.models import GIB
from tests.engine.plot_files import OTHER_CONTRACT, for_contract, make_plot


def test_nothing_is_an_overview() -> None:
    assert overview([]) == Overview(total=Total("all", 0, 0))


def test_plots_by_drive_and_by_kind() -> None:
    plots = [
        make_plot(1),
        make_plot(2, drive="/mnt/old2"),
        make_plot(3, **for_contract()),
        make_plot(4, **for_contract(OTHER_CONTRACT)),
        make_plot(5, **for_contract(), compression=7, size=78 * GIB),
    ]

    shown = overview(plots)

    assert shown.total == Total("all", 5, (4 * 101 + 78) * GIB)
    assert [(t.name, t.plots) for t in shown.by_drive] == [("/mnt/old1", 4), ("/mnt/old2", 1)]
    assert shown.by_kind[0] == Total("k32 OG", 2, 202 * GIB)
    kinds = [total.name for total in shown.by_kind]
    assert len(set(kinds)) == 4
    assert kinds[-1].startswith("k32 C7 for xch1")
    assert shown.odd == ()


@pytest.mark.parametrize(
    ("plot", "odd"),
    [
        (make_plot(1, condition=Condition.TRUNCATED), "truncated"),
        (make_plot(1, condition=Condition.NO_PLOT, id=None, k=None), "no plot at all"),
        (make_plot(1, condition=Condition.UNREADABLE, id=None, k=None), "unreadable"),
        (make_plot(1, path="/mnt/old1/x.plot"), "not named as their id"),
        (make_plot(1, missing=True), "on a missing drive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_odd_is_counted(plot: Plot, odd: str) -> None:
    shown = overview([make_plot(2), plot])

    assert [(total.name, total.plots) for total in shown.odd] == [(odd, 1)]
    assert shown.total.plots == 1 + (plot.id is not None)


def test_a_plot_that_is_there_three_times_is_there_twice_too_often() -> None:
    again = [make_plot(1, drive=f"/mnt/old{number}") for number in range(3)]

    assert duplicates([*again, make_plot(2)]) == {again[0].id: tuple(again)}
    assert [(t.name, t.plots) for t in overview(again).odd] == [("there more than once", 2)]
