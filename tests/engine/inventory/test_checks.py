from __future__ import annotations

from datetime import timedelta

import pytest

from plotobot.engine.inventory.checks import next_to_check
from plotobot.engine.inventory.plot import Check, Condition, Plot
from plotobot.plots.headers import PlotFormat
from plotobot.plots.proofs import ProofCheck, ProofVerdict
from tests.engine.plot_files import NOW, make_plot

SOUND = ProofCheck(30, 28, 0, ProofVerdict.SOUND, "Sound.")


def checked(plot: Plot, days_ago: float = 1) -> Check:
    return Check(plot.path, plot.id or "", NOW - timedelta(days=days_ago), SOUND)


def test_the_oldest_of_the_never_checked_goes_first() -> None:
    plots = [make_plot(number) for number in (3, 1, 2)]

    assert next_to_check(plots, [checked(make_plot(1))]) == make_plot(2)


def test_then_the_one_whose_check_is_longest_ago() -> None:
    plots = [make_plot(number) for number in (1, 2, 3)]
    checks = [checked(plot, days) for plot, days in zip(plots, (5, 9, 7), strict=True)]

    assert next_to_check(plots, checks) == plots[1]


@pytest.mark.parametrize(
    "changed",
    [make_plot(2, path=make_plot(1).path), make_plot(1, modified=NOW)],
    ids=["another plot there", "changed since"],
)
def test_a_check_counts_only_for_the_file_it_was_made_of(changed: Plot) -> None:
    other = make_plot(9)

    assert next_to_check([other, changed], [checked(other, 50), checked(make_plot(1))]) == changed


@pytest.mark.parametrize(
    "change",
    [
        {"missing": True},
        {"condition": Condition.TRUNCATED},
        {"condition": Condition.UNREADABLE},
        {"format": PlotFormat.POS2},
    ],
    ids=str,
)
def test_what_cannot_be_checked_is_not_chosen(change: dict[str, object]) -> None:
    assert next_to_check([make_plot(1, **change)], []) is None
