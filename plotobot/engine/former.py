"""Where live plots count whose folders the settings no longer name. Pure, but for `FormerFolders`.

After a settings reload a plot goes on where it began. Its folder may lie on the file system of a
drive that is configured now, and what it still writes there is then not free for others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from plotobot.engine.models import Drive, DriveKind, Job


def former_folders(jobs: Iterable[Job], drives: Sequence[Drive]) -> set[str]:
    """The folders that these jobs use and that are no drives."""
    used = {folder for job in jobs for folder in (job.temp, job.temp2, job.out) if folder}
    return used - {drive.path for drive in drives}


def on_present_drives(job: Job, drives: Sequence[Drive], filesystems: Mapping[str, str]) -> Job:
    """The job as if it used the drives on whose file systems its former folders lie.

    Args:
        job: a live one.
        drives: the configured ones.
        filesystems: by former folder, as far as they are known; the others stay as they are.
    """

    def place(folder: str, kind: DriveKind) -> str:
        filesystem = filesystems.get(folder)
        same = [one for one in drives if filesystem and one.filesystem == filesystem]
        there = [one for one in same if not one.missing]
        return max(there, key=lambda one: one.kind is kind).path if there else folder

    return replace(
        job,
        temp=place(job.temp, DriveKind.TEMP),
        temp2=place(job.temp2, DriveKind.TEMP2) if job.temp2 else None,
        out=place(job.out, DriveKind.OUT),
    )


class FormerFolders:
    """Knows the file systems of live jobs' former folders; each is asked until it has told.

    Args:
        ask: tells the file systems of folders, those that answer. It blocks for bounded time.
    """

    def __init__(self, ask: Callable[[Iterable[str]], Mapping[str, str]]) -> None:
        self._ask = ask
        self._known: Mapping[str, str] = {}

    async def look(self, jobs: Iterable[Job], drives: Sequence[Drive]) -> None:
        """Ask where the former folders lie, beside these drives."""
        former = former_folders(jobs, drives)
        known = {folder: self._known[folder] for folder in former if folder in self._known}
        new = former - known.keys()
        found = await asyncio.to_thread(self._ask, new) if new else {}
        self._known = {**known, **found}

    def counted(self, job: Job, drives: Sequence[Drive]) -> Job:
        """The job as it counts on these drives."""
        return on_present_drives(job, drives, self._known) if self._known else job
