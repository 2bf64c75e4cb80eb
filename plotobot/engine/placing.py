"""Which configured drives a foreign plot's folders count on. Blocking, where paths do not tell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from plotobot.engine.models import Drive, DriveKind, Job


def on_drives(job: Job, drives: Sequence[Drive]) -> Job:
    """The job as if it used the configured folders on the file systems its own folders lie on.

    So it counts against the limits and the room of those drives. A folder on none of them stays
    as it is, and takes nothing from any.
    """
    return replace(
        job,
        temp=_place(job.temp, drives, DriveKind.TEMP),
        temp2=_place(job.temp2, drives, DriveKind.TEMP2) if job.temp2 else None,
        out=_place(job.out, drives, DriveKind.OUT),
    )


def _place(folder: str, drives: Sequence[Drive], kind: DriveKind) -> str:
    there = [drive for drive in drives if not drive.missing]
    around = [drive for drive in there if folder and Path(folder).is_relative_to(drive.path)]
    if around:  # the innermost of those around it, of its own kind if there is one
        return max(around, key=lambda drive: (drive.kind is kind, len(drive.path))).path
    device = _device(folder)
    beside = [drive for drive in there if device is not None and _device(drive.path) == device]
    return max(beside, key=lambda drive: drive.kind is kind).path if beside else folder


def _device(folder: str) -> int | None:
    try:
        return os.stat(folder).st_dev if folder else None  # noqa: PTH116 - folders are plain text
    except (OSError, ValueError):
        return None
