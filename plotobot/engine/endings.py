"""What happens when plotters end: each is judged, and its verdict put down and told."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.drives.waiting import apart
from plotobot.engine.launcher import log_of
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.own_folders import remove_own_folders
from plotobot.engine.roster import Roster
from plotobot.engine.store import job_adapter
from plotobot.engine.supervision.jobdir import VERDICT, write_record
from plotobot.engine.supervision.supervisor import Exit
from plotobot.engine.verdict import LAST_LINES, Ending, OutAway, judge
from plotobot.engine.watcher import Watcher, advanced

log = logging.getLogger(__name__)

_TOLD = {
    JobState.COMPLETED: EventKind.JOB_FINISHED,
    JobState.FAILED: EventKind.JOB_FAILED,
    JobState.STOPPED: EventKind.JOB_STOPPED,
    JobState.LOST: EventKind.JOB_FAILED,
}


PATIENCE = 5.0
"""Seconds a drive gets for its answer before its job shows that it waits for it."""
ASK_AGAIN = 1.0
"""Seconds until a job that could not be judged is tried again."""

OUT_AWAY = 24 * 3600.0
"""Seconds that a plot whose out drive is away is waited for; a stop ends the wait."""


class Endings:
    """Judges the jobs that have ended."""

    def __init__(
        self,
        watcher: Watcher,
        roster: Roster,
        jobs_root: Path,
        now: Callable[[], datetime],
        journal: Callable[[str, str, Sequence[DeleteEntry]], Awaitable[None]],
        away: Callable[[str], bool],
        wake: Callable[[], None],
    ) -> None:
        self._watcher = watcher
        self._roster = roster
        self._jobs_root = jobs_root
        self._now = now
        self._journal = journal
        self._away = away
        self._wake = wake
        self._judging: dict[str, asyncio.Task[None]] = {}
        self._unjudged: set[str] = set()
        self._ended: dict[str, float] = {}
        """Since when each job is to be judged, by the loop's clock."""
        self.stop_asked: dict[str, str] = {}
        """Who asked for the stop of which job; kept until its temp files are gone."""

    async def settle(self) -> bool:
        """Begin to judge all that have ended; returns whether any has been judged since.

        Each is judged in a task of its own: a drive that hangs keeps its own jobs waiting alone.
        """
        for job_id, end in self._watcher.ended().items():
            if job_id not in self._judging:
                task = asyncio.create_task(self._judge_at_last(job_id, end), name=f"judge {job_id}")
                task.add_done_callback(lambda _: self._wake())
                self._judging[job_id] = task
                self._ended[job_id] = asyncio.get_running_loop().time()
        judged = [job_id for job_id, task in self._judging.items() if task.done()]
        for job_id in judged:
            del self._judging[job_id], self._ended[job_id]
            self._watcher.unwatch(job_id)
        return bool(judged)

    async def close(self) -> None:
        """Judge nobody any more; the next run does."""
        judging, self._judging = self._judging, {}
        for task in judging.values():
            task.cancel()
        await asyncio.gather(*judging.values(), return_exceptions=True)

    async def _judge_at_last(self, job_id: str, end: Exit) -> None:
        """Judge a job, again and again until it can be."""
        while True:
            try:
                return await self._judge(self._roster.job(job_id), end)
            except OutAway as error:
                self._wait(job_id, str(error))
            except (OSError, sqlite3.Error) as error:  # a disk refuses
                self._wait(job_id, f"it cannot be judged yet: {error}")
            except Exception as error:  # the last frame: one job must not take the others along
                await self._troubled(job_id, error)
            await asyncio.sleep(ASK_AGAIN)

    def _wait(self, job_id: str, why: str) -> None:
        """Show on a job why it is not judged yet, and log it once."""
        job, stuck = self._roster.get(job_id), f"its plotter has ended; {why}"
        if job is not None and job.stuck != stuck:
            log.warning("job %s: %s", job_id, stuck)
            self._roster.note(replace(job, stuck=stuck, eta=None, eta_basis=None))

    @contextmanager
    def _asking(self, job: Job, whom: str) -> Iterator[None]:
        """Ask a drive inside; what does not answer soon is shown."""
        loop = asyncio.get_running_loop()
        late = loop.call_later(PATIENCE, self._wait, job.id, f"{whom} does not answer")
        try:
            yield
        finally:
            late.cancel()

    async def _troubled(self, job_id: str, error: Exception) -> None:
        if job_id in self._unjudged:
            return
        self._unjudged.add(job_id)
        log.error("job %s has ended and cannot be judged", job_id, exc_info=error)
        what = f"the end of job {job_id} cannot be judged ({type(error).__name__}); see the log"
        await self._roster.put(events=[Event(EventKind.TROUBLE, self._now(), None, {"what": what})])

    async def _judge(self, job: Job, end: Exit) -> None:
        job = advanced(job, await self._watcher.last_words(job.id))
        tail = await asyncio.to_thread(last_lines, log_of(self._jobs_root / job.id), LAST_LINES)
        by = self.stop_asked.get(job.id)
        ending = Ending(
            at=end.at, exit_code=end.code, lost=end.why, stopped_by=by, tail=tail,
            out_away=self._away(job.out), can_wait=self._can_wait(job.id),
        )  # fmt: skip
        with self._asking(job, "its out drive"):
            judged = await apart(judge, job, ending)
        if judged.state is not JobState.STOPPED:  # whoever stops a job cleans up after it
            why = f"the plotter has ended: {judged.status}"
            with self._asking(job, "its temp drive"):
                await remove_own_folders(judged, partial(self._journal, job.plot_id or "", why))
        await self._conclude(judged, by)

    def _can_wait(self, job_id: str) -> bool:
        """Whether there is time left for its out drive to come back."""
        return asyncio.get_running_loop().time() < self._ended[job_id] + OUT_AWAY

    async def _conclude(self, job: Job, by: str | None) -> None:
        """Put a judgement down: first beside the job's other records, then in the store."""
        record = job_adapter().dump_python(job, mode="json")
        with suppress(OSError):  # judged again at the next start
            await asyncio.to_thread(write_record, self._jobs_root / job.id, VERDICT, record)
        await self._roster.put(job, events=[told(job, self._now(), by)])


def told(job: Job, now: datetime, by: str | None = None) -> Event:
    """The event that tells of a job's end, and of a stopped one who asked for it."""
    data = {"by": by} if by and job.state is JobState.STOPPED else {}
    return Event(_TOLD[job.state], now, job, data)
