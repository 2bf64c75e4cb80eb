"""An owner's word on which plots may go: given, taken back, carried out; kept over restarts."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from plotobot.engine.replot.arming import Armed
from plotobot.engine.store import Store
from plotobot.errors import Refusal

ARMED, HALTED, OVER = "replot.armed", "replot.halted", "replot.over"
"""The notes of the owner's word, of why it was taken back, and of the last that was carried out."""


class Word:
    """What an owner has said.

    Args:
        store: keeps it.
        changed: called when it is not the same any more.
    """

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self._store, self._changed = store, changed
        self.armed: Armed | None = None
        self.over: Armed | None = None
        """The word that was carried out; only the quarantine on its drives is still to end."""
        self.halted: str | None = None
        """Why it was taken back, where no person did that."""
        self.taken_back = 0
        """How often it was, in this life."""
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Take up what was said before."""
        self.armed = Armed.load(await self._store.recall(ARMED))
        self.over = Armed.load(await self._store.recall(OVER))
        self.halted = await self._store.recall(HALTED) or None

    async def give(self, armed: Armed, taken_back: int) -> None:
        """Let old plots go from now on.

        Args:
            armed: the word.
            taken_back: how often one had been when this one was given; a later no holds.

        Raises:
            Refusal: one was taken back since then, or it cannot be written down; it does not hold.
        """
        async with self._writing:  # whoever takes it back meanwhile writes that down after this
            self._require_no_later_word(taken_back)
            try:
                await self._store.remember(ARMED, armed.dump())
                await self._store.remember(HALTED, "")
            except sqlite3.Error as error:
                raise Refusal(
                    f"It cannot be written down ({error}), so nothing is armed."
                ) from error
            self._require_no_later_word(taken_back)
            self.armed, self.halted = armed, None
        self._changed()

    async def take_back(self) -> None:
        """Let nothing go any more. It holds at once; what was unlinked already is gone.

        Raises:
            Refusal: it cannot be written down, and so holds until the next start only.
        """
        self.armed, self.over, self.taken_back = None, None, self.taken_back + 1
        self._changed()
        try:
            async with self._writing:
                await self._store.remember(ARMED, "")
                await self._store.remember(OVER, "")
        except sqlite3.Error as error:
            raise Refusal(
                f"Nothing goes any more, but that cannot be written down ({error}): set "
                "replot.enabled to false before the next start."
            ) from error

    async def break_off(self, reason: str) -> None:
        """Take it back for a reason that no person gave."""
        self.halted = reason
        with suppress(Refusal):
            await self.take_back()
        with suppress(sqlite3.Error):
            await self._store.remember(HALTED, reason)

    async def carry_out(self, armed: Armed) -> None:
        """Let no more plots go under a word by which all is done; the quarantine still ends."""
        drives = {*armed.drives, *(self.over.drives if self.over else ())}
        self.armed, self.over = None, replace(armed, drives=tuple(sorted(drives)))
        self._changed()
        async with self._writing:
            with suppress(sqlite3.Error):
                await self._store.remember(OVER, self.over.dump() if self.over else "")
                if self.armed is None:  # nobody has armed it meanwhile
                    await self._store.remember(ARMED, "")

    def is_valid(self, word: Armed) -> bool:
        """Whether a word still holds, be it only for the quarantine."""
        return word is self.armed or word is self.over

    def _require_no_later_word(self, taken_back: int) -> None:
        if taken_back != self.taken_back:
            raise Refusal("It was disarmed meanwhile, so nothing is armed.")
