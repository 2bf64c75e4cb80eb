"""The rules: each says why a temp drive has to wait with a kind of plot, or None. Pure.

Adding a rule is writing one and naming it in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotobot.engine.case import Case, Kind
from plotobot.engine.choice import keeps
from plotobot.engine.models import GIB, Job


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a drive has to wait, and until when where that is known."""

    reason: str
    until: datetime | None = None


def _paused(case: Case) -> Wait | None:
    return None if case.world.spawning else Wait("spawning is paused; `/spawn start` lets it go on")


def _until(case: Case) -> Wait | None:
    until = case.world.until
    if until is None or case.world.now < until:
        return None
    return Wait("the time is over that plots were to be started in; `/spawn start` opens a new one")


def _quota(case: Case) -> Wait | None:
    count = case.limits.count
    if count is None or case.world.spawned < count:
        return None
    return Wait(f"all {count} plots of the quota are started; `/spawn start` opens a new one")


def _profile_quota(case: Case) -> Wait | None:
    if not _all_started(case, case.kind):
        return None
    name, count = case.kind.name, case.kind.profile.count
    # While others have plots to start, `/spawn start` only lets those go on.
    alone = all(_all_started(case, kind) for kind in case.rules.kinds)
    how = "`/spawn start` opens new ones" if alone else "`/spawn start` with a count opens new ones"
    return Wait(f"all {count} plots of {name} are started; {how}")


def _all_started(case: Case, kind: Kind) -> bool:
    count = kind.profile.count
    return count is not None and case.world.spawned_of.get(kind.name, 0) >= count


def _profile_drives(case: Case) -> Wait | None:
    if keeps(case.kind.profile.temp, case.drive):
        return None
    return Wait(f"{case.kind.name} plots on other temp drives")


def _state_disk(case: Case) -> Wait | None:
    return Wait(case.world.state_disk) if case.world.state_disk else None


def _plotter_missing(case: Case) -> Wait | None:
    missing = case.world.missing.get(case.kind.name)
    return Wait(missing) if missing else None


def _drive_problem(case: Case) -> Wait | None:
    return Wait(case.drive.problem) if case.drive.problem else None


def _resting(case: Case) -> Wait | None:
    until = case.world.resting.get(case.drive.path)
    reason = "the last plot on this drive failed; it rests before the next try"
    return Wait(reason, until) if until else None


def _failing(case: Case) -> Wait | None:
    reason = case.world.failing.get(case.kind.name)
    return Wait(reason) if reason else None


def _max_parallel(case: Case) -> Wait | None:
    return _too_many(case, case.world.jobs, case.limits.max_parallel, "in all")


def _max_parallel_per_drive(case: Case) -> Wait | None:
    return _too_many(case, case.on_drive(), case.here.max_parallel, "on this drive")


def _profile_max_parallel(case: Case) -> Wait | None:
    most = case.kind.profile.max_parallel
    if most is None:
        return None
    return _too_many(case, case.of_kind(), most, f"of {case.kind.name}")


def _profile_max_parallel_per_drive(case: Case) -> Wait | None:
    most = case.kind.profile.max_parallel_per_drive
    if most is None:
        return None
    here = [job for job in case.of_kind() if job.temp == case.drive.path]
    return _too_many(case, here, most, f"of {case.kind.name} on this drive")


def _too_many(case: Case, jobs: Sequence[Job], most: int | None, where: str) -> Wait | None:
    """Hold where so many jobs run; those past the phase to start early after do not count."""
    early = case.limits.start_early_phase
    past = sum(job.phase > early for job in jobs) if early else 0
    if most is None or len(jobs) - past < most:
        return None
    beside = f", beside {past} past phase {early}" if past else ""
    return Wait(f"{len(jobs) - past} of at most {most} jobs run {where}{beside}")


def _max_in_phase(case: Case) -> Wait | None:
    return _too_many_in_phase(case.world.jobs, case.limits.max_in_phase, "in all")


def _max_in_phase_per_drive(case: Case) -> Wait | None:
    return _too_many_in_phase(case.on_drive(), case.here.max_in_phase, "on this drive")


def _too_many_in_phase(jobs: Sequence[Job], caps: Mapping[int, int], where: str) -> Wait | None:
    """Hold where a phase is full, counting those that are still on their way to it."""
    for phase, most in sorted(caps.items()):
        running = sum(job.phase <= phase for job in jobs)
        if running >= most:
            before = "" if phase == 1 else " or before it"
            return Wait(f"{running} of at most {most} jobs are in phase {phase}{before} {where}")
    return None


def _wait_between_drives(case: Case) -> Wait | None:
    others = [start for start in case.world.starts if start[0] != case.drive.path]
    wait = case.limits.wait_between_drives
    return _too_soon(case.world.now, others, wait, "starts on different drives")


def _wait_same_drive(case: Case) -> Wait | None:
    own = [start for start in case.world.starts if start[0] == case.drive.path]
    return _too_soon(case.world.now, own, case.here.wait or 0.0, "starts on one drive")


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
    room, need = case.ledger.room(case.drive), case.kind.needs.temp
    if room >= need:
        return None
    return Wait(
        f"{gib(room)} are left after running jobs and the reserve; "
        f"a k{case.kind.profile.plot.k} plot takes {gib(need)}"
    )


def _replot_halted(case: Case) -> Wait | None:
    reason = case.world.replot_halted
    if reason is None or case.choice.folders(case.drive):
        return None
    return Wait(f"no out drive has room, and replot drives take no plot: {reason}")


def _no_out_drive(case: Case) -> Wait | None:
    if case.choice.folders(case.drive):
        return None
    drives = case.choice.outs()
    if not drives:
        return Wait("no out drive is configured")
    rooms = ", ".join(
        f"{drive.path}: {drive.problem or gib(case.ledger.room(drive))}" for drive in drives
    )
    return Wait(f"no out drive has the {gib(case.kind.needs.out)} a plot takes ({rooms})")


RuleTable = tuple[tuple[str, Callable[[Case], Wait | None]], ...]
RULES: RuleTable = (
    ("paused", _paused),
    ("until", _until),
    ("quota", _quota),
    ("profile_drives", _profile_drives),
    ("profile_quota", _profile_quota),
    ("state_disk", _state_disk),
    ("plotter_missing", _plotter_missing),
    ("drive_problem", _drive_problem),
    ("failing", _failing),
    ("resting", _resting),
    ("max_parallel", _max_parallel),
    ("max_parallel_per_drive", _max_parallel_per_drive),
    ("profile_max_parallel", _profile_max_parallel),
    ("profile_max_parallel_per_drive", _profile_max_parallel_per_drive),
    ("max_in_phase", _max_in_phase),
    ("max_in_phase_per_drive", _max_in_phase_per_drive),
    ("wait_between_drives", _wait_between_drives),
    ("wait_same_drive", _wait_same_drive),
    ("temp_space", _temp_space),
    ("replot_halted", _replot_halted),
    ("no_out_drive", _no_out_drive),
)
"""In the order they are asked; the first that holds a drive is the one people are told."""


def gib(size: int) -> str:
    """A size as people say it; what is below nothing is nothing."""
    size = max(0, size)
    return f"{size / GIB:.1f} GiB" if size >= GIB / 10 else f"{size / 1024**2:.0f} MiB"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"
