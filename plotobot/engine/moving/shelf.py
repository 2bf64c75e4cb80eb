"""Keeps moves over restarts: a row each, changed together with the event that tells of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter

from plotobot.engine.models import Event, Move
from plotobot.engine.store import Store, put_events, sortable

LATEST = 50
"""Ended moves that are read at the start."""


@cache
def _adapter() -> TypeAdapter[Move]:
    return TypeAdapter(Move)


class MoveShelf:
    """The moves in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self) -> list[Move]:
        """The moves that have not ended and the latest that have, the oldest first."""
        sql = (
            "SELECT body FROM moves WHERE ended_at IS NULL UNION ALL SELECT body FROM ("
            "SELECT body FROM moves WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?)"
        )

        def read(db: sqlite3.Connection) -> list[str]:
            return [row[0] for row in db.execute(sql, (LATEST,))]

        moves = [_adapter().validate_json(body) for body in await self._store.run(read)]
        return sorted(moves, key=lambda move: move.id)

    async def put(self, move: Move, events: Iterable[Event] = ()) -> None:
        """Store a move as it now is and the events that tell of it, together."""
        ended = sortable(move.ended_at) if move.ended_at else None
        row = (move.id, ended, _adapter().dump_json(move).decode())
        told = list(events)

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO moves VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
                " ended_at = excluded.ended_at, body = excluded.body",
                row,
            )
            put_events(db, told)

        await self._store.run(write)

    async def ended_since(self, moment: datetime) -> list[Move]:
        """Moves that ended at or after a moment, the oldest first."""
        sql = "SELECT body FROM moves WHERE ended_at >= ? ORDER BY ended_at"

        def read(db: sqlite3.Connection) -> list[str]:
            return [row[0] for row in db.execute(sql, (sortable(moment),))]

        return [_adapter().validate_json(body) for body in await self._store.run(read)]
