"""One simulated run: the machine goes on from event to event, and a policy decides. Pure."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Protocol

from plotobot.engine.auto.bound import DAY
from plotobot.simulate.fluid import Broken, Fluid, Plot
from plotobot.simulate.rig import Rig, Span

FULL = 1.0 + 1e-9


class Policy(Protocol):
    """Who starts plots, and may pause and resume them."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def reacts(self) -> str:
        """What it is woken by beside its own clock: `status`, `phase` or `exit`; "" for nothing."""
        ...

    def look(self, fluid: Fluid) -> float:
        """Start, pause and resume what should be.

        Returns:
            When it wants to look again, in seconds since the beginning.
        """
        ...

    def guard(self, fluid: Fluid, through: list[Plot]) -> None:
        """Before a stage begins: pause whom there would not be room for."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run brought."""

    policy: str
    rig: Rig
    plots_a_day: float
    share: float
    """Of the bound."""
    finished: int
    fullest: float
    """The largest share of a temp drive that was ever in use."""
    most: int
    """The largest number of plots at once."""
    pauses: int
    plots: tuple[Plot, ...] = ()
    """All of them, for the chart."""
    binds: str = ""

    @property
    def feasible(self) -> bool:
        """Whether neither a drive nor the memory was ever overcommitted."""
        return self.fullest <= FULL and self.most <= self.rig.slots


def simulate(rig: Rig, policy: Policy, span: Span) -> Outcome:
    """Run a policy on a machine.

    Raises:
        Broken: an invariant of the simulator does not hold, so its figures are worth nothing.
    """
    fluid = Fluid(rig, random.Random(span.seed), span.noise)  # noqa: S311 - luck, not secrets
    begin, end = span.warm_up * DAY, span.days * DAY
    _run_until(fluid, policy, begin, 0.0)
    before, worked = fluid.progress(), fluid.core_seconds
    _run_until(fluid, policy, end, fluid.now)
    made = (fluid.progress() - before) / (span.days - span.warm_up)
    outcome = Outcome(
        policy.name, rig, made, made / rig.bound.plots_a_day,
        sum((plot.ended or 0) > begin for plot in fluid.ended),
        max(fluid.fullest.values()), fluid.most, fluid.pauses, (*fluid.ended, *fluid.plots),
    )  # fmt: skip
    _check(outcome, span, (fluid.core_seconds - worked) / (end - begin))
    return outcome


def _run_until(fluid: Fluid, policy: Policy, end: float, look_at: float) -> None:
    """Go on to a moment, from change to change."""
    while fluid.now < end:
        if fluid.now >= look_at - 1e-6:
            look_at = max(policy.look(fluid), fluid.now + 1e-3)
        fluid.settle()
        through = fluid.advance(min(fluid.next_end(), look_at - fluid.now, end - fluid.now))
        if through:
            before = [_mark(plot, policy.reacts, fluid) for plot in through]
            policy.guard(fluid, through)
            if any(before):
                look_at = fluid.now


def _mark(plot: Plot, reacts: str, fluid: Fluid) -> bool:
    """Whether the end of a plot's stage is something the policy is woken by."""
    if not reacts:
        return False
    if plot.ended is not None or reacts == "status":
        return True
    stages = fluid.rig.profile.stages
    here, last = stages[plot.stage].status, stages[plot.stage - 1].status
    return reacts == "phase" and here[0] != last[0]


def _check(outcome: Outcome, span: Span, cores: float) -> None:
    """Assert that the run is possible: no more cores than there are, no more plots than the bound.

    The ends of the window and luck with the plots' times give a little more than the bound.
    """
    rig, most = outcome.rig, outcome.rig.bound.plots_a_day
    expected = most * (span.days - span.warm_up)
    slack = 1 + 12 * len(rig.machine.temps) / expected + 2.5 * span.noise / math.sqrt(expected)
    if outcome.feasible and outcome.share > slack:
        raise Broken(f"{outcome.policy} made {outcome.share:.3f} of the bound on {rig.name}")
    if cores > rig.machine.cores * (1 + 1e-6):
        raise Broken(f"{cores:.2f} cores of {rig.machine.cores:.2f} were in use")
