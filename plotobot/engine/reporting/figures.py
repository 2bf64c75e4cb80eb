"""The figures of a summary: what its event carries and its words are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plotobot.engine.models import JobState, MoveState
from plotobot.engine.summary import Summary

SHORTEST = 3600.0
"""Seconds: for a shorter period nothing is told per day."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a summary counts."""

    finished: int
    failed: int
    stopped: int
    """Of the failed: those that a person ended."""
    running: int
    bytes: int
    """Of the finished plots."""
    average: float | None
    """Seconds for a plot; likewise the next two."""
    fastest: float | None
    slowest: float | None
    phases: tuple[float | None, ...]
    """Average seconds for each of the four phases."""
    plots_per_day: float | None
    bytes_per_day: float | None
    moved: int
    moved_bytes: int
    moves_failed: int


def figures_of(summary: Summary) -> Figures:
    """Count a summary."""
    jobs = summary.finished
    times = [job.total_seconds for job in jobs if job.total_seconds]
    size = sum(job.final_size or 0 for job in jobs)
    seconds = (summary.until - summary.since).total_seconds()
    days = seconds / 86400 if seconds >= SHORTEST else None
    moved = [move for move in summary.moved if move.state is MoveState.DONE]
    return Figures(
        finished=len(jobs),
        failed=len(summary.failed),
        stopped=sum(job.state is JobState.STOPPED for job in summary.failed),
        running=len(summary.running),
        bytes=size,
        average=_mean(times),
        fastest=min(times, default=None),
        slowest=max(times, default=None),
        phases=tuple(_mean([s for j in jobs if (s := j.phase_seconds[n])]) for n in range(4)),
        plots_per_day=len(jobs) / days if days else None,
        bytes_per_day=size / days if days else None,
        moved=len(moved),
        moved_bytes=sum(move.size for move in moved),
        moves_failed=len(summary.moved) - len(moved),
    )


def told_data(summary: Summary) -> Mapping[str, Any]:
    """What the event of a summary carries."""
    figures = figures_of(summary)
    return {
        "number": summary.number,
        "since": summary.since.isoformat(),
        "finished": figures.finished,
        "failed": figures.failed,
        "running": figures.running,
        "average_seconds": figures.average,
        "bytes": figures.bytes,
    }


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
