"""Decides where plots start. Pure: no clock, no disk, no await.

A pass judges every temp drive on its own, the one with the fewest jobs first, and again after each
start, until no drive may take another. A rule is a function that says why a drive has to wait, or
None; adding a rule is writing one and naming it in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plotobot.engine.config import Limits
from plotobot.engine.models import GIB, Drive, DriveKind, Hold, Job
from plotobot.engine.space import Ledger
from plotobot.plotters.base import Needs


@dataclass(frozen=True, slots=True)
class Rules:
    """What the farmer allows, and what one plot takes."""

    limits: Limits
    needs: Needs
    k: int
    reserve: int = 0
    """Bytes kept free on every file system."""


@dataclass(frozen=True, slots=True)
class World:
    """All that a decision rests on."""

    now: datetime
    drives: Sequence[Drive]
    jobs: Sequence[Job]
    """The live ones."""
    spawned: int = 0
    """Jobs started of the present quota."""
    spawning: bool = True
    resting: Mapping[str, datetime] = field(default_factory=dict)
    """Until when temp drives rest after failed plots."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start a plot with these folders."""

    temp: str
    out: str
    temp2: str | None
    needs: Needs
    k: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass decided: plots to start, and for every drive why it got no more."""

    starts: tuple[Start, ...]
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One temp drive in one moment of a pass."""

    drive: Drive
    world: World
    rules: Rules
    ledger: Ledger

    def on_drive(self) -> int:
        """Live jobs on this drive."""
        return sum(job.temp == self.drive.path for job in self.world.jobs)


def plan(world: World, rules: Rules) -> Plan:
    """Decide which plots start now and what holds each drive after that."""
    starts: list[Start] = []
    while True:
        start, holds = _next_start(world, rules)
        if start is None:
            return Plan(tuple(starts), holds)
        starts.append(start)
        job = _as_job(start, len(starts))
        world = replace(world, jobs=[*world.jobs, job], spawned=world.spawned + 1)


def _next_start(world: World, rules: Rules) -> tuple[Start | None, tuple[Hold, ...]]:
    """Give the first drive that may start a plot its start, else all their reasons."""
    ledger = Ledger.of(world.drives, world.jobs, rules.reserve)
    cases = [
        Case(drive, world, rules, ledger) for drive in world.drives if drive.kind is DriveKind.TEMP
    ]
    if not cases:
        return None, (Hold("", "no_temp_drive", "no temp drive is configured"),)
    holds: list[Hold] = []
    for case in sorted(cases, key=_least_busy_first):
        hold = _first_hold(case)
        if hold is None:
            return _start(case), ()
        holds.append(hold)
    order = [case.drive.path for case in cases]
    return None, tuple(sorted(holds, key=lambda hold: order.index(hold.drive)))


def _least_busy_first(case: Case) -> tuple[int, int]:
    return case.on_drive(), -case.ledger.room(case.drive)


def _first_hold(case: Case) -> Hold | None:
    for name, rule in RULES:
        reason = rule(case)
        if reason:
            until = case.world.resting.get(case.drive.path) if rule is _resting else None
            return Hold(case.drive.path, name, reason, until)
    return None


def _start(case: Case) -> Start:
    out = _out_drive(case)
    if out is None:  # the rule "no_out_drive" has been asked before
        raise AssertionError("a start without an out drive")
    temp2 = _temp2_drive(case)
    temp2_path = temp2.path if temp2 else None
    return Start(case.drive.path, out.path, temp2_path, case.rules.needs, case.rules.k)


def _out_drive(case: Case) -> Drive | None:
    """The out drive with the most room left after all promises, if the plot fits on it."""
    drive = _roomiest(case, DriveKind.OUT)
    if drive is None:
        return None
    if drive.filesystem == case.drive.filesystem:
        return drive  # the plot is renamed there, within the space it takes on temp
    return drive if case.ledger.room(drive) >= case.rules.needs.out else None


def _temp2_drive(case: Case) -> Drive | None:
    """The roomiest temp2 drive; None where none has room, and the job then does without."""
    drive = _roomiest(case, DriveKind.TEMP2)
    if drive is None or case.ledger.room(drive) < case.rules.needs.temp2:
        return None
    return drive


def _roomiest(case: Case, kind: DriveKind) -> Drive | None:
    usable = [drive for drive in case.world.drives if drive.kind is kind and not drive.problem]
    return max(usable, key=case.ledger.room, default=None)


def _as_job(start: Start, number: int) -> Job:
    """A start counted as a job for the rest of the pass."""
    return Job(
        id=f"planned-{number}",
        plotter="",
        k=start.k,
        temp=start.temp,
        temp2=start.temp2,
        out=start.out,
        temp_need=start.needs.temp,
        temp2_need=start.needs.temp2 if start.temp2 else 0,
        out_need=start.needs.out,
    )


# --- the rules: each says why this drive has to wait, or None ------------------------------------


def _paused(case: Case) -> str | None:
    return None if case.world.spawning else "spawning is paused; `/spawn start` lets it go on"


def _quota(case: Case) -> str | None:
    count = case.rules.limits.count
    if count is None or case.world.spawned < count:
        return None
    return f"all {count} plots of the quota are started; `/spawn start` opens a new one"


def _drive_problem(case: Case) -> str | None:
    return case.drive.problem


def _resting(case: Case) -> str | None:
    rests = case.drive.path in case.world.resting
    return "the last plot on this drive failed; it rests before the next try" if rests else None


def _max_parallel(case: Case) -> str | None:
    running, most = len(case.world.jobs), case.rules.limits.max_parallel
    return f"{running} of at most {most} jobs run in all" if running >= most else None


def _max_parallel_per_drive(case: Case) -> str | None:
    running, most = case.on_drive(), case.rules.limits.max_parallel_per_drive
    return f"{running} of at most {most} jobs run on this drive" if running >= most else None


def _temp_space(case: Case) -> str | None:
    room, need = case.ledger.room(case.drive), case.rules.needs.temp
    if room >= need:
        return None
    return (
        f"{_gib(room)} are left after running jobs and the reserve; "
        f"a k{case.rules.k} plot takes {_gib(need)}"
    )


def _no_out_drive(case: Case) -> str | None:
    if _out_drive(case):
        return None
    drives = [drive for drive in case.world.drives if drive.kind is DriveKind.OUT]
    if not drives:
        return "no out drive is configured"
    rooms = ", ".join(
        f"{drive.path}: {drive.problem or _gib(case.ledger.room(drive))}" for drive in drives
    )
    return f"no out drive has the {_gib(case.rules.needs.out)} a plot takes ({rooms})"


RULES: tuple[tuple[str, Callable[[Case], str | None]], ...] = (
    ("paused", _paused),
    ("quota", _quota),
    ("drive_problem", _drive_problem),
    ("resting", _resting),
    ("max_parallel", _max_parallel),
    ("max_parallel_per_drive", _max_parallel_per_drive),
    ("temp_space", _temp_space),
    ("no_out_drive", _no_out_drive),
)
"""In the order they are asked; the first that holds a drive is the one people are told."""


def _gib(size: int) -> str:
    size = max(0, size)
    return f"{size / GIB:.1f} GiB" if size >= GIB / 10 else f"{size / 1024**2:.0f} MiB"
