"""What the outside may ask of an engine, wherever it runs.

Cogs hold this protocol and never the concrete class. Every argument and result is a plain value of
`models` or `inventory.plot`, so that a machine elsewhere can stand behind the same protocol later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from plotobot.engine.inventory.plot import Check, Stock
from plotobot.engine.models import (
    DriveKind,
    DriveView,
    Event,
    Job,
    SpawnerView,
    StopResult,
    Summary,
)


class Engine(Protocol):
    """One machine's plotting engine."""

    @property
    def machine(self) -> str:
        """The machine's name, Ploto's PlotterName."""
        ...

    async def jobs(self) -> Sequence[Job]:
        """All live jobs and the latest ended ones, newest start first. A memory read."""
        ...

    async def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            Refusal: no job has this id.
        """
        ...

    async def stop(self, job_id: str, by: str) -> StopResult:
        """End a job's whole process tree, then remove that plot's temp files and no others.

        Args:
            job_id: the job.
            by: who asked, for the journal.

        Raises:
            Refusal: no such job, or it has ended already.
        """
        ...

    async def log_tail(self, job_id: str, lines: int = 20) -> Sequence[str]:
        """The last lines of a job's log, without colours."""
        ...

    async def drives(self, kind: DriveKind | None = None) -> Sequence[DriveView]:
        """The configured drives as of the last look."""
        ...

    async def spawner(self) -> SpawnerView:
        """Whether plots are being started, and what holds each drive."""
        ...

    async def start_spawning(self, count: int | None = None) -> SpawnerView:
        """Start plots as the rules allow; a count opens a new quota."""
        ...

    async def pause_spawning(self) -> SpawnerView:
        """Start no more plots; running ones go on."""
        ...

    async def spawn_once(self) -> Sequence[Job]:
        """One pass now, also while paused; returns the jobs it started."""
        ...

    async def summary(self, since: datetime) -> Summary:
        """What happened since a moment."""
        ...

    async def plots(self) -> Stock:
        """The plots on the drives as of the last scan. A memory read."""
        ...

    async def rescan(self) -> Stock:
        """Look through the drives for plots now; it may take minutes on many new plots."""
        ...

    async def check_plot(self, path: str, challenges: int) -> Check:
        """Check the content of one plot, by a number of challenges.

        Raises:
            Refusal: no such plot, or it cannot be checked now.
            NotAPlot: it is no plot any more.
        """
        ...

    async def undelivered(self, limit: int = 50) -> Sequence[Event]:
        """The oldest events that nobody has been told of."""
        ...

    async def delivered(self, event_ids: Sequence[int]) -> None:
        """Mark events as told; they never come again."""
        ...

    async def changed(self) -> None:
        """Return at the next change of anything above."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value over restarts (the id of a message, the hash of the commands)."""
        ...

    async def recall(self, key: str) -> str | None:
        """What was kept under a key, or None."""
        ...
