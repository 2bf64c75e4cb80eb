"""Watches running jobs: their logs, line by line, and their ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from plotobot.engine.follower import Follower
from plotobot.engine.launcher import log_of
from plotobot.engine.models import Job
from plotobot.engine.supervision.supervisor import Exit, Supervisor
from plotobot.plotters.base import LogReader, Progress

log = logging.getLogger(__name__)

ASK_AGAIN = 5.0
"""Seconds until a disk that refused is asked again."""


@dataclass(slots=True)
class _Watch:
    follower: Follower
    reader: LogReader
    end: asyncio.Task[Exit]


class Watcher:
    """Follows the logs of live jobs and waits for their ends."""

    def __init__(
        self,
        supervisor: Supervisor,
        jobs_root: Path,
        reader: Callable[[str], LogReader],
        wake: Callable[[], None],
    ) -> None:
        self._supervisor = supervisor
        self._jobs_root = jobs_root
        self._reader = reader
        self._wake = wake
        self._watches: dict[str, _Watch] = {}

    def watch(self, job: Job) -> None:
        """Begin to watch a job, unless it is watched; its log is read from the start."""
        if job.id in self._watches:
            return
        end = asyncio.create_task(self._end_of(job.id), name=f"end of {job.id}")
        end.add_done_callback(lambda _: self._wake())
        follower = Follower(log_of(self._jobs_root / job.id))
        self._watches[job.id] = _Watch(follower, self._reader(job.plotter), end)

    async def _end_of(self, job_id: str) -> Exit:
        while True:
            try:
                return await self._supervisor.wait(job_id)
            except OSError as error:  # the state disk refuses; the plotter does not care
                why = error or type(error).__name__
                log.warning("the end of job %s cannot be asked for: %s", job_id, why)
            except Exception:  # the last frame: one job must not take the others along
                log.exception("the end of job %s cannot be asked for", job_id)
            await asyncio.sleep(ASK_AGAIN)

    async def progress(self) -> dict[str, Progress]:
        """What the logs of all that have not ended have told so far, by job id.

        An ended job's log is left to `last_words`: a follower bears one reader at a time.
        """
        return await asyncio.to_thread(self._read_all)

    def read(self, job_id: str) -> int:
        """Bytes of a watched job's log that were read."""
        return self._watches[job_id].follower.offset

    def ended(self) -> dict[str, Exit]:
        """The jobs that have ended and are still watched."""
        return {
            job_id: watch.end.result()
            for job_id, watch in self._watches.items()
            if watch.end.done() and not watch.end.cancelled()
        }

    async def last_words(self, job_id: str) -> Progress:
        """What an ended job's log has told, to its last line."""
        watch = self._watches[job_id]
        return await asyncio.to_thread(read_to_end, watch.follower, watch.reader)

    def unwatch(self, job_id: str) -> None:
        """Stop watching a job that has been judged."""
        self._watches.pop(job_id).follower.close()

    async def close(self) -> None:
        """Watch nothing any more; the plotters go on."""
        watches, self._watches = self._watches, {}
        for watch in watches.values():
            watch.end.cancel()
            watch.follower.close()
        await asyncio.gather(*(watch.end for watch in watches.values()), return_exceptions=True)

    def _read_all(self) -> dict[str, Progress]:
        going_on = [one for one in list(self._watches.items()) if not one[1].end.done()]
        for _, watch in going_on:
            with suppress(OSError):  # the disk refuses: read at a later look
                watch.reader.feed(watch.follower.poll())
        return {job_id: watch.reader.progress for job_id, watch in going_on}


def read_to_end(follower: Follower, reader: LogReader) -> Progress:
    """Read what a log holds up to its last line. Blocks."""
    while lines := follower.poll():
        reader.feed(lines)
    reader.feed([follower.rest] if follower.rest else [])  # a plotter may die in mid-line
    return reader.progress


def advanced(job: Job, progress: Progress) -> Job:
    """The job with what its log has told.

    A log may say "Completed" or "Error"; only the judgement at the end says so of a job.
    """
    status = {"Completed": "Copying", "Error": job.status}.get(progress.status, progress.status)
    return replace(
        job,
        status=status,
        fraction=max(job.fraction, progress.fraction),
        plot_id=progress.plot_id or job.plot_id,
        stuck=progress.stuck,
        phase_seconds=progress.phase_seconds,
        total_seconds=progress.total_seconds,
        copy_seconds=progress.copy_seconds,
        final_path=progress.final_path or job.final_path,
    )
