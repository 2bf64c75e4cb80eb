"""The book of summaries: each ended job and each ended move is in exactly one of them, by its id.

No clock decides that. A summary takes whatever has ended and is in none yet, in the transaction
that also writes its event; so a stop at any moment, an end that was stored late and a clock that
jumps neither lose a job nor tell one twice.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter

from plotobot.engine.models import Event, EventKind, Job, JobState, Move
from plotobot.engine.reporting.figures import told_data
from plotobot.engine.store import Store, job_adapter, put_events, sortable
from plotobot.engine.summary import PastSummary, Summary, summary_adapter
from plotobot.errors import Refusal

T = TypeVar("T")

ANCHOR = "summary.anchor"
"""The note of the last due moment that was served."""
BEGUN = "summary.told"
"""The note of when summaries began; earlier jobs belong to none."""
SHOWN = 1000
"""Past summaries that are listed."""


class Book:
    """The summaries in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def anchor(self, now: datetime) -> datetime:
        """The last due moment that was served; the book begins now where there is none.

        What has ended before it began is in no summary. A moment ahead of now was served while the
        clock went wrong: hours count anew from now, or nothing would be told until then.
        """
        note = await self._store.recall(ANCHOR)
        if note is None:
            note = await self._store.run(lambda db: _begin(db, now))
        anchor = datetime.fromisoformat(note)
        if anchor > now:
            await self._store.remember(ANCHOR, now.isoformat())
        return min(anchor, now)

    async def tell(self, draft: Summary, served: datetime) -> Summary:
        """Tell a summary as an event, with all that has ended and was in none.

        Args:
            draft: the summary but for its number, its begin, its jobs and its moves.
            served: the due moment that it serves.

        Returns:
            The whole summary.
        """
        return await self._store.run(lambda db: _tell(db, draft, served))

    async def past(self) -> list[PastSummary]:
        """The summaries that were told, the newest first."""
        sql = "SELECT number, since, until, data FROM summaries ORDER BY number DESC LIMIT ?"
        rows = await self._store.run(lambda db: db.execute(sql, (SHOWN,)).fetchall())
        return [_line(*row) for row in rows]

    async def read(self, number: int) -> Summary:
        """A summary that was told.

        Raises:
            Refusal: there is none of this number.
        """
        summary = await self._store.run(lambda db: _read(db, number))
        if summary is None:
            raise Refusal(f"There is no summary {number}; `/report history` lists them.")
        return summary


def _begin(db: sqlite3.Connection, now: datetime) -> str:
    for kind in ("job", "move"):
        db.execute(
            f"INSERT OR IGNORE INTO summed SELECT ?, id, 0 FROM {kind}s"  # noqa: S608 - ours
            " WHERE ended_at IS NOT NULL",
            (kind,),
        )
    db.execute("INSERT OR IGNORE INTO notes VALUES (?, ?)", (BEGUN, now.isoformat()))
    # An older Plotobot kept this note, and its hours go on.
    (begun,) = db.execute("SELECT value FROM notes WHERE key = ?", (BEGUN,)).fetchone()
    _keep(db, ANCHOR, begun)
    return str(begun)


def _tell(db: sqlite3.Connection, draft: Summary, served: datetime) -> Summary:
    (last,) = db.execute("SELECT coalesce(max(number), 0) FROM summaries").fetchone()
    jobs = _untold(db, "job", job_adapter())
    moves = _untold(db, "move", _move_adapter())
    summary = _with(replace(draft, number=last + 1, since=_since(db, draft.until)), jobs, moves)
    bare = replace(summary, finished=(), failed=(), moved=(), fills=())
    data = told_data(summary)
    body = summary_adapter().dump_json(bare).decode()
    row = (summary.number, sortable(summary.since), sortable(summary.until), json.dumps(data), body)
    db.execute("INSERT INTO summaries VALUES (?, ?, ?, ?, ?)", row)
    belong = [("job", job.id, summary.number) for job in jobs]
    belong += [("move", move.id, summary.number) for move in moves]
    db.executemany("INSERT INTO summed VALUES (?, ?, ?)", belong)
    put_events(db, [Event(EventKind.SUMMARY, summary.until, None, data)])
    _keep(db, ANCHOR, served.isoformat())
    return summary


def _since(db: sqlite3.Connection, until: datetime) -> datetime:
    """The end of the summary before; never after this one's, whatever the clock did."""
    row = db.execute("SELECT until FROM summaries ORDER BY number DESC LIMIT 1").fetchone()
    row = row or db.execute("SELECT value FROM notes WHERE key = ?", (BEGUN,)).fetchone()
    return min(datetime.fromisoformat(row[0]), until) if row else until


def _untold(db: sqlite3.Connection, kind: str, adapter: TypeAdapter[T]) -> list[T]:
    sql = (
        f"SELECT body FROM {kind}s WHERE ended_at IS NOT NULL AND NOT EXISTS"  # noqa: S608 - ours
        f" (SELECT 1 FROM summed WHERE kind = ? AND summed.id = {kind}s.id) ORDER BY ended_at"
    )
    return [adapter.validate_json(body) for (body,) in db.execute(sql, (kind,))]


def _read(db: sqlite3.Connection, number: int) -> Summary | None:
    row = db.execute("SELECT body FROM summaries WHERE number = ?", (number,)).fetchone()
    if row is None:
        return None
    jobs = _of(db, "job", number, job_adapter())
    moves = _of(db, "move", number, _move_adapter())
    return _with(summary_adapter().validate_json(row[0]), jobs, moves)


def _of(db: sqlite3.Connection, kind: str, number: int, adapter: TypeAdapter[T]) -> list[T]:
    sql = (
        f"SELECT body FROM summed JOIN {kind}s USING (id)"  # noqa: S608 - ours
        " WHERE number = ? AND kind = ? ORDER BY ended_at"
    )
    return [adapter.validate_json(body) for (body,) in db.execute(sql, (number, kind))]


def _with(summary: Summary, jobs: list[Job], moves: list[Move]) -> Summary:
    done = [job for job in jobs if job.state is JobState.COMPLETED]
    bad = [job for job in jobs if job.state is not JobState.COMPLETED]
    return replace(summary, finished=tuple(done), failed=tuple(bad), moved=tuple(moves))


def _line(number: int, since: str, until: str, data: str) -> PastSummary:
    told = json.loads(data)
    return PastSummary(
        number=number,
        since=datetime.fromisoformat(since),
        until=datetime.fromisoformat(until),
        finished=told["finished"],
        failed=told["failed"],
        bytes=told["bytes"],
        average=told["average_seconds"],
    )


def _keep(db: sqlite3.Connection, key: str, value: str) -> None:
    sql = "INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    db.execute(sql, (key, value))


@cache
def _move_adapter() -> TypeAdapter[Move]:
    return TypeAdapter(Move)
