"""The journal of replotting: what is about to go, written down before, and what became of it.

A row is begun before a file is touched and ended afterwards. One without an end is the work of a
crash; `settling.found` tells from the disk what became of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from plotobot.engine.store import Store, sortable


class Fate(StrEnum):
    """What became of an old plot."""

    BEGUN = "begun"
    """It was about to go; without an end, nobody knows yet whether it went."""
    KEPT = "kept"
    """It stayed after all."""
    QUARANTINED = "quarantined"
    """It stands in the quarantine folder of its drive, where no farmer reads it."""
    PURGING = "purging"
    """It was about to go from the quarantine folder."""
    GONE = "gone"

    @property
    def open(self) -> bool:
        """Whether only the disk knows how it ended."""
        return self in (Fate.BEGUN, Fate.PURGING)

    @property
    def spent(self) -> bool:
        """Whether it counts as replaced; what is unknown counts, too."""
        return self is not Fate.KEPT


@dataclass(frozen=True, slots=True)
class Target:
    """Exactly one file: what a deletion must find unchanged."""

    path: str
    drive: str
    """The drive's folder, in which the file lies directly."""
    id: str
    """64 hex digits, by header and name."""
    size: int
    mtime_ns: int
    inode: int
    device: int
    """Compared only while a file is still where the inventory found it: numbers of devices change
    when drives are connected anew."""

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return os.path.basename(self.path)  # noqa: PTH119 - text of any platform's own


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal."""

    number: int
    at: datetime
    target: Target
    fate: Fate
    job: str
    """The job whose plot comes for it."""
    verified: bool
    """Whether that plot stood and had been checked before."""
    by: str
    """Who armed the replot."""
    ended_at: datetime | None = None


_COLUMNS = (
    "number, at, path, drive, plot_id, size, mtime_ns, inode, device, fate, job, verified, by,"
    " ended_at"
)
_BEGIN = (
    "INSERT INTO replaced (at, path, drive, plot_id, size, mtime_ns, inode, device, fate, job,"
    " verified, by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_TELL = "INSERT INTO deletions (at, path, size, plot_id, why) VALUES (?, ?, ?, ?, ?)"
_END = "UPDATE replaced SET fate = ?, ended_at = ? WHERE number = ?"


class Journal:
    """The rows of one state directory; every change is durable when the call returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(
        self, target: Target, at: datetime, *, job: str, verified: bool, by: str
    ) -> int:
        """Write down what is about to go, also among all deletions; returns the row's number.

        Raises:
            sqlite3.Error: it cannot be written; nothing may be deleted then.
        """
        when = sortable(at)
        row = (
            when, os.fsencode(target.path), os.fsencode(target.drive), target.id, target.size,
            str(target.mtime_ns), str(target.inode), str(target.device), Fate.BEGUN.value, job,
            int(verified), by,
        )  # fmt: skip
        shown = target.path.encode("utf-8", "backslashreplace").decode()
        why = f"replaced by the plot of job {job}; armed by {by}"

        def write(db: sqlite3.Connection) -> int:
            db.execute(_TELL, (when, shown, target.size, target.id, why))
            return db.execute(_BEGIN, row).lastrowid or 0

        return await self._store.run(write)

    async def mark(self, number: int, fate: Fate, at: datetime) -> None:
        """Put down what became of it, or that it is about to go from quarantine."""
        ended = None if fate.open else sortable(at)
        await self._store.run(lambda db: db.execute(_END, (fate.value, ended, number)))

    async def entries(self) -> Sequence[Entry]:
        """All rows, oldest first."""
        sql = f"SELECT {_COLUMNS} FROM replaced ORDER BY number"  # noqa: S608 - own names
        return await self._store.run(lambda db: [_entry(row) for row in db.execute(sql)])


def _entry(row: Sequence[Any]) -> Entry:
    number, at, path, drive, plot_id, size, mtime, inode, device, fate, job, verified, by, end = row
    numbers = (size, int(mtime), int(inode), int(device))
    return Entry(
        number=number,
        at=datetime.fromisoformat(at),
        target=Target(os.fsdecode(path), os.fsdecode(drive), plot_id, *numbers),
        fate=Fate(fate),
        job=job,
        verified=bool(verified),
        by=by,
        ended_at=datetime.fromisoformat(end) if end else None,
    )
