"""The jobs by phase over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from plotobot.charts.style import (
    AHEAD,
    BAD,
    COPY,
    PHASES,
    QUIET,
    SMALL,
    WORDS,
    bare,
    nothing,
    place,
    short,
    time_axis,
    title,
)  # fmt: skip
from plotobot.engine.models import Job
from plotobot.engine.summary import Summary
from plotobot.ui.text import clean, plural, tail

MOST = 60
"""Rows that can be told apart."""
NAMED = 16
"""Rows that have room for a name."""
COLOURS = (*PHASES, COPY)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A coloured piece of a row."""

    phase: int
    """0 to 3, and 4 for copying."""
    start: datetime
    end: datetime


def timeline(axes: Axes, summary: Summary, *, most: int = MOST, named: int = NAMED) -> None:
    """Draw the jobs of a summary, the oldest on top."""
    every = [j for j in (*summary.finished, *summary.failed, *summary.running) if j.started_at]
    every.sort(key=lambda job: (job.started_at or summary.until, job.id))
    jobs = every[-most:]
    words = "Jobs" if len(jobs) == len(every) else f"Latest {most} of {len(every)} jobs"
    if not jobs:
        title(axes, "Jobs")
        nothing(axes, "No plot was in the making.")
        return
    first, last = span(jobs, summary)
    for row, job in enumerate(jobs):
        _row(axes, row, job, summary)
    _frame(axes, len(jobs), summary, first, last)
    _names(axes, jobs if len(jobs) <= named else (), len(jobs))
    title(axes, words)
    _legend(axes)


def span(jobs: Sequence[Job], summary: Summary) -> tuple[datetime, datetime]:
    """From when to when the jobs are shown: never more than three periods back, one ahead."""
    period = max(summary.until - summary.since, timedelta(minutes=1))
    first = min(job.started_at or summary.until for job in jobs)
    last = max([summary.until, *summary.ends.values()])
    first = max(first, summary.until - max(3 * period, timedelta(hours=36)))
    last = min(last, summary.until + max(period, timedelta(hours=12)))
    return first, last + (last - first) * 0.02


def stretches(job: Job, until: datetime) -> Iterator[Stretch]:
    """The phases of a job, the one it is in or stopped in as the last."""
    if job.started_at is None:
        return
    end = job.ended_at or until
    at = job.started_at
    for phase, seconds in enumerate((*job.phase_seconds, job.copy_seconds)):
        if seconds is None:
            if end > at and (job.state.live or job.reason):
                yield Stretch(min(max(phase, 0), 4), at, end)
            return
        yield Stretch(phase, at, at + timedelta(seconds=seconds))
        at += timedelta(seconds=seconds)


def _row(axes: Axes, row: int, job: Job, summary: Summary) -> None:
    for piece in stretches(job, summary.until):
        _bar(axes, row, piece.start, piece.end, COLOURS[piece.phase])
    expected = summary.ends.get(job.id)
    if expected and expected > summary.until:
        _bar(axes, row, summary.until, expected, AHEAD)
    if job in summary.failed:
        axes.plot(
            [place(job.ended_at or summary.until)], [row], "X", color=BAD, markersize=11,
            markeredgecolor=WORDS, clip_on=True,
        )  # fmt: skip


def _bar(axes: Axes, row: int, start: datetime, end: datetime, colour: str) -> None:
    left = place(start)
    axes.barh(row, place(end) - left, left=left, height=0.72, color=colour)


def _frame(axes: Axes, rows: int, summary: Summary, first: datetime, last: datetime) -> None:
    bare(axes, grid="x")
    time_axis(axes, first, last)
    axes.set_ylim(max(rows, 4) - 0.4, -0.6)
    axes.axvline(place(summary.until), color=WORDS, linewidth=2)


def _names(axes: Axes, jobs: Sequence[Job], rows: int) -> None:
    if jobs:
        names = [f"{short(tail(job.temp, 0), 11)} #{clean(job.id[-4:])}" for job in jobs]
        axes.set_yticks(range(len(jobs)), names, fontsize=SMALL)
        return
    axes.set_yticks([])
    axes.set_ylabel(plural(rows, "job"), fontsize=SMALL)


def _legend(axes: Axes) -> None:
    names = ("1", "2", "3", "4", "copy", "to come")
    colours = zip(names, (*COLOURS, AHEAD), strict=True)
    patches = [Patch(color=colour, label=name) for name, colour in colours]
    axes.legend(
        handles=patches, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=6, frameon=False,
        fontsize=SMALL, labelcolor=QUIET, handlelength=0.9, handletextpad=0.3, columnspacing=0.7,
        borderaxespad=0.1,
    )  # fmt: skip
