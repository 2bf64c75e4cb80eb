"""Puts the jobs together again after a stop, from the job directories and the store.

The job directories are the truth about processes; a job the store does not know is rebuilt from
its directory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import ValidationError

from plotobot.engine.launcher import as_running
from plotobot.engine.models import Job, JobState
from plotobot.engine.store import job_adapter
from plotobot.engine.supervision.finding import State
from plotobot.engine.supervision.supervisor import Adopted

GONE = "its job directory is gone"


@dataclass(slots=True)
class Recovered:
    """What has to be done for the jobs found."""

    watch: list[Job] = field(default_factory=list)
    """Started ones, ended or not: their ends are still to be judged."""
    relaunch: list[Job] = field(default_factory=list)
    """Prepared ones that never ran."""
    judged: list[Job] = field(default_factory=list)
    """Judged before the stop, but not stored as such."""
    unknown: list[Job] = field(default_factory=list)
    """Judged ones that the store does not know at all: it was lost."""
    lost: list[Job] = field(default_factory=list)
    """Live in the store, without a directory."""
    ended: list[str] = field(default_factory=list)
    """The ids of those to watch that have ended already."""


def recover(adopted: Sequence[Adopted], stored: Mapping[str, Job], now: datetime) -> Recovered:
    """Sort what was found."""
    found = Recovered()
    for one in adopted:
        _sort(one, stored.get(one.job_id), found, now)
    here = {one.job_id for one in adopted}
    for job in stored.values():
        if job.state.live and job.id not in here:
            found.lost.append(_lost(job, now))
    return found


def _sort(one: Adopted, stored: Job | None, found: Recovered, now: datetime) -> None:
    verdict = read_job(one.verdict)
    job = verdict or stored or read_job(one.spec.job if one.spec else None)
    if job is None:  # nothing tells what it was to be; the supervisor leaves it in place
        return
    if verdict and not verdict.state.live:
        if stored is None:
            found.unknown.append(verdict)
        elif stored.state.live:
            found.judged.append(verdict)
        return
    if stored and not stored.state.live:
        return
    if one.found.state is State.PENDING:
        found.relaunch.append(job)
    else:
        found.watch.append(as_running(job, one.found, now))
        if one.found.state in (State.EXITED, State.ENDING, State.LOST):
            found.ended.append(job.id)


def read_job(plain: object) -> Job | None:
    """A job from a record, or None where it is damaged or of another version."""
    try:
        return job_adapter().validate_python(plain)
    except ValidationError:
        return None


def _lost(job: Job, now: datetime) -> Job:
    job = replace(job, eta=None, eta_basis=None, stalled=None)
    return replace(job, state=JobState.LOST, status="Lost", ended_at=now, pid=None, reason=GONE)
