"""How fast plots are made here. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from plotobot.engine.models import Job, JobState

SPAN = timedelta(days=7)
_LEAST_SPAN = timedelta(days=1)
_LEAST_PLOTS = 2


def measured_rate(jobs: Iterable[Job], now: datetime) -> float | None:
    """Plots a day over the last week; None where there were not two of them.

    The time counts from the first of these jobs' start, so that a farm that began on Friday does
    not look slow on Sunday; pauses count as well.
    """
    done = [
        job
        for job in jobs
        if job.state is JobState.COMPLETED and job.ended_at and now - job.ended_at <= SPAN
    ]
    if len(done) < _LEAST_PLOTS:
        return None
    first = min(job.started_at or job.ended_at or now for job in done)
    span = min(SPAN, max(_LEAST_SPAN, now - first))
    return len(done) / (span / timedelta(days=1))
