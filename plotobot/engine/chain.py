"""The audit's rows: written to once, each with a hash of the one before it.

A row that is changed, removed or put between others later breaks the chain there. Whoever may write
the database could reckon the whole chain anew; the newest hash, which `/audit` shows, is what tells
on them.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from plotobot.engine.models import AuditEntry, Deed, Event, EventKind, Outcome
from plotobot.plots.keys import masked

START = "0" * 64
"""What stands for the hash before the first row."""
TEXT = 500
"""Characters of any one field that are kept."""
ENGINE = "Plotobot"
COLUMNS = "id, at, who, door, what, outcome, result, hash"
_NO = "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"

TABLE = (
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL,
        door TEXT NOT NULL, what TEXT NOT NULL, outcome TEXT NOT NULL, result TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT""",
    f"CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit {_NO}",
    f"CREATE TRIGGER audit_kept BEFORE DELETE ON audit {_NO}",
)
"""The migration that makes it."""

_DEEDS = {
    EventKind.JOB_SPAWNED: ("start", Outcome.DONE),
    EventKind.JOB_NOT_SPAWNED: ("start", Outcome.FAILED),
    EventKind.JOB_FINISHED: ("plot", Outcome.DONE),
    EventKind.JOB_FAILED: ("plot", Outcome.FAILED),
    EventKind.JOB_STOPPED: ("stop", Outcome.DONE),
    EventKind.PLOT_MOVED: ("move", Outcome.DONE),
    EventKind.MOVE_FAILED: ("move", Outcome.FAILED),
    EventKind.SETTINGS_CHANGED: ("settings", Outcome.DONE),
    EventKind.SPAWNING_PAUSED: ("pause spawning", Outcome.DONE),
}
"""The events that tell of something the engine did."""


def put_deeds(db: sqlite3.Connection, deeds: Iterable[Deed]) -> None:
    """Add rows within a transaction that is going on."""
    last = db.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    number, before = newest(db), last[0] if last else START
    for deed in deeds:
        number += 1
        row = (number, *_row(deed))
        before = link(before, row)
        db.execute(f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, before))  # noqa: S608 - no word of it is a stranger's


def newest(db: sqlite3.Connection) -> int:
    """The number given last; SQLite counts on also where the last rows were taken away."""
    sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit'"
    return int(db.execute(sql).fetchone()[0])


def link(before: str, row: tuple[object, ...]) -> str:
    """The hash of a row (all of its columns but the hash), given the one before."""
    return hashlib.sha256(json.dumps([before, *row]).encode()).hexdigest()


def entry(row: tuple[Any, ...]) -> AuditEntry:
    """A row of `COLUMNS` as a value."""
    number, at, who, door, what, outcome, result, digest = row
    try:
        deed = Deed(who, what, Outcome(outcome), door, result, datetime.fromisoformat(at))
    except ValueError:  # it was tampered with
        deed = Deed("?", "(this entry cannot be read)", Outcome.FAILED)
    return AuditEntry(number, deed, digest)


def deed_of(event: Event) -> Deed | None:
    """What an event says the engine did, if that is what it tells of."""
    if event.kind not in _DEEDS:
        return None
    what, outcome = _DEEDS[event.kind]
    facts = ("what", "reason", "plot", "to", "by")
    told = [f"{fact}: {event.data[fact]}" for fact in facts if event.data.get(fact)]
    about = f"{what} {event.job.label}" if event.job else what
    if event.job and event.job.reason:
        told.append(event.job.reason.strip().partition("\n")[0])
    return Deed(ENGINE, about, outcome, result="; ".join(told), at=event.at)


def _row(deed: Deed) -> tuple[str, ...]:
    at = (deed.at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")
    words = (deed.who, deed.door, deed.what, deed.outcome.value, deed.result)
    return at, *(_kept(text) for text in words)


def _kept(text: str) -> str:
    # Paths of no encoding hold halves of surrogate pairs, which SQLite does not take.
    return masked(text.encode("utf-8", "backslashreplace").decode())[:TEXT]
