"""What happens when plotters end: each is judged, and its verdict put down and told."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.launcher import log_of
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.own_folders import remove_own_folders
from plotobot.engine.roster import Roster
from plotobot.engine.store import job_adapter
from plotobot.engine.supervision.jobdir import VERDICT, write_record
from plotobot.engine.supervision.supervisor import Exit
from plotobot.engine.verdict import LAST_LINES, Ending, judge
from plotobot.engine.watcher import Watcher, advanced

log = logging.getLogger(__name__)

_TOLD = {
    JobState.COMPLETED: EventKind.JOB_FINISHED,
    JobState.FAILED: EventKind.JOB_FAILED,
    JobState.STOPPED: EventKind.JOB_STOPPED,
    JobState.LOST: EventKind.JOB_FAILED,
}


class Endings:
    """Judges the jobs that have ended."""

    def __init__(
        self,
        watcher: Watcher,
        roster: Roster,
        jobs_root: Path,
        now: Callable[[], datetime],
        journal: Callable[[str, str, Sequence[DeleteEntry]], Awaitable[None]],
    ) -> None:
        self._watcher = watcher
        self._roster = roster
        self._jobs_root = jobs_root
        self._now = now
        self._journal = journal
        self._unjudged: set[str] = set()
        self.stop_asked: dict[str, str] = {}
        """Who asked for the stop of which job; kept until its temp files are gone."""

    async def settle(self) -> bool:
        """Judge all that have ended since; returns whether any had."""
        ended = self._watcher.ended()
        for job_id, end in ended.items():
            try:
                await self._judge(self._roster.job(job_id), end)
            except (OSError, sqlite3.Error) as error:  # a disk refuses: judged at a later step
                log.warning("job %s has ended and cannot be judged yet: %s", job_id, error)
            except Exception as error:  # the last frame: one job must not take the others along
                await self._troubled(job_id, error)
            else:
                self._watcher.unwatch(job_id)
        return bool(ended)

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
        ending = Ending(at=end.at, exit_code=end.code, lost=end.why, stopped_by=by, tail=tail)
        judged = await asyncio.to_thread(judge, job, ending)
        if judged.state is not JobState.STOPPED:  # whoever stops a job cleans up after it
            why = f"the plotter has ended: {judged.status}"
            await remove_own_folders(judged, partial(self._journal, job.plot_id or "", why))
        await self._conclude(judged, by)

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
