"""What replotting tells the outside. Frozen and serialisable; sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass

from plotobot.engine.replot.arming import Armed
from plotobot.engine.replot.fork import Fork
from plotobot.engine.replot.journal import Entry
from plotobot.engine.replot.plan import Plan
from plotobot.engine.replot.rule import Rule


@dataclass(frozen=True, slots=True)
class ReplotPlan:
    """The plan as it is now, and what arming it would allow."""

    plan: Plan
    rule: Rule
    fork: Fork
    most: int
    """Plots that would go."""
    fingerprint: str
    """To be given back when it is armed: of the settings and of exactly these plots."""
    refusal: str | None = None
    """Why it cannot be armed now, or None."""

    @property
    def frees(self) -> int:
        """Bytes that those plots have at most."""
        return sum(sorted((step.frees for step in self.plan.steps), reverse=True)[: self.most])

    @property
    def drives(self) -> int:
        """On how many drives old plots stand."""
        return len(self.plan.drives)


@dataclass(frozen=True, slots=True)
class ReplotStatus:
    """Where replotting stands. A memory read."""

    enabled: bool
    armed: Armed | None = None
    halted: str | None = None
    """Why it was stopped, since it was last armed."""
    replaced: int = 0
    """Plots since it was armed, or in all where it is not."""
    replaced_bytes: int = 0
    left: int = 0
    """Old plots that still may go."""
    left_bytes: int = 0
    days: float | None = None
    """Until the end, at the rate of the last week; None where none is known."""
    aside: int = 0
    """Plots in quarantine."""
    aside_bytes: int = 0
    waits: tuple[str, ...] = ()
    """What is waited for, a sentence each."""
    latest: tuple[Entry, ...] = ()
    """The last plots that were replaced, newest first."""

    @property
    def share(self) -> float | None:
        """How far it is, 0 to 1; None where it is not armed."""
        return self.replaced / self.armed.most if self.armed and self.armed.most else None
