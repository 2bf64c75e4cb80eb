"""Checks the content of a few plots a day, in the background, so that damage is not found too late.

Which one and when is decided in `checks`; how much of the day's budget is used follows from the
checks in the database, so that a restart neither loses nor doubles it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from plotobot.engine.config import CheckRules
from plotobot.engine.inventory.checks import idle, is_due, next_to_check
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.inventory.plot import Check
from plotobot.engine.models import Drive, Job, Move
from plotobot.errors import NotAPlot, Refusal
from plotobot.plots.proofs import CURE, can_check

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0
"""Seconds between two looks whether a check may begin."""


class Rounds:
    """Goes round the plots, one at a time.

    Args:
        rules: how many a day, and how thoroughly; may be replaced at any time.
        inventory: the plots.
        drives: the drives as of the last look.
        jobs: all that may be at work, those that somebody else started as well.
        moves: the same for moves.
        now: the clock.
    """

    def __init__(
        self,
        rules: CheckRules,
        inventory: Inventory,
        drives: Callable[[], Sequence[Drive]],
        jobs: Callable[[], Sequence[Job]],
        moves: Callable[[], Sequence[Move]],
        now: Callable[[], datetime],
    ) -> None:
        self.rules = rules
        self._inventory = inventory
        self._drives, self._jobs, self._moves = drives, jobs, moves
        self._now = now
        self._passed: set[str] = set()
        self._passed_in: datetime | None = None

    async def run(self) -> None:
        """Check what is due, until cancelled; ends where plots cannot be checked at all."""
        if not can_check():
            log.info("plots' content is not checked: chiapos is not installed. %s", CURE)
            return
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.step()

    async def step(self) -> Check | None:
        """Check one plot, if it is time and one may be."""
        if not is_due(self._now(), self._inventory.book.times, self.rules.per_day):
            return None
        stock = self._inventory.stock()
        if stock.scanned_at != self._passed_in:
            self._passed, self._passed_in = set(), stock.scanned_at
        # There may be thousands; the event loop is not to wait for their sorting.
        plots = [plot for plot in stock.plots if plot.path not in self._passed]
        free = idle(plots, self._drives(), self._jobs(), self._moves())
        plot = await asyncio.to_thread(next_to_check, free, stock.checks)
        if plot is None:
            return None
        try:
            return await self._inventory.check(plot.path, self.rules.challenges)
        except (NotAPlot, Refusal) as refusal:  # the next scan tells what has become of it
            log.info("%s is not checked now: %s", plot.name, refusal)
            self._passed.add(plot.path)
            return None
