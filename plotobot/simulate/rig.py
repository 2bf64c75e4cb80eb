"""What is simulated: a machine and the kind of plots it makes, and the accidents of a run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plotobot.engine.auto.bound import Bound, Machine, OutDrive, bound
from plotobot.engine.auto.profile import StageProfile


@dataclass(frozen=True, slots=True)
class Rig:
    """A machine, and the one kind of plot it makes."""

    name: str
    machine: Machine
    profile: StageProfile
    peak: int
    """Bytes that a plot takes on temp at its peak."""
    plot: int
    """Bytes of a finished plot."""
    k: int = 32
    plotter: str = "chia"
    contention: float = 0.0
    """How much slower a temp drive gets for each plot on it beyond two; 0.08 means 8 %."""

    @property
    def slots(self) -> int:
        """How many plots the memory holds."""
        return self.machine.slots(self.profile)

    @property
    def bound(self) -> Bound:
        """What no schedule can exceed."""
        return bound(self.machine, self.profile, self.peak, self.plot)

    @property
    def outs(self) -> Sequence[OutDrive]:
        """The out drives; where none is told, one as fast as the copy of the profile needs."""
        copy = self.profile.stages[-1]
        return self.machine.outs or (OutDrive("/out", self.plot / copy.seconds),)


@dataclass(frozen=True, slots=True)
class Span:
    """How long is simulated, and with what luck."""

    days: float = 12.0
    warm_up: float = 4.0
    """Days at the beginning that do not count."""
    seed: int = 5
    noise: float = 0.05
    """How much the plots' times differ: the standard deviation, as a share."""
