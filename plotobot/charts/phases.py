"""The phase times of a period against what is usual on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from matplotlib.axes import Axes

from plotobot.charts.style import (
    BAD,
    COPY,
    GOOD,
    LABEL,
    PHASES,
    QUIET,
    SMALL,
    WORDS,
    bare,
    nothing,
    title,
)  # fmt: skip
from plotobot.engine.models import Job
from plotobot.engine.reporting.usual import kind_of
from plotobot.engine.summary import Summary, Usual
from plotobot.ui.text import clean, plural

NAMES = ("phase 1", "phase 2", "phase 3", "phase 4", "copy")
COLOURS = (*PHASES, COPY)
LITTLE = 0.08
"""A difference from the usual that is none."""


def phases(axes: Axes, summary: Summary) -> None:
    """Draw each plot's phases as dots and the usual times as strokes, for the commonest kind."""
    usual, jobs = _commonest(summary)
    if usual is None:
        title(axes, "Phase times")
        nothing(axes, "No plot was finished.")
        return
    unit, name = (3600.0, "hours") if (usual.total or 0) > 7200 else (60.0, "minutes")
    own = [_times(jobs, phase) for phase in range(5)]
    common = (*usual.phases, usual.copy)
    widest = max([*(t for some in own for t in some), *(c or 0 for c in common)]) / unit or 1.0
    for row in range(5):
        _row(axes, row, [t / unit for t in own[row]], (common[row] or 0) / unit, widest)
    bare(axes, grid="x")
    axes.set_xlim(0, widest * 1.3)
    axes.set_ylim(4.6, -0.6)
    axes.set_yticks(range(5), NAMES, fontsize=LABEL)
    axes.set_xlabel(f"{name}; the stroke is usual here, each dot a plot", fontsize=SMALL)
    title(axes, "Phase times", f"{clean(usual.kind)}, {plural(len(jobs), 'plot')}")


def _commonest(summary: Summary) -> tuple[Usual | None, list[Job]]:
    """The kind with the most plots in the period, of which something is usual."""
    groups = {
        usual.kind: (usual, [job for job in summary.finished if kind_of(job) == usual.kind])
        for usual in summary.usual
    }
    none: tuple[None, list[Job]] = (None, [])
    return max((g for g in groups.values() if g[1]), key=lambda g: len(g[1]), default=none)


def _times(jobs: Sequence[Job], phase: int) -> list[float]:
    every = [(*job.phase_seconds, job.copy_seconds)[phase] for job in jobs]
    return [seconds for seconds in every if seconds is not None]


def _row(axes: Axes, row: int, times: Sequence[float], common: float, widest: float) -> None:
    # Spread up and down by their order, so that equal times are seen as several.
    spread = [((place * 0.618) % 1 - 0.5) * 0.5 for place in range(len(times))]
    axes.scatter(
        times, [row + up for up in spread], s=130, color=COLOURS[row], alpha=0.8, linewidths=0
    )
    if common:
        axes.plot([common, common], [row - 0.38, row + 0.38], color=WORDS, linewidth=5)
    if times and common:
        text, colour = _difference(median(times) / common - 1)
        axes.text(widest * 1.29, row, text, ha="right", va="center", fontsize=LABEL, color=colour)


def _difference(share: float) -> tuple[str, str]:
    if abs(share) < LITTLE:
        return "as usual", QUIET
    return f"{share:+.0%}", BAD if share > 0 else GOOD
