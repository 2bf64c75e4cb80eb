"""The content checks that were made, and the news of those that showed damage."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from plotobot.engine.inventory.check_lines import add_line, write_lines
from plotobot.engine.inventory.checks import BAD
from plotobot.engine.inventory.plot import Check, Plot
from plotobot.engine.inventory.records import load_check_times, load_checks, save_check
from plotobot.engine.models import Event, EventKind
from plotobot.engine.store import Store

log = logging.getLogger(__name__)

Put = Callable[[Sequence[Event]], Awaitable[None]]


class CheckBook:
    """All content checks.

    Args:
        store: keeps them.
        state_dir: where the command line finds them; None leaves nothing there.
        put: has events told, and keeps them where the disk does not take them.
    """

    def __init__(self, store: Store, state_dir: Path | None = None, put: Put | None = None) -> None:
        self._store, self._state_dir, self._put = store, state_dir, put
        self._latest: dict[str, Check] = {}
        self._times: list[datetime] = []

    async def load(self) -> None:
        """Take up what was known when the last life ended."""
        self._latest = {check.path: check for check in await load_checks(self._store)}
        self._times = await load_check_times(self._store)
        if self._state_dir and self._latest:
            with suppress(OSError):  # the command line knows less then
                await asyncio.to_thread(write_lines, self._state_dir, self.latest)

    @property
    def latest(self) -> tuple[Check, ...]:
        """The latest check of each file that had one."""
        return tuple(self._latest.values())

    @property
    def times(self) -> Sequence[datetime]:
        """When checks ended, lately."""
        return self._times

    async def add(self, plot: Plot, check: Check) -> None:
        """Put down a check, with the news if it is the first that shows a plot's damage."""
        news = [] if _was_bad(self._latest.get(plot.path), check) else _news(plot, check)
        self._latest[plot.path] = check
        self._times.append(check.at)
        try:
            await save_check(self._store, check, news)
            news = []
        except sqlite3.Error as error:  # a full disk: it is known until the next start
            log.warning("the check of %s cannot be put down: %s", plot.name, error)
        if self._put:
            await self._put(news)  # also what is stored already has to be sent
        if self._state_dir:
            with suppress(OSError):
                await asyncio.to_thread(add_line, self._state_dir, check)


def _was_bad(before: Check | None, check: Check) -> bool:
    return before is not None and before.plot_id == check.plot_id and before.result.verdict in BAD


def _news(plot: Plot, check: Check) -> list[Event]:
    if check.result.verdict not in BAD:
        return []
    data = {"plot": plot.path, "drive": plot.drive, "words": check.result.words}
    return [Event(EventKind.PLOT_DAMAGED, check.at, None, data)]
