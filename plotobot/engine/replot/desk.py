"""What people ask of replotting: the plan, arming and disarming it, and where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.models import Drive
from plotobot.engine.replot.acting import under
from plotobot.engine.replot.arming import Armed, Mode, most_of, plan_print, settings_print
from plotobot.engine.replot.journal import Fate
from plotobot.engine.replot.node import know_fork
from plotobot.engine.replot.plan import Plan, Terms
from plotobot.engine.replot.rate import measured_rate
from plotobot.engine.replot.replacer import Replacer
from plotobot.engine.replot.rule import Rule
from plotobot.engine.replot.views import ReplotPlan, ReplotStatus
from plotobot.engine.roster import Roster
from plotobot.errors import Refusal
from plotobot.plots.proofs import CURE, can_check

_LATEST = 10


class ReplotDesk:
    """Answers for the replacer.

    Args:
        replacer: does the work.
        inventory: the plots.
        roster: the jobs.
        drives: the drives as of the last look.
        terms: gives the bytes of a new plot, and those to keep free on each drive.
        now: the clock.
    """

    def __init__(
        self,
        replacer: Replacer,
        inventory: Inventory,
        roster: Roster,
        drives: Callable[[], Sequence[Drive]],
        terms: Callable[[], tuple[int, int]],
        now: Callable[[], datetime],
    ) -> None:
        self._replacer, self._inventory, self._roster = replacer, inventory, roster
        self._drives, self._terms, self._now = drives, terms, now

    async def plan(self) -> ReplotPlan:
        """Look through the drives, and lay out all that is old now."""
        await self._inventory.rescan()
        now, rules = self._now(), self._replacer.rules
        size, reserve = self._terms()
        terms = Terms(now, max(1, size), reserve, measured_rate(self._roster.all(), now))
        laid = await asyncio.to_thread(
            self._replacer.stock.plan, rules.rules, self._replacer.entries, self._drives(), terms
        )
        most = most_of(rules, laid)
        return ReplotPlan(
            plan=laid,
            rule=rules.rules[0] if rules.rules else Rule(),
            fork=await asyncio.to_thread(know_fork, rules.fork, rules.node, now),
            most=most,
            fingerprint=plan_print(rules, laid.steps, most),
            refusal=self._refusal(laid),
        )

    async def arm(self, fingerprint: str, by: str) -> ReplotStatus:
        """Let the plots of the plan go that has this fingerprint.

        Raises:
            Refusal: the plan is another one now, or may not be carried out, or somebody disarmed
                it while it was laid out again.
        """
        disarmed, settings = self._replacer.word.taken_back, settings_print(self._replacer.rules)
        after = self._replacer.last_row
        shown = await self.plan()
        if shown.refusal:
            raise Refusal(shown.refusal)
        if shown.fingerprint != fingerprint:
            raise Refusal("The plan is another one than you were shown; use `/replot arm` again.")
        drives = tuple(sorted({step.plot.drive for step in shown.plan.steps}))
        armed = Armed(by, self._now(), settings, shown.most, drives, after)
        await self._replacer.arm(armed, disarmed)
        return self.status()

    async def disarm(self) -> ReplotStatus:
        """Let nothing go any more.

        Raises:
            Refusal: it cannot be written down; it holds until the next start.
        """
        await self._replacer.word.take_back()
        return self.status()

    def status(self) -> ReplotStatus:
        """Where it stands. A memory read."""
        at_work, armed = self._replacer, self._replacer.armed
        spent = [entry for entry in at_work.entries if entry.fate.spent]
        done = under(armed, spent) if armed else spent
        steps = at_work.steps()[: armed.most - len(done)] if armed else ()
        aside = [e for e in at_work.entries if e.fate is Fate.QUARANTINED]
        rate = measured_rate(self._roster.all(), self._now())
        return ReplotStatus(
            enabled=at_work.rules.enabled,
            armed=armed,
            halted=at_work.word.halted,
            replaced=len(done),
            replaced_bytes=sum(entry.target.size for entry in done),
            left=len(steps),
            left_bytes=sum(step.frees for step in steps),
            days=len(steps) / rate if rate and armed else None,
            aside=len(aside),
            aside_bytes=sum(entry.target.size for entry in aside),
            waits=tuple(dict.fromkeys((*at_work.waits.values(), *at_work.stays().values()))),
            latest=tuple(reversed(at_work.entries[-_LATEST:])),
        )

    def _refusal(self, laid: Plan) -> str | None:
        rules = self._replacer.rules
        if reason := rules.why_not(self._now()):
            return reason
        if not laid.steps:
            return "No plot is old by this rule."
        if rules.mode is not Mode.BEFORE and not can_check():
            return f"New plots cannot be checked before old ones go. {CURE}"
        return None
