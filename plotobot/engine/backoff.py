"""How long a drive rests after plots failed on it, so that a broken one is not started for ever.

Pure: it follows from the jobs themselves, so it survives restarts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from plotobot.engine.models import Job, JobState

FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=1)


def resting(jobs: Iterable[Job], now: datetime) -> Mapping[str, datetime]:
    """Until when each temp drive rests; drives that may start are not in it.

    A rest doubles with each failure in a row on that drive and ends with the first plot made.
    """
    failures: dict[str, list[datetime]] = {}
    for job in sorted(jobs, key=lambda job: job.ended_at or now):
        if job.state is JobState.FAILED and job.ended_at:
            failures.setdefault(job.temp, []).append(job.ended_at)
        elif job.state is JobState.COMPLETED:
            failures.pop(job.temp, None)
    rests = {temp: (times[-1], _rest(len(times))) for temp, times in failures.items()}
    # A failure farther ahead than its rest is one of a clock that was wrong, not one to rest for.
    return {temp: at + rest for temp, (at, rest) in rests.items() if abs(now - at) < rest}


def _rest(failures: int) -> timedelta:
    doublings: int = min(failures - 1, 10)
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)
