"""The plots made on each day."""

from __future__ import annotations

from datetime import date

from matplotlib.axes import Axes

from plotobot.charts.style import GOOD, LABEL, LINES, PHASES, SMALL, bare, nothing, title
from plotobot.engine.models import GIB
from plotobot.engine.summary import DayCount, Summary


def days(axes: Axes, summary: Summary, *, most: int = 14, short: bool = False) -> None:
    """Draw a bar for each of the latest days; today's, which is not over, in green."""
    counts = summary.days[-most:]
    if not any(day.plots for day in counts):
        title(axes, "Plots a day")
        nothing(axes, "No plot was finished.")
        return
    for place, day in enumerate(counts):
        last = place == len(counts) - 1
        axes.bar(place, day.plots, width=0.74, color=GOOD if last else PHASES[0])
        if day.plots:
            axes.text(
                place, day.plots, str(day.plots), ha="center", va="bottom",
                fontsize=SMALL if most > 10 else LABEL,
            )  # fmt: skip
    bare(axes)
    axes.axhline(0, color=LINES, linewidth=2)
    axes.set_yticks([])
    axes.set_ylim(0, max(day.plots for day in counts) * 1.18)
    _names(axes, counts)
    title(axes, "Plots a day", "" if short else _average(counts))


def _names(axes: Axes, counts: tuple[DayCount, ...]) -> None:
    """Every other day has room for its name; today always has it."""
    step = 1 if len(counts) <= 4 else 2
    places = list(range(len(counts) - 1, -1, -step))
    names = ["today" if p == len(counts) - 1 else _name(counts[p].day) for p in places]
    axes.set_xticks(places, names)


def _name(day: str) -> str:
    return f"{date.fromisoformat(day):%a}\n{date.fromisoformat(day).day}"


def _average(counts: tuple[DayCount, ...]) -> str:
    """The average of the days that are over, from the first with a plot."""
    over = counts[:-1]
    first = next((place for place, day in enumerate(over) if day.plots), None)
    if first is None:
        return ""
    whole = over[first:]
    plots = sum(day.plots for day in whole) / len(whole)
    tib = sum(day.bytes for day in whole) / len(whole) / GIB / 1024
    return f"{plots:.1f} plots, {tib:.2f} TiB a day"
