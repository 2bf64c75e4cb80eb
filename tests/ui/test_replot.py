from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plotobot.engine.inventory.plot import Condition
from plotobot.engine.models import GIB, Drive, DriveKind
from plotobot.engine.replot.fork import Fork
from plotobot.engine.replot.plan import Plan, Terms, plan
from plotobot.engine.replot.rule import Rule
from plotobot.plots.headers import PlotFormat
from plotobot.ui.replot import chart_lines, course, plan_text, summary_lines
from tests.engine.plot_files import FARMER, NOW, make_plot

RULE = Rule(formats=frozenset({PlotFormat.V1}), farmer_keys=frozenset({FARMER.hex()}))
FORK = Fork(9_640_000, "your full node", peak=9_624_000, peak_at=NOW)


def laid(count: int = 120, drives: int = 4, **terms: object) -> Plan:
    plots = [make_plot(n, drive=f"/mnt/old{n % drives}") for n in range(count)]
    plots.append(make_plot(9999, condition=Condition.TRUNCATED))
    there = [Drive(DriveKind.REPLOT, f"/mnt/old{n}", f"8:{n}") for n in range(drives)]
    return plan(plots, there, RULE, replace(Terms(NOW, 101 * GIB), **terms))  # type: ignore[arg-type]


def test_the_plan_in_a_message() -> None:
    text = plan_text(laid(rate=4.0, by=NOW + timedelta(days=60)), RULE, FORK)

    assert "120 old plots to go, 12,120 GiB in all" in text
    assert "At 4 plots a day that takes 30 days: begun now, to 2026-12-25." in text
    assert "Begin by 2026-12-25." in text
    assert "2 plots a day are needed" in text
    assert "1 cut short or unfinished" in text
    assert "at height 9,640,000, says your full node" in text
    assert len(text) <= 2000


@pytest.mark.parametrize(("count", "drives"), [(0, 1), (1, 1), (11, 11), (3000, 200)])
def test_it_fits_whatever_the_farm(count: int, drives: int) -> None:
    text = plan_text(laid(count, drives, rate=3.0, by=NOW + timedelta(days=5)), RULE, FORK)

    assert len(text) <= 2000
    assert text.count("```") % 2 == 0


def test_without_a_rate_there_is_no_chart_and_no_date() -> None:
    lines = summary_lines(laid())

    assert chart_lines(laid(), FORK) == []
    assert "How long that takes cannot be told: no rate is known yet." in lines


def test_the_volumes_fall_and_grow_from_all_to_all() -> None:
    points = course(laid(rate=4.0))

    assert [point.old for point in points] == sorted((p.old for p in points), reverse=True)
    assert (points[0].old, points[0].new) == (120 * 101 * GIB, 0)
    assert (points[-1].old, points[-1].new) == (0, 120 * 101 * GIB)
    assert points[-1].at == NOW + timedelta(days=30)


def test_the_chart_tells_what_old_plots_count_after_the_fork() -> None:
    lines = chart_lines(laid(rate=4.0), FORK)

    assert "v1 counts" not in lines[1]
    assert lines[-1].endswith("v1 counts 89%")
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"rate": 4.0, "by": NOW + timedelta(days=3)}, "At this rate it is too late for that."),
        ({"by": NOW - timedelta(days=3)}, "2026-11-22 is past."),
        ({"rate": 200.0}, "takes 14 hours"),
        ({"rate": 1e-9}, "for ever"),
    ],
)
def test_times_in_words(terms: dict[str, object], words: str) -> None:
    assert any(words in line for line in summary_lines(laid(**terms)))


def test_no_old_plot_is_an_answer() -> None:
    empty = plan([make_plot()], [], Rule(), Terms(NOW, GIB))

    assert summary_lines(empty)[0] == "No plot is old by this rule."
