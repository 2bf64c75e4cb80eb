"""The inventory in the database: one row a plot file, and one a content check."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from itertools import islice
from typing import Any

from plotobot.engine.inventory.plot import Check, Condition, Plot
from plotobot.engine.models import DriveKind, Event
from plotobot.engine.store import Store, put_events
from plotobot.plots.headers import MemoKind, PlotFormat
from plotobot.plots.proofs import ProofCheck, ProofVerdict

_PATHS = ("path", "drive")
_LARGE = ("mtime_ns", "inode", "device", "expected_size")
"""What file systems and damaged headers can make larger than SQLite's numbers."""
_ENUMS = {"use": DriveKind, "condition": Condition, "format": PlotFormat, "memo": MemoKind}
_CHUNK = 2000
"""Rows in one transaction, so that nothing waits long for its turn."""
_COLUMNS = tuple(field.name for field in fields(Plot) if field.name != "missing")
_MARKS = ", ".join("?" * len(_COLUMNS))
_PUT = f"INSERT OR REPLACE INTO plots ({', '.join(_COLUMNS)}) VALUES ({_MARKS})"  # noqa: S608 - own names
_STRIKE = "DELETE FROM plots WHERE path = ?"
_GET = f"SELECT {', '.join(_COLUMNS)} FROM plots ORDER BY path"  # noqa: S608 - own names
_LATEST = (
    "SELECT path, plot_id, at, challenges, proofs, bad, verdict, words, seconds FROM plot_checks"
    " WHERE number IN (SELECT max(number) FROM plot_checks GROUP BY path)"
)
_TIMES = "SELECT at FROM plot_checks ORDER BY number DESC LIMIT ?"
_MOST_TIMES = 1000
"""More are not made in a day."""
_PUT_CHECK = (
    "INSERT INTO plot_checks (path, plot_id, at, challenges, proofs, bad, verdict, words, seconds)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


async def load_plots(store: Store) -> list[Plot]:
    """All rows, by path."""
    return await store.run(lambda db: [_plot(row) for row in db.execute(_GET)])


async def save_plots(store: Store, changed: Iterable[Plot], gone: Iterable[str]) -> None:
    """Put down what changed and strike out what is gone."""
    rows = map(_row, changed)
    while chunk := tuple(islice(rows, _CHUNK)):
        await store.run(lambda db, chunk=chunk: db.executemany(_PUT, chunk))  # type: ignore[misc]
    paths = ((os.fsencode(path),) for path in gone)
    while lost := tuple(islice(paths, _CHUNK)):
        await store.run(lambda db, lost=lost: db.executemany(_STRIKE, lost))  # type: ignore[misc]


async def load_checks(store: Store) -> list[Check]:
    """The latest check of each file."""
    return await store.run(lambda db: [_check(row) for row in db.execute(_LATEST)])


async def load_check_times(store: Store) -> list[datetime]:
    """When the latest checks ended, the oldest first."""
    times = await store.run(lambda db: [row[0] for row in db.execute(_TIMES, (_MOST_TIMES,))])
    return [datetime.fromisoformat(at) for at in reversed(times)]


async def save_check(store: Store, check: Check, news: Iterable[Event] = ()) -> None:
    """Put a check down beside the older ones, together with the events that tell of it."""
    found = check.result
    row = (
        os.fsencode(check.path), check.plot_id, check.at.isoformat(), found.challenges,
        found.proofs, found.bad, found.verdict.value, found.words, found.seconds,
    )  # fmt: skip

    def put(db: sqlite3.Connection) -> None:
        db.execute(_PUT_CHECK, row)
        put_events(db, news)

    await store.run(put)


def _row(plot: Plot) -> list[Any]:
    values = {name: getattr(plot, name) for name in _COLUMNS}
    # A path may hold bytes that are no text.
    values |= {name: os.fsencode(values[name]) for name in _PATHS}
    values |= {name: str(values[name]) for name in _LARGE if values[name] is not None}
    return list(values.values())


def _plot(row: tuple[Any, ...]) -> Plot:
    values = dict(zip(_COLUMNS, row, strict=True))
    values |= {name: os.fsdecode(values[name]) for name in _PATHS}
    values |= {name: int(values[name]) for name in _LARGE if values[name] is not None}
    values |= {name: enum(values[name]) for name, enum in _ENUMS.items() if values[name]}
    return Plot(**values | {"exact": bool(values["exact"])})


def _check(row: tuple[Any, ...]) -> Check:
    path, plot_id, at, challenges, proofs, bad, verdict, words, seconds = row
    result = ProofCheck(challenges, proofs, bad, ProofVerdict(verdict), words, seconds, plot_id)
    return Check(os.fsdecode(path), plot_id, datetime.fromisoformat(at), result)
