"""Decides where plots start. Pure: no clock, no disk, no await.

A pass judges every temp drive on its own, the one with the fewest jobs first, and again after each
start, until no drive may take another. A rule is a function that says why a drive has to wait (and
until when, where that is known), or None; adding a rule is writing one and naming it in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from plotobot.engine.choice import Choice
from plotobot.engine.config import Limits
from plotobot.engine.failing import ONE_KIND
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
    starts: Sequence[tuple[str, datetime]] = ()
    """Temp drive and moment of every start that a wait may still count from."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """Kinds of plot that are not started after repeated failures, each with why."""


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

    @property
    def choice(self) -> Choice:
        """What there is to choose from."""
        return Choice(self.world.drives, self.world.jobs, self.ledger, self.rules.needs)

    def on_drive(self) -> list[Job]:
        """Live jobs on this drive."""
        return [job for job in self.world.jobs if job.temp == self.drive.path]


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a drive has to wait, and until when where that is known."""

    reason: str
    until: datetime | None = None


def starts_of(jobs: Iterable[Job]) -> list[tuple[str, datetime]]:
    """Temp drive and moment of every plot that was started, or is being started just now."""
    moments = (
        (job, job.started_at or (job.created_at if job.state.live else None)) for job in jobs
    )
    return [(job.temp, moment) for job, moment in moments if moment]


def plan(world: World, rules: Rules) -> Plan:
    """Decide which plots start now and what holds each drive after that."""
    starts: list[Start] = []
    while True:
        start, holds = _next_start(world, rules)
        if start is None:
            return Plan(tuple(starts), holds)
        starts.append(start)
        job = _as_job(start, len(starts))
        world = replace(
            world,
            jobs=[*world.jobs, job],
            spawned=world.spawned + 1,
            starts=[*world.starts, (start.temp, world.now)],
        )


def _next_start(world: World, rules: Rules) -> tuple[Start | None, tuple[Hold, ...]]:
    """Give the first drive that may start a plot its start, else all their reasons."""
    ledger = Ledger.of(world.drives, world.jobs, rules.reserve)
    cases = [
        Case(drive, world, rules, ledger) for drive in world.drives if drive.kind is DriveKind.TEMP
    ]
    if not cases:
        return None, (Hold("", "no_temp_drive", "no temp drive is configured"),)
    holds: list[Hold] = []
    for case in sorted(cases, key=lambda case: case.choice.temp_order(case.drive)):
        hold = _first_hold(case)
        if hold is None:
            return _start(case), ()
        holds.append(hold)
    order = [case.drive.path for case in cases]
    return None, tuple(sorted(holds, key=lambda hold: order.index(hold.drive)))


def _first_hold(case: Case) -> Hold | None:
    for name, rule in RULES:
        if wait := rule(case):
            return Hold(case.drive.path, name, wait.reason, wait.until)
    return None


def _start(case: Case) -> Start:
    out, temp2 = case.choice.out_for(case.drive), case.choice.temp2()
    if out is None:  # the rule "no_out_drive" has been asked before
        raise AssertionError("a start without an out drive")
    temp2_path = temp2.path if temp2 else None
    return Start(case.drive.path, out.path, temp2_path, case.rules.needs, case.rules.k)


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


def _paused(case: Case) -> Wait | None:
    return None if case.world.spawning else Wait("spawning is paused; `/spawn start` lets it go on")


def _quota(case: Case) -> Wait | None:
    count = case.rules.limits.count
    if count is None or case.world.spawned < count:
        return None
    return Wait(f"all {count} plots of the quota are started; `/spawn start` opens a new one")


def _drive_problem(case: Case) -> Wait | None:
    return Wait(case.drive.problem) if case.drive.problem else None


def _resting(case: Case) -> Wait | None:
    until = case.world.resting.get(case.drive.path)
    reason = "the last plot on this drive failed; it rests before the next try"
    return Wait(reason, until) if until else None


def _failing(case: Case) -> Wait | None:
    reason = case.world.failing.get(ONE_KIND)
    return Wait(reason) if reason else None


def _max_parallel(case: Case) -> Wait | None:
    return _too_many(case, case.world.jobs, case.rules.limits.max_parallel, "in all")


def _max_parallel_per_drive(case: Case) -> Wait | None:
    most = case.rules.limits.max_parallel_per_drive
    return _too_many(case, case.on_drive(), most, "on this drive")


def _too_many(case: Case, jobs: Sequence[Job], most: int, where: str) -> Wait | None:
    """Hold where so many jobs run; those past the phase to start early after do not count."""
    early = case.rules.limits.start_early_phase
    past = sum(job.phase > early for job in jobs) if early else 0
    if len(jobs) - past < most:
        return None
    beside = f", beside {past} past phase {early}" if past else ""
    return Wait(f"{len(jobs) - past} of at most {most} jobs run {where}{beside}")


def _max_phase_1(case: Case) -> Wait | None:
    return _too_many_in_phase_1(case.world.jobs, case.rules.limits.max_phase_1, "in all")


def _max_phase_1_per_drive(case: Case) -> Wait | None:
    most = case.rules.limits.max_phase_1_per_drive
    return _too_many_in_phase_1(case.on_drive(), most, "on this drive")


def _too_many_in_phase_1(jobs: Sequence[Job], most: int | None, where: str) -> Wait | None:
    running = sum(job.phase <= 1 for job in jobs)  # one that was just started is on its way there
    if most is None or running < most:
        return None
    return Wait(f"{running} of at most {most} jobs are in phase 1 {where}")


def _wait_between_drives(case: Case) -> Wait | None:
    others = [start for start in case.world.starts if start[0] != case.drive.path]
    wait = case.rules.limits.wait_between_drives
    return _too_soon(case.world.now, others, wait, "starts on different drives")


def _wait_same_drive(case: Case) -> Wait | None:
    own = [start for start in case.world.starts if start[0] == case.drive.path]
    wait = case.rules.limits.wait_same_drive
    return _too_soon(case.world.now, own, wait, "starts on one drive")


def _too_soon(
    now: datetime, starts: Sequence[tuple[str, datetime]], wait: float, what: str
) -> Wait | None:
    """Hold until the last of these starts is so many seconds old."""
    apart = timedelta(seconds=wait)
    # A start farther ahead than the wait is one of a clock that was wrong, not one to wait for.
    recent = [(moment, temp) for temp, moment in starts if abs(now - moment) < apart]
    if not recent:
        return None
    moment, temp = max(recent)
    ago = _minutes(max(0.0, (now - moment).total_seconds()))
    reason = f"a plot was started on {temp} {ago} ago; {_minutes(wait)} must pass between {what}"
    return Wait(reason, moment + apart)


def _temp_space(case: Case) -> Wait | None:
    room, need = case.ledger.room(case.drive), case.rules.needs.temp
    if room >= need:
        return None
    return Wait(
        f"{_gib(room)} are left after running jobs and the reserve; "
        f"a k{case.rules.k} plot takes {_gib(need)}"
    )


def _no_out_drive(case: Case) -> Wait | None:
    if case.choice.out_for(case.drive):
        return None
    drives = [drive for drive in case.world.drives if drive.kind is DriveKind.OUT]
    if not drives:
        return Wait("no out drive is configured")
    rooms = ", ".join(
        f"{drive.path}: {drive.problem or _gib(case.ledger.room(drive))}" for drive in drives
    )
    return Wait(f"no out drive has the {_gib(case.rules.needs.out)} a plot takes ({rooms})")


RULES: tuple[tuple[str, Callable[[Case], Wait | None]], ...] = (
    ("paused", _paused),
    ("quota", _quota),
    ("drive_problem", _drive_problem),
    ("failing", _failing),
    ("resting", _resting),
    ("max_parallel", _max_parallel),
    ("max_parallel_per_drive", _max_parallel_per_drive),
    ("max_phase_1", _max_phase_1),
    ("max_phase_1_per_drive", _max_phase_1_per_drive),
    ("wait_between_drives", _wait_between_drives),
    ("wait_same_drive", _wait_same_drive),
    ("temp_space", _temp_space),
    ("no_out_drive", _no_out_drive),
)
"""In the order they are asked; the first that holds a drive is the one people are told."""


def _gib(size: int) -> str:
    size = max(0, size)
    return f"{size / GIB:.1f} GiB" if size >= GIB / 10 else f"{size / 1024**2:.0f} MiB"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"
