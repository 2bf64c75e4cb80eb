"""Where more plots on a drive make all of them so much slower that it brings fewer. Pure.

Each step that a plot has completed is a sample: how fast it went beside its profile, and how many
plots were on the drive meanwhile. Plots times speed is what the drive brought. Where nothing
saturates it grows with the plots, and where cores or a drive are shared out fairly it stays; only
where it falls is there a knee, and without one nothing is capped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from plotobot.engine.auto.profile import StageProfile
from plotobot.engine.auto.standing import worked
from plotobot.engine.models import Job

FALL = 0.97
"""What a drive must still bring with more plots, as a share of its best, not to be stepped back."""
ENOUGH = 12
"""Samples of one number of plots before they tell something."""
LATEST = timedelta(days=3)
"""Older samples tell of an older drive; so a cap is tried anew after that."""
EVERY = timedelta(hours=3)
"""Between two looks for a knee."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One step of one plot."""

    plots: float
    """How many were on the drive meanwhile, on average."""
    speed: float
    """1 is as fast as the profile."""
    seconds: float


def knees(
    jobs: Sequence[Job], profiles: Mapping[tuple[str, int], StageProfile], now: datetime
) -> dict[str, int]:
    """By temp drive, how many plots are its best; only drives that were seen to bring less.

    Args:
        jobs: live and ended ones of the last days.
        profiles: how plots go alone, by plotter and k.
        now: the time.
    """
    found: dict[str, int] = {}
    for temp in dict.fromkeys(job.temp for job in jobs):
        here = [job for job in jobs if job.temp == temp and job.started_at]
        most = knee(_samples(here, profiles, now))
        if most is not None:
            found[temp] = most
    return found


def knee(samples: Iterable[Sample]) -> int | None:
    """The number of plots at which a drive brings most, where more were seen to bring less."""
    speeds: dict[int, list[Sample]] = defaultdict(list)
    for one in samples:
        speeds[round(one.plots)].append(one)
    brings = {plots: plots * _mean(some) for plots, some in speeds.items() if len(some) >= ENOUGH}
    if not brings:
        return None
    best = max(brings, key=lambda plots: brings[plots])
    beyond = [plots for plots in brings if plots > best]
    falls = beyond and min(brings[plots] for plots in beyond) < FALL * brings[best]
    return max(1, best) if falls else None


def _mean(samples: Sequence[Sample]) -> float:
    weight = sum(one.seconds for one in samples)
    return sum(one.speed * one.seconds for one in samples) / weight


def _samples(
    jobs: Sequence[Job], profiles: Mapping[tuple[str, int], StageProfile], now: datetime
) -> Iterable[Sample]:
    every = [(job.started_at or now, job.ended_at or now) for job in jobs]
    for job, (began, ended) in zip(jobs, every, strict=True):
        profile = profiles.get((job.plotter, job.k))
        if profile is None:
            continue
        spans = [one for one in every if one[0] < ended and one[1] > began]
        # Marks count time at work: a job that was paused is placed a little too early.
        late = timedelta(seconds=max(0.0, (now - began).total_seconds() - worked(job, now)))
        late = late if job.ended_at is None else timedelta()
        known = [
            (code, at) for code, at in job.marks if any(code == s.status for s in profile.stages)
        ]
        for (code, since), (after, until) in pairwise(known):
            begin = began + late + timedelta(seconds=since)
            end = began + late + timedelta(seconds=until)
            usual = profile.begins[profile.spans[after][0]] - profile.begins[profile.spans[code][0]]
            if until > since and usual > 0 and now - end < LATEST:
                yield Sample(_crowd(spans, begin, end), usual / (until - since), until - since)


def _crowd(spans: Sequence[tuple[datetime, datetime]], begin: datetime, end: datetime) -> float:
    """How many were there between two moments, on average."""
    together = sum(
        max(0.0, (min(end, to) - max(begin, since)).total_seconds()) for since, to in spans
    )
    return together / (end - begin).total_seconds()
