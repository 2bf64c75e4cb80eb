"""What plotman and Swar's manager do, written anew after their documentation.

They look every 20 and 60 seconds. Here they look whenever a plot ends a step, and when a wait of
theirs is over: that is a little in their favour.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plotobot.simulate.fluid import Fluid, Plot
from plotobot.simulate.rig import Rig

MINUTE = 60.0
NEVER = 1e12
Phase = tuple[int, int]


def phase(plot: Plot) -> Phase:
    """A plot's major and minor phase; (5, 0) while it is copied."""
    if not plot.status[0].isdigit():
        return 5, 0
    return int(plot.status[0]), int(plot.status[2])


@dataclass
class Plotman:
    """plotman: one start at a time, a global stagger, and a phase that plots of a folder must pass.

    Its defaults are those of the configuration file it ships. It looks at no space.
    """

    stagger: float = 30.0
    """Minutes between any two starts."""
    most: int = 12
    milestone: Phase = (2, 1)
    limit: int = 1
    """Plots of one folder that may be below the milestone."""
    per_folder: Mapping[str, int] = field(default_factory=dict)
    """Else 3."""
    name: str = "plotman"
    reacts: str = "status"
    poll: float = 20.0
    last: float = -NEVER

    def look(self, fluid: Fluid) -> float:
        """Start one plot where that is allowed."""
        ready = self.last + self.stagger * MINUTE
        if fluid.now < ready:
            return ready
        if len(fluid.plots) >= self.most:
            return NEVER
        best: tuple[Phase, str] | None = None
        for temp in fluid.fullest:
            phases = sorted(phase(plot) for plot in fluid.plots if plot.temp == temp)
            if self._permits(temp, phases):
                youngest = phases[0] if phases else (999, 999)
                best = max(best, (youngest, temp)) if best else (youngest, temp)
        if best is None:
            return NEVER
        fluid.start(best[1])
        self.last = fluid.now
        return fluid.now + max(self.poll, self.stagger * MINUTE)

    def guard(self, fluid: Fluid, through: list[Plot]) -> None:
        """It pauses nobody."""

    def _permits(self, temp: str, phases: Sequence[Phase]) -> bool:
        below = sum(one < self.milestone for one in phases)
        return below < self.limit and len(phases) < self.per_folder.get(temp, 3)


@dataclass
class Swar:
    """Swar's Chia plot manager: one configured job a temp drive, staggers, and an early start."""

    most: int = 10
    phase_1: int = 3
    phase_1_here: int = 2
    between: float = 5.0
    """Minutes between any two starts."""
    stagger: float = 60.0
    """Minutes between two starts on one drive."""
    early: int = 4
    """The phase from which on a plot no longer counts for `here`."""
    here: Mapping[str, int] = field(default_factory=dict)
    with_early: Mapping[str, int] = field(default_factory=dict)
    name: str = "Swar"
    reacts: str = "status"
    poll: float = 60.0
    last: dict[str, float] = field(default_factory=dict)

    def look(self, fluid: Fluid) -> float:
        """Start at most one plot on each drive where that is allowed."""
        again = NEVER
        for temp in fluid.fullest:
            ready = max(
                self.last.get(temp, -NEVER) + self.stagger * MINUTE,
                max(self.last.values(), default=-NEVER) + self.between * MINUTE,
            )
            if fluid.now < ready:
                again = min(again, ready)
            elif self._permits(fluid, temp):
                fluid.start(temp)
                self.last[temp] = fluid.now
                again = min(again, fluid.now + self.poll)
        return again

    def guard(self, fluid: Fluid, through: list[Plot]) -> None:
        """It pauses nobody."""

    def _permits(self, fluid: Fluid, temp: str) -> bool:
        plots = [plot for plot in fluid.plots if plot.temp == temp]
        first = [plot for plot in fluid.plots if phase(plot)[0] == 1]
        return (
            len(fluid.plots) < self.most
            and len(first) < self.phase_1
            and sum(plot.temp == temp for plot in first) < self.phase_1_here
            and sum(phase(plot)[0] < self.early for plot in plots) < self.here[temp]
            and len(plots) < self.with_early[temp]
        )


def static_slots(rig: Rig) -> dict[str, int]:
    """How many plots fit on each temp drive if all peak at once."""
    return {one.path: one.size // rig.peak for one in rig.machine.temps}


def plotman_defaults(rig: Rig) -> Plotman:
    """As it ships."""
    return Plotman(per_folder={})


def swar_defaults(rig: Rig) -> Swar:
    """As it ships, with so many plots a drive as surely fit."""
    slots = static_slots(rig)
    return Swar(
        here={temp: min(6, fits) for temp, fits in slots.items()},
        with_early={temp: min(7, fits) for temp, fits in slots.items()},
    )


def plotman_settings(rig: Rig, luck: random.Random) -> Plotman:
    """Random settings, as somebody might try them."""
    milestones: list[Phase] = [(1, 3), (1, 5), (2, 1), (2, 3), (3, 1), (3, 3), (3, 5), (4, 1)]
    more = luck.choice([0, 0, 1, 2, 3])
    return Plotman(
        stagger=luck.choice([1, 5, 8, 10, 12, 15, 20, 30, 40, 50, 60]),
        most=rig.slots,
        milestone=luck.choice(milestones),
        limit=luck.choice([1, 1, 2, 3, 4, 5, 6]),
        per_folder={t: n + min(more, 1 if n == 1 else more) for t, n in static_slots(rig).items()},
        name="plotman, best of tried",
    )


def swar_settings(rig: Rig, luck: random.Random) -> Swar:
    """Random settings, as somebody might try them."""
    more, early = luck.choice([0, 0, 1, 2]), luck.choice([0, 0, 1])
    here = {t: n + min(more, 1 if n == 1 else more) for t, n in static_slots(rig).items()}
    return Swar(
        most=rig.slots,
        phase_1=luck.choice([2, 3, 4, 5, 6, 8, 12, 16]),
        phase_1_here=luck.choice([1, 2, 3, 4, 6]),
        between=luck.choice([0, 5, 10, 20]),
        stagger=luck.choice([5, 10, 20, 30, 45, 60, 90, 120]),
        early=luck.choice([3, 4]),
        here=here,
        with_early={temp: fits + early for temp, fits in here.items()},
        name="Swar, best of tried",
    )
