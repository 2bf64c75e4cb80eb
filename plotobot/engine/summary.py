"""The values of the regular summary: what a period brought, and what is to be expected.

Frozen and serialisable like those of `models`: bytes, aware UTC times, seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from plotobot.engine.models import NO_PHASES, DriveView, Job, Move, PhaseSeconds

if TYPE_CHECKING:
    from pydantic import TypeAdapter

CHARTS = ("overview", "timeline", "days", "drives", "phases")
"""What can be drawn of a summary."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """What was made on one day."""

    day: str
    """The date by the machine's own clock, as `2026-11-25`."""
    plots: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DriveFill:
    """How a drive filled."""

    path: str
    kind: str
    total: int
    points: tuple[tuple[int, int], ...] = ()
    """Seconds since 1970 and the bytes that were free then, the oldest first."""
    full_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """What a plot of a kind usually takes on this machine: medians of the latest that ended."""

    kind: str
    """Plotter and k, as `madmax k32`."""
    plots: int
    """How many it was learnt from."""
    phases: PhaseSeconds = NO_PHASES
    copy: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened in a period, Ploto's PlotoFy."""

    machine: str
    since: datetime
    until: datetime
    finished: tuple[Job, ...] = ()
    failed: tuple[Job, ...] = ()
    """Failed, lost and stopped ones."""
    running: tuple[Job, ...] = ()
    drives: tuple[DriveView, ...] = ()
    number: int = 0
    """Its place among those told at their time; 0 for one that was asked for."""
    moved: tuple[Move, ...] = ()
    """Moves that ended in the period, done or failed."""
    moving: tuple[Move, ...] = ()
    waiting: int = 0
    """Finished plots that are still to be moved, and their bytes."""
    waiting_bytes: int = 0
    ends: Mapping[str, datetime] = field(default_factory=dict)
    """For running jobs, by id, when they are expected to end."""
    usual: tuple[Usual, ...] = ()
    days: tuple[DayCount, ...] = ()
    """The latest days, today last; a day without plots is there with 0."""
    fills: tuple[DriveFill, ...] = ()
    farm: Mapping[str, float] = field(default_factory=dict)
    """What the farm's own log counted in the period, by what it is called."""


@dataclass(frozen=True, slots=True)
class PastSummary:
    """One line of the history of summaries."""

    number: int
    since: datetime
    until: datetime
    finished: int
    failed: int
    bytes: int
    """Of the finished plots."""
    average: float | None = None
    """Seconds for a plot."""


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """When summaries are told: as it is now, and as it is written in the settings."""

    hours: float
    """From one to the next; 0 where only the times of day count, or none is told."""
    at: tuple[str, ...]
    written_hours: float
    written_at: tuple[str, ...]
    next: datetime | None = None


@dataclass(frozen=True, slots=True)
class Perf:
    """What a job takes of the machine, all its processes together."""

    job: str
    cpu: float | None = None
    """Per cent of one core: lately, for an ended job on average; None where nobody could know."""
    memory: int = 0
    """Bytes: now, for an ended job on average."""
    peak: int = 0
    read_rate: float | None = None
    """Bytes per second: lately, for an ended job on average; likewise the next."""
    write_rate: float | None = None
    read_bytes: int = 0
    """Since its start; likewise the next."""
    write_bytes: int = 0
    temp: int = 0
    """Bytes of its files on temp and temp2: now, for an ended job the most that was seen."""
    out: int = 0
    processes: int = 0
    """0 for a job that has ended."""


@cache
def summary_adapter() -> TypeAdapter[Summary]:
    """Turns summaries into JSON and back; built at the first use, for that takes some 50 ms."""
    from pydantic import TypeAdapter

    return TypeAdapter(Summary)
