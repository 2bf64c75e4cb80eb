"""How drives filled: a row for each drive and half hour, after two months one for each day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from plotobot.engine.models import Drive
from plotobot.engine.store import Store

SLOT = 1800
"""Seconds for which one row is kept."""
DAY = 86400
FINE_FOR = timedelta(days=60)
"""Older rows are thinned to one a day."""

Points = Sequence[tuple[int, int]]
"""Seconds since 1970 and bytes free, the oldest first."""


class FillBook:
    """The history of the drives' free room."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slot: int | None = None
        self._thinned: int | None = None

    async def note(self, drives: Iterable[Drive], now: datetime) -> bool:
        """Note what is free, if nobody did in this half hour; returns whether it wrote.

        Folders that share a drive are noted one by one: each is asked for by its path.
        """
        at = int(now.timestamp())
        slot = at // SLOT
        rows = [(d.path, slot, at, d.free, d.total) for d in drives if not d.missing and d.total]
        if slot == self._slot or not rows:
            return False
        old = (at - int(FINE_FOR.total_seconds())) // SLOT if self._thinned != at // DAY else None
        await self._store.run(lambda db: _write(db, rows, old))
        self._slot, self._thinned = slot, at // DAY
        return True

    async def since(self, moment: datetime, until: datetime) -> dict[str, Points]:
        """The samples of a stretch of time, by path."""
        start, end = int(moment.timestamp()), int(until.timestamp())
        rows = await self._store.run(
            lambda db: db.execute(
                "SELECT path, at, free FROM fills WHERE slot >= ? AND at <= ? ORDER BY slot",
                (start // SLOT, end),
            ).fetchall()
        )
        points: dict[str, list[tuple[int, int]]] = {}
        for path, at, free in rows:
            points.setdefault(path, []).append((at, free))
        return dict(points)


def _write(
    db: sqlite3.Connection, rows: Sequence[tuple[str, int, int, int, int]], old: int | None
) -> None:
    db.executemany("INSERT OR IGNORE INTO fills VALUES (?, ?, ?, ?, ?)", rows)
    if old is not None:  # the first of each day stays
        db.execute(
            "DELETE FROM fills WHERE slot < ? AND EXISTS (SELECT 1 FROM fills AS earlier WHERE"
            " earlier.path = fills.path AND earlier.slot < fills.slot"
            " AND earlier.slot / ? = fills.slot / ?)",
            (old, DAY // SLOT, DAY // SLOT),
        )


def thin(points: Mapping[str, Points], most: int) -> dict[str, Points]:
    """At most so many points for each drive, evenly spread, the latest kept."""
    return {
        path: some[::-1][:: -(-len(some) // most)][::-1] if some else some
        for path, some in points.items()
    }
