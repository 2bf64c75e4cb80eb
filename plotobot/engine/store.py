"""What must outlast the bot: jobs, events not yet told, notes, the journal of deletions, the audit.

One SQLite file and exactly one connection (SQLite before 3.51.3 can damage a WAL that two
connections share). Every transaction is one function in one call of the database's thread, so a
cancelled task can neither leave one open nor tear one apart.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

import aiosqlite

from plotobot.engine.chain import TABLE as AUDIT
from plotobot.engine.chain import deed_of, put_deeds
from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.models import DEFAULT_PROFILE, Deed, Event, EventKind, Job, Outcome
from plotobot.engine.rows import NEVER, event_row, job_row, read_event, read_jobs
from plotobot.engine.rows import job_adapter as job_adapter
from plotobot.engine.rows import sortable as sortable
from plotobot.engine.supervision.home import place_of
from plotobot.errors import PlotobotError

log = logging.getLogger(__name__)

T = TypeVar("T")

_PLOTTER, _K, _TEMP = (f"json_extract(body, '$.{name}')" for name in ("plotter", "k", "temp"))
"""Parts of a job that indexes are made of; a query must use these very words to use them."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY, state TEXT NOT NULL, created_at TEXT NOT NULL, ended_at TEXT,
            body TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX jobs_by_creation ON jobs (created_at)",
        "CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE ended_at IS NOT NULL",
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, nonce TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            at TEXT NOT NULL, job TEXT, data TEXT NOT NULL, delivered_at TEXT
        ) STRICT""",
        "CREATE INDEX events_untold ON events (id) WHERE delivered_at IS NULL",
        "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        """CREATE TABLE deletions (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, path TEXT NOT NULL,
            size INTEGER NOT NULL, plot_id TEXT NOT NULL, why TEXT NOT NULL
        ) STRICT""",
    ),
    (
        "CREATE TABLE moves (id TEXT PRIMARY KEY, ended_at TEXT, body TEXT NOT NULL) STRICT",
        "CREATE INDEX moves_by_end ON moves (ended_at)",
    ),
    tuple(
        f"CREATE INDEX completed_by_{name} ON jobs ({', '.join(columns)}, ended_at)"
        " WHERE state = 'completed'"
        for name, columns in (
            ("kind", (_PLOTTER, _K)),
            ("drive", (_PLOTTER, _K, _TEMP)),
        )
    ),
    (
        """CREATE TABLE plots (
            path BLOB PRIMARY KEY, drive BLOB NOT NULL, use TEXT NOT NULL, size INTEGER NOT NULL,
            mtime_ns TEXT NOT NULL, inode TEXT NOT NULL, device TEXT NOT NULL,
            condition TEXT NOT NULL, problem TEXT, format TEXT, k INTEGER, id TEXT, memo TEXT,
            farmer_key TEXT, pool_key TEXT, contract TEXT, compression INTEGER,
            expected_size TEXT, exact INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE plot_checks (
            number INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL, plot_id TEXT NOT NULL,
            at TEXT NOT NULL, challenges INTEGER NOT NULL, proofs INTEGER NOT NULL,
            bad INTEGER NOT NULL, verdict TEXT NOT NULL, words TEXT NOT NULL, seconds REAL NOT NULL
        ) STRICT""",
        "CREATE INDEX plot_checks_by_path ON plot_checks (path, number)",
    ),
    (
        """CREATE TABLE summaries (
            number INTEGER PRIMARY KEY, since TEXT NOT NULL, until TEXT NOT NULL,
            data TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE summed (
            kind TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (kind, id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX summed_by_number ON summed (number)",
        """INSERT INTO summed SELECT 'job', id, 0 FROM jobs
            WHERE ended_at < (SELECT value FROM notes WHERE key = 'summary.told')""",
        """INSERT INTO summed SELECT 'move', id, 0 FROM moves
            WHERE ended_at < (SELECT value FROM notes WHERE key = 'summary.told')""",
        """CREATE TABLE fills (
            path TEXT NOT NULL, slot INTEGER NOT NULL, at INTEGER NOT NULL, free INTEGER NOT NULL,
            total INTEGER NOT NULL, PRIMARY KEY (path, slot)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE perf (job TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT",
    ),
    (
        """CREATE TABLE replaced (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, path BLOB NOT NULL,
            drive BLOB NOT NULL, plot_id TEXT NOT NULL, size INTEGER NOT NULL,
            mtime_ns TEXT NOT NULL, inode TEXT NOT NULL, device TEXT NOT NULL, fate TEXT NOT NULL,
            job TEXT NOT NULL, verified INTEGER NOT NULL, by TEXT NOT NULL, ended_at TEXT
        ) STRICT""",
    ),
    AUDIT,
)
"""Never edit one that has shipped; add the next. `PRAGMA user_version` counts those applied."""


class StoreError(PlotobotError):
    """The database cannot be used; the message says why and what to do."""


class DiskRefused(StoreError):  # noqa: N818 - it reads as what it is
    """The disk does not let the database be opened just now; a later start may go better."""

    exit_code = 1


class Store:
    """The database of one state directory."""

    def __init__(
        self,
        connection: aiosqlite.Connection,
        *,
        path: Path | None = None,
        recovered: Path | None = None,
    ) -> None:
        self._connection = connection
        self._path, self._place = path, place_of(path) if path else None
        self.recovered = recovered
        """Where a damaged database was put aside, if it was."""
        self.trouble: str | None = None
        """Why the last transaction was refused; None after one that was not."""
        self._unwritten: dict[str, str] = {}

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the database, or make it; a damaged one is put aside and a new one begun.

        Raises:
            StoreError: it was made by a newer Plotobot, or the disk does not let it be opened.
        """
        try:
            return cls(await _connect(path), path=path)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # SQLite puts names of a damaged schema into its messages, whatever bytes they are.
            if isinstance(error, sqlite3.Error) and not _damaged(error):
                raise DiskRefused(f"{path}: {error}; is the disk full or read-only?") from error
            aside = await asyncio.to_thread(_put_aside, path)
            return cls(await _connect(path), path=path, recovered=aside)

    async def close(self) -> None:
        """Close it; SQLite's thread ends with it."""
        await self._connection.close()

    async def misplaced(self) -> str | None:
        """The database's name where another file or none has it now, else None."""
        if self._path is None:
            return None
        place = await asyncio.to_thread(place_of, self._path)
        return None if place == self._place else self._path.name

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do several statements as one transaction, all or nothing."""

        def transaction() -> T:
            # aiosqlite has no public way to run more than one statement in one call of its
            # thread; these two private names are used here and nowhere else.
            connection = self._connection._conn
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        try:
            outcome: T = await self._connection._execute(transaction)  # type: ignore[no-untyped-call]
        except sqlite3.Error as error:
            self.trouble = str(error)
            raise
        self.trouble = None
        return outcome

    async def record(
        self,
        jobs: Iterable[Job] = (),
        events: Iterable[Event] = (),
        notes: Mapping[str, str] | None = None,
    ) -> list[Event]:
        """Store jobs as they now are, the events that tell of it and notes, together.

        Returns:
            The events with the ids and nonces they were given.
        """
        jobs, events = list(jobs), list(events)

        def write(connection: sqlite3.Connection) -> list[Event]:
            connection.executemany(_PUT_JOB, [job_row(job) for job in jobs])
            connection.executemany(_PUT_NOTE, list((notes or {}).items()))
            return put_events(connection, events)

        return await self.run(write)

    async def jobs(self, recent: int) -> list[Job]:
        """The jobs that have not ended and the latest that have, newest first."""
        rows = await self._rows(
            "SELECT body FROM jobs WHERE ended_at IS NULL UNION ALL SELECT body FROM ("
            "SELECT body FROM jobs WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?)",
            (recent,),
        )
        found = read_jobs(rows)
        return sorted(found, key=lambda job: (job.created_at or NEVER, job.id), reverse=True)

    async def ended_since(self, moment: datetime) -> list[Job]:
        """Jobs that ended at or after a moment, oldest first."""
        sql = "SELECT body FROM jobs WHERE ended_at >= ? ORDER BY ended_at"
        return read_jobs(await self._rows(sql, (sortable(moment),)))

    async def completed(
        self, plotter: str, k: int, latest: int, *, temp: str | None = None
    ) -> list[Job]:
        """The latest completed jobs of one kind, newest first; of one temp drive, if named."""
        where = f"state = 'completed' AND {_PLOTTER} = ? AND {_K} = ?"
        values: tuple[object, ...] = (plotter, k)
        if temp is not None:
            where, values = f"{where} AND {_TEMP} = ?", (*values, temp)
        sql = f"SELECT body FROM jobs WHERE {where} ORDER BY ended_at DESC LIMIT ?"  # noqa: S608 - no word of it is a stranger's
        return read_jobs(await self._rows(sql, (*values, latest)))

    async def count_started(self, since: datetime) -> dict[str, int]:
        """How many jobs of each profile were created since a moment and did start."""
        sql = (
            "SELECT coalesce(json_extract(body, '$.profile'), ?), count(*) FROM jobs"
            " WHERE created_at >= ? AND json_extract(body, '$.started_at') IS NOT NULL GROUP BY 1"
        )
        rows = await self._rows(sql, (DEFAULT_PROFILE, sortable(since)))
        return {str(row[0]): int(row[1]) for row in rows}

    async def ended_ids(self) -> frozenset[str]:
        """The ids of all jobs that have ended."""
        sql = "SELECT id FROM jobs WHERE ended_at IS NOT NULL"
        return frozenset(row[0] for row in await self._rows(sql))

    async def undelivered(
        self, limit: int, kinds: Collection[EventKind] | None = None
    ) -> list[Event]:
        """The oldest events nobody has been told of; of these kinds only, if named."""
        wanted = [kind.value for kind in (EventKind if kinds is None else kinds)]
        sql = (
            "SELECT id, nonce, kind, at, job, data FROM events WHERE delivered_at IS NULL"
            " AND kind IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?"
        )
        return [read_event(row) for row in await self._rows(sql, (json.dumps(wanted), limit))]

    async def delivered(self, event_ids: Sequence[int]) -> None:
        """Mark events as told."""
        now = sortable(datetime.now(UTC))
        sql = "UPDATE events SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL"
        await self.run(lambda db: db.executemany(sql, [(now, event_id) for event_id in event_ids]))

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value; one that the disk refuses is kept in memory and written later."""
        self._unwritten[key] = value
        notes = dict(self._unwritten)
        try:
            await self.run(lambda db: db.executemany(_PUT_NOTE, list(notes.items())))
        except sqlite3.Error as error:
            log.warning("%s cannot be written, trying again: %s", ", ".join(notes), error)
            return
        for name, written in notes.items():
            if self._unwritten.get(name) == written:
                del self._unwritten[name]

    async def recall(self, key: str) -> str | None:
        """What was kept under a key, or None."""
        if key in self._unwritten:
            return self._unwritten[key]
        rows = await self._rows("SELECT value FROM notes WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    async def journal(self, deletions: Sequence[tuple[str, int, str, str]]) -> None:
        """Write down what is about to be deleted: path, size in bytes, plot id, why."""
        now = sortable(datetime.now(UTC))
        sql = "INSERT INTO deletions (at, path, size, plot_id, why) VALUES (?, ?, ?, ?, ?)"
        rows = [(now, _text(path), size, plot, _text(why)) for path, size, plot, why in deletions]

        def write(db: sqlite3.Connection) -> None:
            db.executemany(sql, rows)
            put_deeds(db, [_deletion(path, size, why) for _, path, size, _, why in rows])

        await self.run(write)

    async def journal_entries(self, plot_id: str, why: str, entries: Sequence[DeleteEntry]) -> None:
        """Write down which files of one plot are about to be deleted, and why."""
        await self.journal([(str(Path(e.folder, e.name)), e.size, plot_id, why) for e in entries])

    async def _rows(self, sql: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        return list(await self._connection.execute_fetchall(sql, values))


_PUT_JOB = (
    "INSERT INTO jobs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " state = excluded.state, ended_at = excluded.ended_at, body = excluded.body"
)
_PUT_NOTE = "INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_PUT_EVENT = "INSERT INTO events (nonce, kind, at, job, data) VALUES (?, ?, ?, ?, ?)"


async def _connect(path: Path) -> aiosqlite.Connection:
    await asyncio.to_thread(_make_private, path)
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        await connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL loses the latest commits at a power cut; FULL does not.
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("PRAGMA foreign_keys = ON")
        # A damaged letter must not keep the other rows from being read.
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        await _check(connection)
        await _migrate(connection, path)
        await _check_rows(connection)
    except BaseException:
        await connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Close the file to others; SQLite gives the files beside it the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise DiskRefused(f"{path}: {error.strerror or error}; is the disk full?") from error


async def _check(connection: aiosqlite.Connection) -> None:
    rows = list(await connection.execute_fetchall("PRAGMA quick_check(1)"))
    if [tuple(row) for row in rows] != [("ok",)]:
        raise sqlite3.DatabaseError("quick_check says: malformed")


async def _check_rows(connection: aiosqlite.Connection) -> None:
    """Look into the texts: SQLite's own check does not, and queries fail on one that is damaged."""
    texts = ("jobs.body", "events.data", "moves.body")
    for table, column in (text.split(".") for text in texts):
        sql = f"SELECT 1 FROM {table} WHERE NOT json_valid({column}) LIMIT 1"  # noqa: S608 - no word of it is a stranger's
        if list(await connection.execute_fetchall(sql)):
            raise sqlite3.DatabaseError(f"malformed text in {table}")


async def _migrate(connection: aiosqlite.Connection, path: Path) -> None:
    rows = list(await connection.execute_fetchall("PRAGMA user_version"))
    version = int(rows[0][0])
    if version > len(MIGRATIONS):
        raise StoreError(f"{path} was made by a newer Plotobot; update this one to use it.")
    store = Store(connection)
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        await store.run(lambda db, n=number, s=statements: _apply(db, n, s))  # type: ignore[misc]


def _apply(db: sqlite3.Connection, number: int, statements: tuple[str, ...]) -> None:
    for statement in statements:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {number:d}")


def _damaged(error: sqlite3.DatabaseError) -> bool:
    # Other DatabaseErrors (a full or read-only disk) say nothing about the file itself.
    text = str(error)
    return "not a database" in text or "malformed" in text


def _put_aside(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def put_events(db: sqlite3.Connection, events: Iterable[Event]) -> list[Event]:
    """Write events within a transaction that is going on.

    Returns:
        The events with the ids and nonces they were given.
    """
    named = [replace(event, nonce=_nonce()) for event in events]
    put_deeds(db, [deed for event in named if (deed := deed_of(event))])
    return [
        replace(event, id=db.execute(_PUT_EVENT, event_row(event)).lastrowid or 0)
        for event in named
    ]


def _deletion(path: str, size: int, why: str) -> Deed:
    return Deed("Plotobot", f"delete {path}", Outcome.ALLOWED, result=f"{size} bytes; {why}")


def _text(text: str) -> str:
    # A path of no encoding holds halves of surrogate pairs, which SQLite does not take.
    return text.encode("utf-8", "backslashreplace").decode()


def _nonce() -> str:
    return secrets.token_hex(12)  # Discord takes up to 25 characters
