"""What no schedule can exceed: plots a day that cores, memory and drives are enough for. Pure.

Each resource is taken as a fluid: as if it could be shared out without a rest. So the bound is
safe, and out of reach by a little: of 3.9 plots' worth of room only three plots peak at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plotobot.engine.auto.profile import StageProfile

DAY = 86_400.0
SMT = 1.25
"""What two threads of one core do together, beside one alone: an assumption, not a measurement."""


@dataclass(frozen=True, slots=True)
class TempDrive:
    """What a temp drive has to give."""

    path: str
    size: int
    """Bytes."""
    rate: float
    """Bytes a second, read and written together; `inf` where nobody knows."""


@dataclass(frozen=True, slots=True)
class OutDrive:
    """What an out drive has to give."""

    path: str
    rate: float
    size: int = 0
    """Bytes; 0 has room without end, as where plots are moved on at once."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has for plotting."""

    cores: float
    """Effective ones: physical cores times `SMT`."""
    memory: float
    """Bytes for plots."""
    temps: Sequence[TempDrive]
    outs: Sequence[OutDrive] = ()

    def slots(self, profile: StageProfile) -> int:
        """How many plots the memory holds at once; one at least."""
        return max(1, int(self.memory // profile.memory)) if profile.memory else 1000


@dataclass(frozen=True, slots=True)
class Bound:
    """Plots a day that each resource allows by itself."""

    parts: tuple[tuple[str, float], ...]

    @property
    def plots_a_day(self) -> float:
        """What all of them together allow at most."""
        return min(value for _, value in self.parts)

    @property
    def binds(self) -> str:
        """Which resource allows least."""
        return min(self.parts, key=lambda part: part[1])[0]


def bound(machine: Machine, profile: StageProfile, peak: float, plot: float) -> Bound:
    """The bound of a machine for one kind of plot.

    Args:
        machine: what there is.
        profile: how the plots go.
        peak: bytes one takes on temp at its peak.
        plot: bytes of a finished plot.
    """
    room = profile.room * peak
    temp = sum(min(one.rate / profile.traffic, one.size / room) for one in machine.temps)
    space = sum(one.size / room for one in machine.temps)
    out = sum(one.rate for one in machine.outs) / plot if machine.outs else float("inf")
    parts = (
        ("CPU", machine.cores / profile.work),
        ("memory", machine.slots(profile) / profile.total),
        ("temp space" if space <= temp * 1.0001 else "temp drives", temp),
        ("out drives", out),
    )
    return Bound(tuple((name, value * DAY) for name, value in parts))
