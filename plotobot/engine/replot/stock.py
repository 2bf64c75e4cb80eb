"""The old plots that may still go, in order, as the inventory and the journal have them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from plotobot.engine.inventory.plot import Plot, Stock
from plotobot.engine.models import Drive, Job, JobState
from plotobot.engine.replot.arming import old_by_all
from plotobot.engine.replot.journal import Entry
from plotobot.engine.replot.plan import Plan, Step, Terms, plan
from plotobot.engine.replot.rule import Rule
from plotobot.engine.store import Store

_MADE = (
    "SELECT DISTINCT json_extract(body, '$.plot_id') FROM jobs WHERE state = 'completed'"
    " AND json_extract(body, '$.plot_id') IS NOT NULL"
)
_ANY = Terms(datetime.min.replace(tzinfo=UTC), 1)


class OldStock:
    """Knows which plots are old; asks the rule again only when something has changed."""

    def __init__(
        self, stock: Callable[[], Stock], jobs: Callable[[], Sequence[Job]], store: Store
    ) -> None:
        self._stock, self._jobs, self._store = stock, jobs, store
        self._made: frozenset[str] = frozenset()
        self._asked: object = None
        self._plots: tuple[Plot, ...] | None = None
        self._steps: tuple[Step, ...] = ()
        self._vanished: set[tuple[datetime | None, str]] = set()

    async def load(self) -> None:
        """Learn which plots this bot ever made."""
        rows = await self._store.run(lambda db: [row[0] for row in db.execute(_MADE)])
        self._made = frozenset(rows)

    def with_own(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """The rules, which then know the plots that this bot made."""
        done = (job.plot_id for job in self._jobs() if job.state is JobState.COMPLETED)
        self._made |= frozenset(plot_id for plot_id in done if plot_id)
        return tuple(replace(rule, own=rule.own | self._made) for rule in rules)

    def vanished(self, path: str) -> None:
        """Leave a file out that is not there any more, until the next scan."""
        self._vanished.add((self._stock().scanned_at, path))

    def plan(self, rules: Sequence[Rule], entries: Iterable[Entry], drives: Sequence[Drive],
             terms: Terms) -> Plan:  # fmt: skip
        """The plan for all that may still go."""
        own = self.with_own(rules)
        if not own:
            return Plan(terms)
        return plan(self._standing(entries, own), drives, own[0], terms)

    def steps(
        self, rules: Sequence[Rule], entries: Sequence[Entry], drives: Collection[str]
    ) -> Sequence[Step]:
        """What may still go on these drives, in order."""
        stock = self._stock()
        asked = (rules, len(entries), entries[-1:], len(self._vanished),
                 tuple(drives), self._made)  # fmt: skip
        own = self.with_own(rules)
        if not own or not drives:
            return ()
        # Each scan gives a new tuple of plots.
        if asked != self._asked or stock.plots is not self._plots:
            self._plots = stock.plots
            laid = plan(self._standing(entries, own), (), own[0], _ANY)
            self._steps = tuple(step for step in laid.steps if step.plot.drive in drives)
            self._asked = asked
        return self._steps

    def _standing(self, entries: Iterable[Entry], rules: Sequence[Rule]) -> list[Plot]:
        scanned = self._stock().scanned_at
        gone = {(e.target.path, e.target.inode) for e in entries if e.fate.spent}
        return [
            plot
            for plot in old_by_all(self._stock().plots, rules)
            if (plot.path, plot.inode) not in gone and (scanned, plot.path) not in self._vanished
        ]
