"""Folders of a job's own, for plotters whose temp files do not say whose they are.

Such a folder stands in the temp folder the farmer configured and carries the job's id in its
name; it is made before the plotter starts and removed after its end, whatever that was. All of
it blocks, but for `remove_own_folders`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from plotobot.engine.cleanup import Journal, Removed, job_folder, remove_job_folder
from plotobot.engine.models import Job
from plotobot.errors import Refusal
from plotobot.plotters.base import PlotOrder, Plotter, TempKind

log = logging.getLogger(__name__)


def with_own_folders(order: PlotOrder, plotter: Plotter, job_id: str) -> PlotOrder:
    """The order with folders of the job's own where the plotter needs them."""

    def own(kind: TempKind, folder: str) -> str:
        return str(job_folder(folder, job_id)) if kind in plotter.nameless else folder

    temp2 = own("temp2", order.temp2) if order.temp2 else None
    return replace(order, temp=own("temp", order.temp), temp2=temp2)


def make_own_folders(job: Job, plotter: Plotter) -> None:
    """Make the job's own folders, unless they are there.

    Raises:
        OSError: the drive refuses, or its folder is not there; that one is never made.
    """
    for folder in _own(job, plotter):
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)  # noqa: PTH102 - the drive's own folder must be there


def forget_own_folders(job: Job, plotter: Plotter) -> None:
    """Remove the folders of a job that never ran, as far as they are empty."""
    for folder in _own(job, plotter):
        with suppress(OSError):
            folder.rmdir()


async def remove_own_folders(job: Job, journal: Journal) -> list[Removed]:
    """Remove an ended job's own folders and what its plotter left in them.

    What cannot be removed stays, and is told in the log and in the result.
    """
    folders = dict.fromkeys(folder for folder in (job.temp, job.temp2) if folder)
    removed = [await _remove(Path(folder), job, journal) for folder in folders]
    for one in removed:
        for left in one.left:
            log.warning("job %s has left something behind: %s", job.id, left)
    return removed


async def _remove(folder: Path, job: Job, journal: Journal) -> Removed:
    try:
        return await remove_job_folder(folder, job.id, job.plot_id or "", journal)
    except (OSError, Refusal) as problem:
        return Removed(left=(f"{job_folder(folder, job.id)}: {problem}",))


def _own(job: Job, plotter: Plotter) -> Iterator[Path]:
    for kind in plotter.nameless:
        if folder := getattr(job, kind):
            yield job_folder(folder, job.id)
