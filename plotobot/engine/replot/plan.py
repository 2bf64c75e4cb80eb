"""The plan: which old plots go first, what comes for them, and how long that takes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotobot.engine.inventory.plot import Plot, Total
from plotobot.engine.models import Drive
from plotobot.engine.replot.judgement import Ground, Kept, judge
from plotobot.engine.replot.rule import Rule

_DAY = timedelta(days=1)
_NO_LEVEL = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """What the plan reckons with."""

    now: datetime
    new_size: int
    """Bytes that one new plot takes where it will lie; above 0."""
    reserve: int = 0
    """Bytes to keep free on each file system."""
    rate: float | None = None
    """New plots a day; None where no rate is known yet."""
    by: datetime | None = None
    """When all shall be done."""
    most: int | None = None
    """Bytes to free at most in all; None means all that is old."""


@dataclass(frozen=True, slots=True)
class Step:
    """One old plot that goes; everything a deletion must find unchanged is in `plot`."""

    number: int
    """From 1, in the order of the plan."""
    plot: Plot

    @property
    def frees(self) -> int:
        """Bytes."""
        return self.plot.size


@dataclass(frozen=True, slots=True)
class DrivePlan:
    """What happens on one drive."""

    drive: str
    old: int
    frees: int
    """Bytes of its old plots."""
    free: int
    """Bytes free there now beside the reserve; 0 on all but one of several drives that share a
    file system."""
    new: int
    """New plots that fit into both."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    terms: Terms
    steps: tuple[Step, ...] = ()
    """Uncompressed plots first, then by level; the oldest of each first."""
    drives: tuple[DrivePlan, ...] = ()
    kept: Mapping[Ground, Total] | None = None
    """The plots that stay, by why."""

    @property
    def frees(self) -> int:
        """Bytes of all old plots in the plan."""
        return sum(step.frees for step in self.steps)

    @property
    def new(self) -> int:
        """How many new plots fit in the end."""
        return sum(drive.new for drive in self.drives)

    @property
    def days(self) -> float | None:
        """How long the new plots take at the rate; None where none is known."""
        return self.new / self.terms.rate if self.terms.rate else None

    @property
    def done(self) -> datetime | None:
        """When it is done if it begins now; None where that is not known."""
        return None if self.days is None else _after(self.terms.now, self.days)

    @property
    def start_by(self) -> datetime | None:
        """When to begin so as to be done in time; in the past where it is too late."""
        if self.days is None or self.terms.by is None:
            return None
        return _after(self.terms.by, -self.days)

    @property
    def needed_rate(self) -> float | None:
        """Plots a day that are needed from now on; None without a date to be done by."""
        if self.terms.by is None:
            return None
        left = (self.terms.by - self.terms.now) / _DAY
        return self.new / left if left > 0 else float("inf")


def plan(plots: Iterable[Plot], drives: Sequence[Drive], rule: Rule, terms: Terms) -> Plan:
    """Lay out a replot.

    Args:
        plots: the inventory; each file once.
        drives: as of the last look, for their free space.
        rule: what is old.
        terms: what to reckon with.
    """
    old: list[Plot] = []
    kept: defaultdict[Ground, list[Plot]] = defaultdict(list)
    for plot in {plot.path: plot for plot in plots}.values():
        judged = judge(plot, rule)
        kept[judged.ground].append(plot) if isinstance(judged, Kept) else old.append(plot)
    chosen = _within(sorted(old, key=turn), terms.most)
    return Plan(
        terms=terms,
        steps=tuple(Step(number, plot) for number, plot in enumerate(chosen, 1)),
        drives=tuple(_by_drive(chosen, drives, terms)),
        kept={
            ground: Total(ground, len(those), sum(plot.size for plot in those))
            for ground in Ground
            if (those := kept.get(ground))
        },
    )


def turn(plot: Plot) -> tuple[int, int, str]:
    """Sorts old plots: no compression first, then the lowest level, then the oldest file."""
    level = _NO_LEVEL if plot.compression is None else plot.compression
    return level, plot.mtime_ns, plot.path


def to_free(steps: Iterable[Step], drive: str, need: int) -> tuple[Step, ...]:
    """The steps that must be taken to gain some room on a drive: in order, and no more of them.

    Args:
        steps: of the plan.
        drive: the drive's folder.
        need: bytes to gain; nothing is taken for 0 or less.

    Returns:
        The fewest of the drive's first steps that gain it; none where all of them would not do.
    """
    taken: list[Step] = []
    gained = 0
    for step in steps:
        if gained >= need:
            break
        if step.plot.drive == drive:
            taken.append(step)
            gained += step.frees
    return tuple(taken) if gained >= need else ()


def _within(plots: Sequence[Plot], most: int | None) -> list[Plot]:
    """As many of the first as together free no more than asked."""
    if most is None:
        return list(plots)
    taken: list[Plot] = []
    room = most
    for plot in plots:
        if plot.size > room:
            break
        taken.append(plot)
        room -= plot.size
    return taken


def _by_drive(plots: Iterable[Plot], drives: Sequence[Drive], terms: Terms) -> Iterable[DrivePlan]:
    by_path = {drive.path: drive for drive in drives}
    groups: defaultdict[str, list[Plot]] = defaultdict(list)
    for plot in plots:
        groups[plot.drive].append(plot)
    counted: set[str] = set()
    for path, old in sorted(groups.items()):
        drive = by_path.get(path)
        free = _free(drive, counted, terms.reserve) if drive else 0
        frees = sum(plot.size for plot in old)
        yield DrivePlan(path, len(old), frees, free, (frees + free) // terms.new_size)


def _free(drive: Drive, counted: set[str], reserve: int) -> int:
    """What is free on a drive, once for each file system."""
    if drive.problem or drive.filesystem in counted:
        return 0
    counted.add(drive.filesystem)
    return max(0, drive.free - reserve)


def _after(moment: datetime, days: float) -> datetime | None:
    try:
        return moment + timedelta(days=days)
    except OverflowError:  # beyond the calendar, which is never
        return None
