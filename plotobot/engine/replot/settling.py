"""After a crash: the journal is made to say what the disks hold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from plotobot.engine.drives import Space
from plotobot.engine.models import Drive
from plotobot.engine.moving.places import Place
from plotobot.engine.replot.folders import Odd, aside_of
from plotobot.engine.replot.journal import Entry, Fate, Journal, Target


def found(target: Target, begun: Fate, device: int) -> Fate:
    """What became of a plot whose deletion was interrupted, by the disk. Blocks.

    Args:
        target: the file.
        begun: BEGUN or PURGING.
        device: of the right drive; an empty mount point tells nothing.

    Raises:
        OSError: its drive does not tell, or is not there.
        Odd: something stands where the quarantine should.
    """
    with Place(target.drive) as home:
        if home.status.st_dev != device:
            raise FileNotFoundError(2, "another drive is there", target.drive)
        home.sync()  # what is only in memory would be another way after a power cut
        if begun is Fate.BEGUN and _is(home.find(target.name), target):
            return Fate.KEPT
        try:
            with aside_of(home) as aside:
                aside.sync()
                if _is(aside.find(target.name), target):
                    return Fate.QUARANTINED
        except FileNotFoundError:
            pass
    return Fate.GONE


async def settle(
    journal: Journal,
    entries: Iterable[Entry],
    drives: Sequence[Drive],
    look: Callable[[str], Space],
    now: Callable[[], datetime],
) -> list[Entry]:
    """Put down what became of every deletion that has no end; returns those, with their ends.

    What lies on a drive that is missing stays open.

    Args:
        journal: where.
        entries: of the journal.
        drives: as of the last look.
        look: tells of a folder's file system (`VolumeSource.look`).
        now: the clock.

    Raises:
        sqlite3.Error: the journal cannot be written.
    """
    there = {drive.path: drive for drive in drives if not drive.missing}
    settled = []
    for entry in entries:
        drive = there.get(entry.target.drive)
        if not entry.fate.open or drive is None:
            continue
        try:
            fate = await asyncio.to_thread(_fate, entry, drive, look)
        except (OSError, Odd):
            continue
        await journal.mark(entry.number, fate, now())
        settled.append(replace(entry, fate=fate, ended_at=now()))
    return settled


def _fate(entry: Entry, drive: Drive, look: Callable[[str], Space]) -> Fate:
    device = os.stat(drive.path).st_dev  # noqa: PTH116
    if look(drive.path).filesystem != drive.filesystem:
        raise FileNotFoundError(2, "the drive went away", drive.path)
    return found(entry.target, entry.fate, device)


def _is(status: os.stat_result | None, target: Target) -> bool:
    return status is not None and (status.st_ino, status.st_size) == (target.inode, target.size)
