"""How many bytes of each plot stand in each folder. Blocking: for a thread."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from plotobot.engine.cleanup import job_folder
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.models import Job

PATIENCE = 5.0
"""Seconds a folder gets to list its files; what it held before counts until it answers."""


class DriveUsage:
    """Measures again and again; a drive that hangs holds up nobody."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._listing: Patience[str, Mapping[str, int] | None] = Patience(patience)

    def measure(self, jobs: Iterable[Job]) -> dict[str, Job]:
        """The jobs by id, with what they use now. Blocks, for `patience` at most."""
        jobs = list(jobs)
        wanted = {job.plot_id for job in jobs if job.plot_id} | {_own_name(job) for job in jobs}
        folders = {folder for job in jobs for folder in (job.temp, job.temp2, job.out) if folder}
        answers = self._listing.ask(
            {folder: partial(_by_plot, folder, wanted) for folder in folders}
        )
        sizes = {
            folder: None if isinstance(answer, OSError) else answer
            for folder, answer in answers.items()
        }
        return {job.id: _measured(job, sizes) for job in jobs}


def measure(jobs: Iterable[Job]) -> dict[str, Job]:
    """Measure once; a folder that cannot be read changes nothing. Blocks."""
    return DriveUsage().measure(jobs)


def with_usage(job: Job, measured: Job) -> Job:
    """A job as it is, with what was measured of it a moment ago."""
    return replace(
        job,
        temp_used=measured.temp_used,
        temp2_used=measured.temp2_used,
        out_used=measured.out_used,
        held=_held(job, measured.temp_used),
    )


def _held(job: Job, used: int) -> tuple[tuple[str, int], ...]:
    """The most bytes by status, once these were seen."""
    before = dict(job.held)
    if used <= before.get(job.status, 0):
        return job.held
    return tuple({**before, job.status: used}.items())


def _own_name(job: Job) -> str:
    return job_folder("", job.id).name


def _by_plot(folder: str, wanted: set[str]) -> Mapping[str, int] | None:
    """Bytes by plot id of the files whose names carry one, and of jobs' own folders by name.

    None where the folder is away.
    """
    found: dict[str, int] = defaultdict(int)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                whose = next((one for one in wanted if one in entry.name), None)
                if whose:
                    found[whose] += _size(entry)
    except OSError:
        return None
    return found


def _size(entry: os.DirEntry[str]) -> int:
    try:
        if entry.is_dir(follow_symlinks=False):
            with os.scandir(entry.path) as inside:
                return sum(_size(one) for one in inside if one.is_file(follow_symlinks=False))
        # What is allocated, not what is announced: chiapos makes its big files sparse.
        facts = entry.stat(follow_symlinks=False)
    except OSError:  # it ended between the listing and the look
        return 0
    return getattr(facts, "st_blocks", facts.st_size // 512) * 512


def _measured(job: Job, sizes: Mapping[str, Mapping[str, int] | None]) -> Job:
    def used(folder: str | None, before: int) -> int:
        found = sizes.get(folder or "")
        if found is None or not job.plot_id:
            return before
        return found.get(job.plot_id, 0) + found.get(_own_name(job), 0)

    return replace(
        job,
        temp_used=used(job.temp, job.temp_used),
        temp2_used=used(job.temp2, job.temp2_used),
        out_used=used(job.out, job.out_used),
    )
