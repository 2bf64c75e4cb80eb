"""Stops plots when people ask for it, and carries on with a stop that the bot was killed in."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from plotobot.engine.cleanup import Removed, remove_temp_files
from plotobot.engine.endings import Endings
from plotobot.engine.models import Job, JobState, StopResult
from plotobot.engine.notes import noted
from plotobot.engine.own_folders import remove_own_folders
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.errors import Refusal

STOPS = "stops"
"""The note of who stopped which job, until its temp files are gone."""


class Stopper:
    """Ends plotters and removes what they leave."""

    def __init__(
        self,
        supervisor: Supervisor,
        roster: Roster,
        endings: Endings,
        store: Store,
        wake: Callable[[], None],
    ) -> None:
        self._supervisor = supervisor
        self._roster = roster
        self._endings = endings
        self._store = store
        self._wake = wake

    async def load(self) -> None:
        """Take up who had asked for which stop."""
        self._endings.stop_asked = noted(await self._store.recall(STOPS), dict[str, str], {})

    def unfinished(
        self, trouble: Callable[[Exception], Awaitable[None]]
    ) -> list[Coroutine[Any, Any, None]]:
        """What is left to do of stops that the bot was killed in.

        Args:
            trouble: told of a stop that fails; it is tried again at the next start.
        """
        stops = list(self._endings.stop_asked.items())
        return [self._go_on(job_id, by, trouble) for job_id, by in stops]

    async def stop(self, job_id: str, by: str) -> StopResult:
        """End a job's process tree, then remove that plot's temp files and no others.

        Raises:
            Refusal: no such job, it has ended already, or whose its processes are is not known.
        """
        job = self._roster.job(job_id)
        if not job.state.live:
            raise Refusal(f"{job.label} has ended already: {job.status}.")
        await asyncio.to_thread(self._supervisor.home.require)  # before it is put down as asked for
        await self._note(job_id, by)
        return await self._carry_out(job_id, by)

    async def _carry_out(self, job_id: str, by: str) -> StopResult:
        self._roster.job(job_id)
        processes = await self._supervisor.end(job_id)
        job = await self._judged(job_id)
        removed = await self._clean(job, by) if job.state is JobState.STOPPED else []
        await self._note(job_id, None)
        return StopResult(
            job=job,
            processes=processes,
            files=sum(one.files for one in removed),
            bytes=sum(one.bytes for one in removed),
            left=tuple(left for one in removed for left in one.left),
        )

    async def _note(self, job_id: str, by: str | None) -> None:
        """Put down who stopped a job, None once all is done: the bot may be killed between."""
        asked = self._endings.stop_asked
        asked.pop(job_id, None)
        if by is not None:
            asked[job_id] = by
        with suppress(sqlite3.Error):  # a full disk is no reason not to stop a plot
            await self._store.remember(STOPS, json.dumps(asked))

    async def _go_on(
        self, job_id: str, by: str, trouble: Callable[[Exception], Awaitable[None]]
    ) -> None:
        try:
            await self._carry_out(job_id, by)
        except Refusal:  # the job is gone
            await self._note(job_id, None)
        except Exception as error:  # the last frame
            await trouble(error)

    async def _judged(self, job_id: str) -> Job:
        """The job, once its end has been judged."""
        self._wake()
        while (job := self._roster.job(job_id)).state.live:
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._roster.changed()
        return job

    async def _clean(self, job: Job, by: str) -> list[Removed]:
        journal = partial(self._store.journal_entries, job.plot_id or "", f"stopped by {by}")
        own = await remove_own_folders(job, journal)
        if job.plot_id is None:
            return own
        folders = [Path(folder) for folder in (job.temp, job.temp2, job.out) if folder]
        return own + [
            await remove_temp_files(folder, job.plot_id, folders, journal)
            for folder in dict.fromkeys(folders)
        ]
