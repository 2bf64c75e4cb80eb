"""Watches the farm's log beside the plotting: reads on in it and tells what is worth telling.

The place in the log and what is not told yet are stored in one transaction with the events, so
that after any death of the bot nothing is told twice and nothing is passed over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from plotobot.engine.config import FarmSettings
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.farmnews import FarmState, due, take
from plotobot.engine.models import Event
from plotobot.engine.store import Store
from plotobot.errors import Refusal
from plotobot.farmlog.files import default_log, unreadable
from plotobot.farmlog.report import FarmLog, Kind, read_farm_log
from plotobot.farmlog.statistics import FarmStats
from plotobot.farmlog.tail import look
from plotobot.farmlog.wording import masked

log = logging.getLogger(__name__)

NOTE = "farm"
"""The note under which the store keeps the state."""
LOOK_EVERY = 2.0
"""Seconds between two looks at the log."""
BREATH = 0.05
"""Seconds between two looks while there is more to read."""
SAVE_EVERY = timedelta(seconds=30)
"""So much is read again after a death of the bot, with the same outcome."""
PATIENCE = 20.0
"""Seconds a drive may take."""
BREAK = timedelta(minutes=1)
"""Looks further apart than this are a break: the machine slept."""
SPAN = timedelta(days=1)
SHOWN = 200
"""Records that `/farmlog` shows at most."""
LONGEST = 600
"""Characters of a message that go out."""


class FarmWatch:
    """Follows one farm's log."""

    def __init__(
        self,
        rules: FarmSettings,
        store: Store,
        changed: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self._rules, self._store, self._changed, self._now = rules, store, changed, now
        self.path = rules.log or default_log(os.environ)
        self._looks: Patience[Path, tuple[FarmState, bool]] = Patience(PATIENCE)
        self._reads: Patience[Path, FarmLog | Refusal] = Patience(PATIENCE)
        self._reading = asyncio.Lock()
        self._state = FarmState()
        self._untold: list[Event] = []
        self._writing = asyncio.Lock()
        self._saved_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._watching: datetime | None = None
        self._unread: str | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        if not self._rules.watch:
            return
        while True:
            more = await self.step()
            await asyncio.sleep(BREATH if more else LOOK_EVERY)

    async def load(self) -> None:
        """Take up where the last run of the bot left off."""
        note = await self._store.recall(NOTE)
        try:
            self._state = _adapter().validate_json(note) if note else FarmState()
        except ValidationError:
            log.warning("what was stored of the farm's log is of no use; beginning anew")

    async def step(self) -> bool:
        """Read on once; returns whether there is more to read at once."""
        ask = partial(_look, self.path, self._state, self._rules, self._now())
        asked = await asyncio.to_thread(self._looks.ask, {self.path: ask})
        answer = asked[self.path]
        if isinstance(answer, OSError):
            self._note_trouble(str(answer))
            return False
        self._note_trouble(None)
        state, more = answer
        events: list[Event] = []
        if not more:
            now = self._now()
            state, events = due(state, self._rules, now, self._watched_since(now))
        await self._keep(state, events)
        return more

    async def close(self) -> None:
        """Store where the reading stands."""
        if self._rules.watch and self._saved_at:
            self._saved_at = None
            await self._write()

    async def figures(self, since: datetime, until: datetime) -> Mapping[str, float]:
        """What the log counted since a moment, up to now, by what it is called in a summary.

        Without a log that can be read there is nothing to tell.
        """
        del until  # now, in whatever is asked
        try:
            stats = (await self.report(Kind.ERROR, since)).stats
        except Refusal:
            return {}
        return counted(stats)

    async def report(self, kind: Kind, since: datetime | None = None) -> FarmLog:
        """The last day: figures, and the last records of one kind, with keys cut short.

        Args:
            kind: of the records.
            since: the figures count from here; None is a day ago.

        Raises:
            Refusal: the log is not there, cannot be read, or is none.
        """
        async with self._reading:
            ask = partial(_report, self.path, kind, since or self._now() - SPAN)
            answer = (await asyncio.to_thread(self._reads.ask, {self.path: ask}))[self.path]
        if isinstance(answer, OSError):
            raise unreadable(self.path, answer)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def _watched_since(self, now: datetime) -> datetime:
        """Since when there was no break; while nothing can be read, nothing tells silence."""
        if not self._watching or not self._looked_at or now - self._looked_at > BREAK:
            self._watching = now
        self._looked_at = now
        return self._watching

    def _note_trouble(self, trouble: str | None) -> None:
        if trouble and not self._unread:
            log.warning("the farm's log %s cannot be read: %s", self.path, trouble)
        if self._unread and not trouble:
            log.info("the farm's log can be read again")
        self._unread = trouble

    async def _keep(self, state: FarmState, events: list[Event]) -> None:
        moved = state != self._state
        self._state = state
        self._untold += events
        if self._untold or (moved and self._is_time()):
            # Whoever waits here may be cancelled; what was begun to be written is still noted.
            await asyncio.shield(asyncio.create_task(self._write(), name="farm"))
        if events:
            self._changed()

    def _is_time(self) -> bool:
        return self._saved_at is None or self._now() - self._saved_at >= SAVE_EVERY

    async def _write(self) -> None:
        async with self._writing:
            events, note = list(self._untold), _adapter().dump_json(self._state).decode()
            try:
                await self._store.record((), events, {NOTE: note})
            except sqlite3.Error as error:
                log.warning("the database cannot be written, trying again: %s", error)
                return
            del self._untold[: len(events)]
            self._saved_at = self._now()


def _adapter() -> TypeAdapter[FarmState]:
    return TypeAdapter(FarmState)


def _look(
    path: Path, state: FarmState, rules: FarmSettings, now: datetime
) -> tuple[FarmState, bool]:
    found = look(path, state.place)
    # What was there before the first look is no news.
    state = take(state, found.data, rules, now, news=state.place is not None)
    return replace(state, place=found.place), found.more


def counted(stats: FarmStats) -> dict[str, float]:
    """The figures of a summary; those that say nothing are left out."""
    figures = {
        "plots": stats.plots or 0,
        "challenges": stats.challenges,
        "eligible plots": stats.eligible,
        "proofs": stats.proofs,
        "lookup p99 (s)": stats.lookups.p99 or 0.0,
        "signage points missed": stats.signage_skipped,
        "errors": stats.errors,
    }
    return {name: value for name, value in figures.items() if value}


def _report(path: Path, kind: Kind, since: datetime) -> FarmLog | Refusal:
    try:
        found = read_farm_log(path, kind, since=since, lines=SHOWN)
    except Refusal as refusal:
        return refusal
    records = tuple(replace(one, message=masked(one.message)[:LONGEST]) for one in found.records)
    faults = tuple(
        replace(one, example=masked(one.example)[:LONGEST]) for one in found.stats.faults
    )
    return FarmLog(replace(found.stats, faults=faults), records)
