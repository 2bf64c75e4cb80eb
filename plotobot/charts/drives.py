"""How full the drives are, were and will be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from matplotlib.axes import Axes

from plotobot.charts.style import (
    AHEAD,
    BAD,
    GOOD,
    LABEL,
    LINES,
    QUIET,
    SMALL,
    WARN,
    WORDS,
    bare,
    nothing,
    place,
    short,
    time_axis,
    title,
)  # fmt: skip
from plotobot.engine.summary import DriveFill, Summary
from plotobot.ui.text import duration, gib

KEPT = ("out", "destination")
"""The drives that plots are kept on: these fill, the others come and go."""
ROWS = 6
FULL = 0.97
SOON, LATER = timedelta(hours=12), timedelta(hours=48)


def urgent(summary: Summary) -> list[DriveFill]:
    """The drives that plots are kept on, those first that are full first."""
    never = datetime.max.replace(tzinfo=UTC)
    kept = [fill for fill in summary.fills if fill.kind in KEPT and fill.total and fill.points]
    return sorted(
        kept, key=lambda fill: (is_full(fill), fill.full_at or never, -used(fill), fill.path)
    )


def is_full(fill: DriveFill) -> bool:
    """Whether a drive has done its part; nothing about it is urgent any more."""
    return used(fill) >= FULL


def used(fill: DriveFill) -> float:
    """The used share now."""
    return share(fill, fill.points[-1][1])


def share(fill: DriveFill, free: int) -> float:
    """The used share at some free room."""
    return min(1.0, max(0.0, 1 - free / fill.total))


def words(fill: DriveFill, now: datetime) -> str:
    """What matters of a drive: when it is full, or else what is free."""
    if is_full(fill):
        return f"full, {gib(fill.points[-1][1])} left"
    if fill.full_at:
        return f"full in {_roughly(fill.full_at - now)}"
    return f"{gib(fill.points[-1][1])} free"


def _roughly(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    if hours < 1:
        return duration(span.total_seconds())
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def colour(fill: DriveFill, now: datetime) -> str:
    """Red where it is full soon, yellow where it will be, green where there is time."""
    if is_full(fill):
        return AHEAD
    left = fill.full_at - now if fill.full_at else timedelta.max
    if left < SOON:
        return BAD
    return WARN if left < LATER or used(fill) >= 0.9 else GOOD


def rows(panels: Sequence[Axes], fills: Sequence[DriveFill], summary: Summary) -> None:
    """Draw a line for each drive, one below the other, on one axis of time."""
    first, last = _span(fills, summary.until)
    for panel, fill in zip(panels, fills, strict=True):
        _row(panel, fill, summary.until)
        time_axis(panel, first, last)
        panel.tick_params(labelbottom=panel is panels[-1])


def _span(fills: Sequence[DriveFill], now: datetime) -> tuple[datetime, datetime]:
    """From the first sample to the last forecast, which gets a third of the width at most."""
    first = min(_at(fill.points[0][0]) for fill in fills)
    first = min(first, now - timedelta(hours=1))
    ends = [fill.full_at for fill in fills if fill.full_at]
    return first, min(max([now, *ends]), now + (now - first) / 2) + (now - first) * 0.02


def _row(axes: Axes, fill: DriveFill, now: datetime) -> None:
    look = colour(fill, now)
    times = [place(_at(at)) for at, _ in fill.points]
    shares = [share(fill, free) for _, free in fill.points]
    axes.fill_between(times, shares, color=look, alpha=0.30, linewidth=0)
    axes.plot(times, shares, color=look, linewidth=3)
    if fill.full_at and not is_full(fill):
        axes.plot(
            [place(now), place(fill.full_at)], [shares[-1], 1.0],
            color=look, linewidth=3, linestyle=(0, (1.2, 1)),
            zorder=5,
        )  # fmt: skip
    bare(axes)
    axes.axhline(1.0, color=LINES, linewidth=2)
    axes.axvline(place(now), color=WORDS, linewidth=2)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([])
    axes.set_title(
        f"{short(fill.path, 20)}  {used(fill):.0%}", loc="left", fontsize=LABEL, pad=4, color=WORDS
    )
    tone = QUIET if is_full(fill) else look
    axes.set_title(words(fill, now), loc="right", fontsize=LABEL, pad=4, color=tone)


def bars(axes: Axes, summary: Summary, most: int = 3) -> None:
    """Draw a bar for each of the most urgent drives, its words above it."""
    fills = urgent(summary)
    shown = fills[:most]
    if not shown:
        title(axes, "Drives")
        nothing(axes, "None keeps plots.")
        return
    for row, fill in enumerate(shown):
        look = colour(fill, summary.until)
        axes.barh(row, 1.0, height=0.3, color=LINES)
        axes.barh(row, used(fill), height=0.3, color=look)
        axes.text(0, row - 0.26, short(fill.path, 11), fontsize=SMALL, va="bottom")
        axes.text(
            1, row - 0.26, words(fill, summary.until), fontsize=SMALL, va="bottom", ha="right",
            color=look,
        )  # fmt: skip
    bare(axes)
    axes.set_xlim(0, 1)
    axes.set_ylim(most - 0.6, -0.75)
    axes.set_xticks([])
    axes.set_yticks([])
    title(axes, "Drives", f"{len(fills) - most} more" if len(fills) > most else "")


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
