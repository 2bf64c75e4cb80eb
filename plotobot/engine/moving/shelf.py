"""Keeps moves over restarts: a row each, changed together with the event that tells of it.

What the disk refuses waits in memory and is written with the next change, in order.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter, ValidationError

from plotobot.engine.models import Event, Move
from plotobot.engine.store import Store, put_events, sortable

log = logging.getLogger(__name__)

LATEST = 50
"""Ended moves that are read at the start."""


@cache
def _adapter() -> TypeAdapter[Move]:
    return TypeAdapter(Move)


class MoveShelf:
    """The moves in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._backlog: list[tuple[Move | None, tuple[Event, ...]]] = []
        self._writing = asyncio.Lock()
        self._writers: set[asyncio.Task[None]] = set()

    async def load(self) -> list[Move]:
        """The moves that have not ended and the latest that have, the oldest first."""
        sql = (
            "SELECT body FROM moves WHERE ended_at IS NULL UNION ALL SELECT body FROM ("
            "SELECT body FROM moves WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?)"
        )

        def read(db: sqlite3.Connection) -> list[str]:
            return [row[0] for row in db.execute(sql, (LATEST,))]

        moves = _readable(await self._store.run(read))
        return sorted(moves, key=lambda move: move.id)

    async def put(self, move: Move | None, events: Iterable[Event] = ()) -> bool:
        """Store a move as it now is and the events that tell of it, together; or events alone.

        Returns:
            Whether it is written; else it waits in memory.
        """
        self._backlog.append((move, tuple(events)))
        await self.flush()
        return not self._backlog

    async def flush(self) -> None:
        """Write what waits; whoever waits here may be cancelled, the writing goes on."""
        if self._backlog:
            writer = asyncio.create_task(self._write(), name="moves")
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
            await asyncio.shield(writer)

    async def _write(self) -> None:
        async with self._writing:
            while self._backlog:
                entry = self._backlog[0]
                try:
                    await self._store.run(lambda db, e=entry: _put(db, *e))  # type: ignore[misc]
                except sqlite3.Error as error:
                    log.warning("the database cannot be written, trying again: %s", error)
                    return
                self._backlog.pop(0)

    async def ended_since(self, moment: datetime) -> list[Move]:
        """Moves that ended at or after a moment, the oldest first."""
        sql = "SELECT body FROM moves WHERE ended_at >= ? ORDER BY ended_at"

        def read(db: sqlite3.Connection) -> list[str]:
            return [row[0] for row in db.execute(sql, (sortable(moment),))]

        return _readable(await self._store.run(read))


def _readable(bodies: Iterable[str]) -> list[Move]:
    """The moves whose rows are not damaged; the journals of moves have the truth."""
    found = []
    for body in bodies:
        try:
            found.append(_adapter().validate_json(body))
        except ValidationError:
            log.warning("a move's row in the database is damaged")
    return found


def _put(db: sqlite3.Connection, move: Move | None, events: tuple[Event, ...]) -> None:
    if move is not None:
        ended = sortable(move.ended_at) if move.ended_at else None
        db.execute(
            "INSERT INTO moves VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
            " ended_at = excluded.ended_at, body = excluded.body",
            (move.id, ended, _adapter().dump_json(move).decode()),
        )
    put_events(db, events)
