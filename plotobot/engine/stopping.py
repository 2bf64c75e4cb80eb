"""Stops plots when people ask for it, and goes on with stops that could not be finished.

Either the bot was killed in them, or processes did not end: those that wait for a drive end once
it answers.
"""

from __future__ import annotations

import asyncio
import json
import logging
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
from plotobot.engine.supervision.ending import NotEnded
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.errors import Refusal

STOPS = "stops"
"""The note of who stopped which job, until its temp files are gone."""
LATER = "the stop goes on by itself once that is over"
PATIENCE = 60.0
"""Seconds until a stop whose end cannot be judged, as a drive hangs, is left to go on by itself."""
AGAIN = 60.0
"""Seconds until processes that outlived their plotter are ended again."""

log = logging.getLogger(__name__)


class StopGoesOn(Refusal, NotEnded):
    """A stop that is not over yet; nobody needs to ask for it again."""


class Stopper:
    """Ends plotters and removes what they leave."""

    def __init__(
        self,
        supervisor: Supervisor,
        roster: Roster,
        endings: Endings,
        store: Store,
        tell: Callable[[str], Awaitable[None]],
        wake: Callable[[], None],
    ) -> None:
        self._supervisor = supervisor
        self._roster = roster
        self._endings = endings
        self._store = store
        self._tell = tell
        self._wake = wake
        self._unfinished: dict[str, asyncio.Task[None]] = {}

    async def load(self) -> None:
        """Take up who had asked for which stop."""
        self._endings.stop_asked = noted(await self._store.recall(STOPS), dict[str, str], {})

    def go_on(self) -> None:
        """Go on with the stops that the bot was killed in."""
        for job_id, by in self._endings.stop_asked.items():
            self._begin(job_id, self._finish(job_id, by))

    async def close(self) -> None:
        """Leave what is unfinished to the next run."""
        unfinished = list(self._unfinished.values())
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def stop(self, job_id: str, by: str) -> StopResult:
        """End a job's process tree, then remove that plot's temp files and no others.

        Raises:
            Refusal: no such job, it has ended already, or whose its processes are is not known.
            StopGoesOn: processes are left, or a drive hangs; it is carried out once it can be.
        """
        job = self._roster.job(job_id)
        if not job.state.live:
            raise Refusal(f"{job.label} has ended already: {job.status}.")
        await asyncio.to_thread(self._supervisor.home.require)  # before it is put down as asked for
        if earlier := self._unfinished.pop(job_id, None):  # this one does its work
            earlier.cancel()
        await self._note(job_id, by)
        try:
            return await self._carry_out(job_id, by)
        except NotEnded as error:
            self._begin(job_id, self._persist(job_id, by))
            raise StopGoesOn(f"{error}; {LATER}.") from error

    async def _carry_out(self, job_id: str, by: str) -> StopResult:
        self._roster.job(job_id)
        processes = await self._supervisor.end(job_id)
        job = await self._judged_soon(job_id)
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

    def _begin(self, job_id: str, work: Coroutine[Any, Any, None]) -> None:
        self._unfinished[job_id] = asyncio.create_task(
            self._guarded(job_id, work), name=f"the unfinished stop of {job_id}"
        )

    async def _guarded(self, job_id: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Refusal:  # the job is gone
            await self._note(job_id, None)
        except Exception as error:  # the last frame; it is tried again at the next start
            log.exception("the stop of job %s cannot be finished", job_id)
            what = f"the stop of job {job_id} cannot be finished ({type(error).__name__})"
            await self._tell(f"{what}; the log has the rest")

    async def _finish(self, job_id: str, by: str) -> None:
        """Go on with a stop of an earlier run."""
        try:
            await self._carry_out(job_id, by)
        except NotEnded as error:
            await self._tell(f"{error}; {LATER}")
            await self._persist(job_id, by)

    async def _persist(self, job_id: str, by: str) -> None:
        """Go on with a stop whose processes did not end, once its plotter has."""
        while True:
            await self._judged(job_id)
            try:
                await self._carry_out(job_id, by)
            except NotEnded as error:  # others of its processes are left
                log.warning("%s", error)
                await asyncio.sleep(AGAIN)
            else:
                return

    async def _judged_soon(self, job_id: str) -> Job:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._judged(job_id)
        except TimeoutError:
            job = self._roster.job(job_id)
            why = job.stuck or "nothing tells how it ended"
            raise NotEnded(f"the end of {job.label} cannot be judged yet: {why}") from None

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
