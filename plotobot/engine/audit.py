"""Who did what, by which way, whether it was allowed and what came of it: written down for good."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from plotobot.engine.chain import COLUMNS, ENGINE, START, entry, link, newest, put_deeds
from plotobot.engine.models import AuditView, Deed, Outcome
from plotobot.engine.store import Store

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that a deed waits for its entry: a disk that hangs must not hold up a `/stop`."""
AT_ONCE = 2000
"""Rows read at a time, so that other writes are never kept waiting long."""


class Audit:
    """Adds entries in the order they come in; what the disk refuses is written later."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._backlog: list[Deed] = []
        self._writing = asyncio.Lock()
        self._writers: set[asyncio.Task[None]] = set()

    async def note(self, deed: Deed) -> None:
        """Put something down; durable on return, unless the disk refuses or hangs."""
        self._backlog.append(replace(deed, at=deed.at or self._now()))
        await self.flush()

    async def change(self, what: str, before: object, after: object) -> None:
        """Put down how something was and how it is now, if that differs."""
        if before != after:
            await self.note(Deed(ENGINE, what, Outcome.DONE, result=f"{before} → {after}"))

    async def flush(self) -> None:
        """Write what waits; whoever waits here may be cancelled, the writing goes on."""
        if not self._backlog:
            return
        writer = asyncio.create_task(self._write(), name="audit")
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)
        await asyncio.wait([writer], timeout=PATIENCE)

    async def view(self, last: int | None, rows: int) -> AuditView:
        """Some entries, the newest first, and the first place where the chain is broken.

        Args:
            last: the number of the newest entry to show; None means the newest there is.
            rows: how many to show.
        """
        latest, broken = await self._proved()
        sql = f"SELECT {COLUMNS} FROM audit WHERE id <= ? ORDER BY id DESC LIMIT ?"  # noqa: S608 - no word of it is a stranger's
        values = (latest if last is None else min(last, latest), rows)
        found = await self._store.run(lambda db: db.execute(sql, values).fetchall())
        return AuditView(tuple(entry(row) for row in found), latest, broken)

    async def _proved(self) -> tuple[int, int | None]:
        """The number of the newest entry, and that of the first that does not fit."""
        sql = f"SELECT {COLUMNS} FROM audit WHERE id > ? ORDER BY id LIMIT {AT_ONCE:d}"  # noqa: S608 - likewise
        last, before = 0, START
        while rows := await self._store.run(lambda db, n=last: db.execute(sql, (n,)).fetchall()):  # type: ignore[misc]
            for row in rows:
                if row[0] != last + 1 or link(before, row[:-1]) != row[-1]:
                    return await self._store.run(newest), last + 1
                last, before = row[0], row[-1]
        latest = await self._store.run(newest)
        return latest, None if latest <= last else last + 1

    async def _write(self) -> None:
        async with self._writing:
            while self._backlog:
                deeds = list(self._backlog)
                try:
                    await self._store.run(lambda db, d=deeds: put_deeds(db, d))  # type: ignore[misc]
                except sqlite3.Error as error:
                    log.warning("the audit cannot be written, trying again: %s", error)
                    return
                del self._backlog[: len(deeds)]
