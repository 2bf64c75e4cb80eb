"""What plots usually take on this machine, and when running ones are to be expected. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from plotobot.engine.models import Job, JobState
from plotobot.engine.summary import Usual

LATEST = 50
"""Plots of a kind that are looked at: a machine changes."""
LEAST_SHARE = 0.05
"""Of a first plot's way: before that its own pace tells nothing."""


def kind_of(job: Job) -> str:
    """What kind of plot a job makes, as far as its times go."""
    return f"{job.plotter} k{job.k}"


def usual_times(jobs: Iterable[Job]) -> dict[str, Usual]:
    """The usual times by kind, from the jobs that were completed."""
    done = [job for job in jobs if job.state is JobState.COMPLETED]
    done.sort(key=lambda job: job.ended_at.timestamp() if job.ended_at else 0.0, reverse=True)
    by_kind: dict[str, list[Job]] = {}
    for job in done:
        by_kind.setdefault(kind_of(job), []).append(job)
    return {kind: _usual(kind, some[:LATEST]) for kind, some in by_kind.items()}


def _usual(kind: str, jobs: Sequence[Job]) -> Usual:
    first, second, third, fourth = (_middle(j.phase_seconds[n] for j in jobs) for n in range(4))
    return Usual(
        kind=kind,
        plots=len(jobs),
        phases=(first, second, third, fourth),
        copy=_middle(job.copy_seconds for job in jobs),
        total=_middle(job.total_seconds for job in jobs),
    )


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def expected_ends(
    jobs: Iterable[Job], usual: Mapping[str, Usual], now: datetime
) -> dict[str, datetime]:
    """When running jobs are expected to end, by id; a job without any hint is left out."""
    ends = {job.id: _expected(job, usual.get(kind_of(job)), now) for job in jobs}
    return {job_id: end for job_id, end in ends.items() if end is not None}


def _expected(job: Job, usual: Usual | None, now: datetime) -> datetime | None:
    if job.started_at is None:
        return None
    elapsed = max(0.0, (now - job.started_at).total_seconds())
    left = _by_phases(job, usual, elapsed) if usual else _by_own_pace(job, elapsed)
    return None if left is None else now + timedelta(seconds=left)


def _by_phases(job: Job, usual: Usual, elapsed: float) -> float | None:
    """The usual rest, stretched as this plot's ended phases were; at least the phases to come."""
    pairs = list(zip(job.phase_seconds, usual.phases, strict=True))
    ended = [(own, common) for own, common in pairs if own is not None and common]
    ahead = [common for own, common in pairs if own is None and common]
    if not ended and not ahead:
        return max(0.0, usual.total - elapsed) if usual.total else None
    common = sum(usual for _, usual in ended)
    pace = sum(own for own, _ in ended) / common if common else 1.0
    pace = min(4.0, max(0.25, pace))
    current, *later = ahead or [0.0]
    into = max(0.0, elapsed - sum(own for own, _ in ended))
    return max(0.0, current * pace - into) + sum(later) * pace + (usual.copy or 0.0)


def _by_own_pace(job: Job, elapsed: float) -> float | None:
    if job.fraction < LEAST_SHARE:
        return None
    return elapsed * (1 - min(1.0, job.fraction)) / job.fraction
