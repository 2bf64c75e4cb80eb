"""News on its way out, also while the state disk refuses: what was told stays told in memory.

That the disk refuses cannot be stored, so it is told from here.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from plotobot.engine.models import Event, EventKind
from plotobot.engine.store import Store

log = logging.getLogger(__name__)

REFUSED = (
    "the state folder cannot be written ({error}); plots go on, and what happens is kept in memory"
    " until it can. Make room, or see to its disk"
)
AGAIN = "the state folder can be written again; nothing was lost"
BACK = "the state folder is back where it was; Plotobot goes on as before"
GONE = (
    "the database {name} was removed or replaced while Plotobot works; plots go on. Restart"
    " Plotobot: it is made anew from the job folders"
)


class Outbox:
    """Gives the events that nobody has been told of."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._own: list[Event] = []
        """With ids below 0, which no stored event has."""
        self._told: set[int] = set()
        self._numbers = 0
        self._refused = self._gone = self._away = False

    async def undelivered(
        self, limit: int, kinds: Collection[EventKind] | None = None
    ) -> list[Event]:
        """The oldest events nobody has been told of, the disk's own trouble first.

        Args:
            limit: so many at most.
            kinds: only of these; None is all.
        """
        try:
            stored = await self._store.undelivered(limit + len(self._told), kinds)
        except sqlite3.Error as error:
            log.warning("the news cannot be read: %s", error)
            stored = []
        untold = [event for event in stored if event.id not in self._told]
        own = [event for event in self._own if kinds is None or event.kind in kinds]
        return [*own, *untold][:limit]

    async def delivered(self, event_ids: Sequence[int]) -> None:
        """Mark events as told; they never come again."""
        self._own = [event for event in self._own if event.id not in event_ids]
        self._told.update(number for number in event_ids if number > 0)
        await self._flush()

    async def watch(self, away: str | None = None) -> bool:
        """See whether the disk takes what is written; returns whether there is news of that.

        Args:
            away: why the state folder is not where it was; None while it is.
        """
        await self._flush()
        before = len(self._own)
        refused = self._store.trouble is not None
        if refused != self._refused:
            self._refused = refused
            self._tell(REFUSED.format(error=self._store.trouble) if refused else AGAIN)
        await self._watch_place(away)
        return len(self._own) > before

    async def _watch_place(self, away: str | None) -> None:
        if (away is not None) != self._away:
            self._away = away is not None
            self._tell(away or BACK)
        if away is not None:
            return
        gone = await self._store.misplaced()
        if gone and not self._gone:
            self._tell(GONE.format(name=gone))
        self._gone = gone is not None

    async def _flush(self) -> None:
        told = tuple(self._told)
        if not told:
            return
        try:
            await self._store.delivered(told)
        except sqlite3.Error as error:
            log.warning("what was told cannot be put down, trying again: %s", error)
        else:
            self._told.difference_update(told)

    def _tell(self, what: str) -> None:
        log.warning("%s", what)
        self._numbers += 1
        data = {"what": what}
        nonce = secrets.token_hex(12)
        event = Event(EventKind.TROUBLE, self._now(), None, data, id=-self._numbers, nonce=nonce)
        self._own.append(event)
