"""What a move is, and what every kind of destination can do.

Sizes are bytes, times are aware and in UTC, rates are bytes per second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from plotobot.engine.models import MoveState as MoveState
from plotobot.errors import PlotobotError


class Verify(StrEnum):
    """How a copy is compared with its source before the source goes."""

    FULL = "full"
    SAMPLE = "sample"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Ident:
    """What tells a source file from another one, or from itself after a change."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """One plot to be taken somewhere."""

    id: str
    source: Path
    ident: Ident
    verify: Verify = Verify.FULL
    bandwidth: int | None = None
    """Bytes per second at most; None is as fast as the disks go."""
    reserve: int = 0
    """Bytes to be left free on the destination."""


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a destination."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Step:
    """How far a move is: told a few times a second at most."""

    state: MoveState
    done: int
    """Bytes of this state's work that are done, 0 to the file's size."""
    left: int | None = None
    """Bytes of room that it may still take at the destination; None where nobody can tell."""
    free: int | None = None
    """Bytes that were free there when `left` was already so; None where nobody can tell."""


@dataclass(frozen=True, slots=True)
class Landed:
    """A move that is done: the plot stands there whole, the source is gone."""

    path: str
    """Where, as people name it: a path or an rsync address without secrets."""
    size: int
    resumed_from: int = 0
    """Bytes that an earlier try had brought there already."""
    renamed: bool = False
    """Whether it stayed on its file system, so that nothing was copied."""


class Destination(Protocol):
    """A place that takes plots: a folder, or an rsync address."""

    @property
    def name(self) -> str:
        """What the farmer wrote, without secrets."""
        ...

    @property
    def disk(self) -> str:
        """Tells physical disks (or hosts) apart, so that one is not written to twice at once."""
        ...

    async def space(self) -> Space | None:
        """Free and total bytes, asked so that a mount which hangs holds up nobody; None if unknown.

        Raises:
            DestinationAway: it is not there, or does not answer; the reason is in words.
        """
        ...

    async def discard(self, order: MoveOrder) -> None:
        """Remove what an order that failed has left there, where that can be done.

        Raises:
            DestinationAway: it is not there or does not answer.
            MoveRefused: the plot has landed already, or the destination refuses.
        """
        ...

    async def carry(self, order: MoveOrder, told: Callable[[Step], None]) -> Landed:
        """Take the plot there, prove it whole, and only then remove the source.

        Giving the same order again goes on where an earlier try was left, however it ended.
        Cancelling it stops the copy within seconds and keeps what is needed to go on.

        Raises:
            MoveRefused: it cannot be done so, now or ever; the source is kept.
            DestinationAway: the destination went away, or hangs; the same order may be given again.
            MoveDelayed: it cannot go on now for another reason; likewise.
        """
        ...


class MoveRefused(PlotobotError):  # noqa: N818 - it reads as what it is
    """A move that cannot be made; its text is one sentence: what, where, what to do."""

    def __init__(self, text: str, *, full: bool = False, by_place: bool = False) -> None:
        super().__init__(text)
        self.full = full
        """Whether the destination has no room for it."""
        self.by_place = by_place or full
        """Whether the destination would refuse any other plot as well."""


class DestinationAway(PlotobotError):  # noqa: N818 - it reads as what it is
    """A destination that is not there or does not answer, in one sentence."""


class MoveDelayed(PlotobotError):  # noqa: N818 - it reads as what it is
    """A move that cannot go on now, in one sentence; nothing is known against its destination.

    The source's drive is away or hangs, or an earlier try of the same move has not ended.
    """
