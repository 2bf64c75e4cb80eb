"""The jobs in memory, and the one way to change them: together with the events that tell of it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from plotobot.engine.models import Event, Job
from plotobot.engine.store import Store
from plotobot.errors import Refusal

log = logging.getLogger(__name__)

REMEMBERED = 200
"""Ended jobs kept in memory; the store has them all."""


class Roster:
    """All live jobs and the latest ended ones."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, Job] = {}
        self._backlog: list[tuple[Sequence[Job], Sequence[Event]]] = []
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._writers: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read what the store holds."""
        self._jobs = {job.id: job for job in await self._store.jobs(REMEMBERED)}

    def all(self) -> list[Job]:
        """Newest first."""
        return sorted(self._jobs.values(), key=age, reverse=True)

    def live(self) -> list[Job]:
        """Those a plotter may be at work on, oldest first."""
        return sorted((job for job in self._jobs.values() if job.state.live), key=age)

    def get(self, job_id: str) -> Job | None:
        """The job of this id, or None."""
        return self._jobs.get(job_id)

    def job(self, job_id: str) -> Job:
        """The job of this id.

        Raises:
            Refusal: no job has it.
        """
        job = self._jobs.get(job_id)
        if job is None:
            raise Refusal(f"There is no job {job_id}; `/jobs` lists them.")
        return job

    def note(self, *jobs: Job) -> None:
        """Change jobs in memory only: progress that the next look would find again."""
        self._jobs.update((job.id, job) for job in jobs)
        self.tell()

    async def put(self, *jobs: Job, events: Iterable[Event] = ()) -> None:
        """Change jobs and tell of it, in one transaction.

        The change stands in memory even while the disk refuses it; it is written again with the
        next one, in order.
        """
        self._jobs.update((job.id, job) for job in jobs)
        self._forget_old()
        self._backlog.append((jobs, tuple(events)))
        await self.flush()
        self.tell()

    async def flush(self) -> None:
        """Write what the disk has refused so far.

        Whoever waits here may be cancelled; a write that was begun is still put down as done, so
        that no event is written twice.
        """
        writer = asyncio.create_task(self._write(), name="roster")
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)
        await asyncio.shield(writer)

    async def _write(self) -> None:
        async with self._writing:  # one after the other, or two would write the same entry
            while self._backlog:
                jobs, events = self._backlog[0]
                try:
                    await self._store.record(jobs, events)
                except sqlite3.Error as error:
                    log.warning("the database cannot be written, trying again: %s", error)
                    return
                self._backlog.pop(0)

    def tell(self) -> None:
        """Wake all who wait for a change."""
        self._changed.set()
        self._changed = asyncio.Event()  # those who come later wait for the next

    async def changed(self) -> None:
        """Return at the next change."""
        await self._changed.wait()

    def _forget_old(self) -> None:
        ended = [job for job in self.all() if not job.state.live]
        for job in ended[REMEMBERED:]:
            del self._jobs[job.id]


def age(job: Job) -> tuple[datetime, str]:
    """Sorts jobs, the oldest first."""
    return job.created_at or datetime.min.replace(tzinfo=UTC), job.id
