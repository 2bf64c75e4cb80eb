"""Decides whether an old plot goes now for a new one. Pure: no clock, no disk, no await.

Before: a live job comes to the point where its plot needs the room on its drive, and the room is
short by the plot's real size. After: a job's plot stands and has been checked, and the room for one
more is short. In both cases one plot goes at a time, only of those that the job was given at its
start, and no more than gain the room.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from plotobot.engine.inventory.plot import Plot
from plotobot.engine.models import Job, JobState
from plotobot.engine.replot.arming import HOUR, Armed, Mode, ReplotRules
from plotobot.engine.replot.journal import Entry, Fate
from plotobot.engine.replot.plan import Step, to_free

NEEDS_ROOM_FROM = 4
"""The phase from which a plotter may copy at any moment; Ploto deleted from 3.8 on."""


@dataclass(frozen=True, slots=True)
class Delete:
    """This plot goes now."""

    plot: Plot
    verified: bool
    """Whether the new plot stands and was checked."""
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class Purge:
    """This plot goes from quarantine for good, for its room is needed or its time is over."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Check:
    """The new plot is to be checked first."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something would have to go, but not now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Enough:
    """Nothing has to go for this job, or nothing yet."""

    over: bool = False
    """Whether nothing ever will again."""


Action: TypeAlias = Delete | Purge | Check | Wait | Enough


@dataclass(frozen=True, slots=True)
class Scene:
    """One job whose plot goes to a replot drive, and all that a decision on it rests on."""

    now: datetime
    rules: ReplotRules
    armed: Armed
    job: Job
    free: int
    """Bytes free on the drive, beside the reserve; measured before `coming`."""
    coming: int
    """Bytes that the job's plot will still take there: its real size where that is known, less
    what is written; for a plot that stands, what the next one will take."""
    steps: Sequence[Step]
    """The job's old plots that still stand on its drive, in the plan's order."""
    entries: Sequence[Entry]
    """The journal."""
    checked: bool = False
    """Whether the new plot was found sound."""
    short_at_first: int | None = None
    """What was short when the first plot went for this job, if that was in this life."""
    failed: bool = False
    """Whether a plot failed that old ones had gone for, and none has succeeded since."""


def decide(scene: Scene) -> Action:
    """What is to be done for a job now."""
    if scene.job.state.live:
        return _before(scene) if scene.job.phase >= first_phase(scene.job) else Enough()
    if scene.job.state is not JobState.COMPLETED:
        return Enough(over=True)
    return _after(scene)


def first_phase(job: Job) -> int:
    """From which phase on a job may need its room on the out drive."""
    return NEEDS_ROOM_FROM if job.temp_need else 1


def overdue(
    entries: Iterable[Entry], rules: ReplotRules, now: datetime, drives: Collection[str]
) -> Entry | None:
    """The first plot in quarantine on these drives whose time is over."""
    aside = (e for e in entries if e.fate is Fate.QUARANTINED and e.target.drive in drives)
    return next(
        (e for e in aside if (now - (e.ended_at or e.at)).total_seconds() >= rules.quarantine),
        None,
    )


def under(armed: Armed, entries: Iterable[Entry]) -> list[Entry]:
    """What was replaced under an arming; what is unknown counts. Clocks are set back, rows not."""
    spent = (entry for entry in entries if entry.fate.spent)
    if armed.after is None:
        return [entry for entry in spent if entry.at >= armed.at]
    return [entry for entry in spent if entry.number > armed.after]


def owes(armed: Armed, job: Job) -> bool:
    """Whether old plots may have to go for a job; for one that had ended before, none are named."""
    if job.out not in armed.drives or job.state.live:
        return job.out in armed.drives
    since = armed.after is not None or (job.ended_at is not None and job.ended_at >= armed.at)
    return since and bool(job.replaces)


def failed(armed: Armed, jobs: Iterable[Job], entries: Sequence[Entry]) -> bool:
    """Whether the last plot that ended, of those that old ones had gone for, failed."""
    paid = _paid(entries)
    now_paid = _paid(under(armed, entries))  # these count, whatever the clock says
    ended = [
        (job.ended_at, job.state)
        for job in jobs
        if job.ended_at and job.out in armed.drives
        and (job.id in now_paid or (job.ended_at >= armed.at and _tells(job, paid)))
    ]  # fmt: skip
    _, state = max(ended, default=(None, JobState.COMPLETED))
    return state is not JobState.COMPLETED


def _paid(entries: Iterable[Entry]) -> set[str]:
    """The jobs that old plots went for before their own stood."""
    return {entry.job for entry in entries if entry.fate.spent and not entry.verified}


def _tells(job: Job, paid: set[str]) -> bool:
    return job.state is JobState.COMPLETED or job.id in paid


def _before(scene: Scene) -> Action:
    short = scene.coming - scene.free
    if short <= 0:
        return Enough()
    if aside := _aside(scene):
        return Purge(aside[0])
    if scene.rules.mode is Mode.AFTER:
        return Wait("its drive has no room left, and by replot.mode nothing goes before it is done")
    if scene.failed:
        return Wait("the last plot that an old one went for failed; one must succeed first")
    if _gone_for(scene) >= (scene.short_at_first or scene.job.out_need):
        return Wait("enough has gone for it, but the room is not free yet")
    return _first(scene, short, verified=False)


def _after(scene: Scene) -> Action:
    mine = [entry for entry in scene.entries if entry.job == scene.job.id]
    if scene.rules.mode is Mode.BEFORE or not scene.steps:
        return Enough(over=True)
    if any(entry.fate.spent and not entry.verified for entry in mine):
        return Enough(over=True)
    short = scene.coming - scene.free - sum(entry.target.size for entry in _aside(scene))
    if short <= 0 or not to_free(scene.steps, scene.job.out, short):
        return Enough(over=True)
    if not scene.checked:
        return Check()
    return _first(scene, short, verified=True)


def _first(scene: Scene, short: int, *, verified: bool) -> Action:
    """The first of the job's plots that together gain the room, if it may go now."""
    per_hour = scene.rules.per_hour
    if any(e.fate.open and e.target.drive == scene.job.out for e in scene.entries):
        return Wait("what became of an earlier deletion on its drive is not known yet")
    if len(under(scene.armed, scene.entries)) >= scene.armed.most:
        return Wait(f"all {scene.armed.most} plots that were agreed to have gone")
    if sum(e.fate.spent and e.at >= scene.now - HOUR for e in scene.entries) >= per_hour:
        return Wait(f"{per_hour} have gone within the hour, the most by your settings")
    steps = to_free(scene.steps, scene.job.out, short)
    if not steps:
        return Wait("the old plots that it was given would not gain the room")
    quarantine = verified and scene.rules.quarantine > 0
    return Delete(steps[0].plot, verified, quarantine)


def _aside(scene: Scene) -> list[Entry]:
    """What stands in the drive's quarantine, oldest first."""
    return [
        entry
        for entry in scene.entries
        if entry.fate is Fate.QUARANTINED and entry.target.drive == scene.job.out
    ]


def _gone_for(scene: Scene) -> int:
    """Bytes that went for this job already."""
    return sum(e.target.size for e in scene.entries if e.job == scene.job.id and e.fate.spent)
