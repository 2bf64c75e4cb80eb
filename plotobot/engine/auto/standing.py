"""Where each running plot stands in the course of its kind, and what it will take next. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotobot.engine.auto.profile import STEPS, Stage, StageProfile
from plotobot.engine.models import Job
from plotobot.plotters.record import RANK

TRUST = 0.1
"""The share of a plot's time after which its own pace counts as much as the profile's."""
SLOWEST, FASTEST = 10.0, 0.2
NEARLY = 0.999
TELLING = 0.02
"""Growth of a stage, as a share of the peak, from which the space used tells how far it is."""
UNKNOWN = StageProfile(
    (
        Stage("Initializing", 20_000.0, 2.0, 0.0, 1.0, 1.0),
        Stage("Copying", 600.0, 0.25, 0.0, 0.43, 0.43),
    ),
    "nothing is known of this plotter yet: each plot counts with its peak until it is copied",
    memory=8e9,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One plot in the making."""

    job: Job
    profile: StageProfile
    stage: int
    """The index of its stage."""
    at: float
    """Seconds of the profile's time that it is into its course."""
    use: float
    """Bytes that it takes on temp now."""
    stays: float = 0.0
    """Bytes that stay there for good: the finished plot, where its out drive is the same."""

    @property
    def cores(self) -> float:
        """How many it wants to keep busy."""
        return self.profile.stages[self.stage].cores

    @property
    def rate(self) -> float:
        """Bytes a second that it would move on temp."""
        return self.profile.stages[self.stage].rate

    @property
    def peak(self) -> float:
        """The most bytes it may still come to hold on temp."""
        return max(self.use, self.profile.peaks[self.stage] * self.job.temp_need)

    def ahead(self, seconds: float) -> float:
        """The most bytes it may hold on temp within so many seconds, at full speed.

        What it grows by, by its profile, on top of what it holds: a plot that was measured a
        little below its profile is not taken for one that grows.
        """
        profile, until = self.profile, self.at + seconds
        now = most = profile.share(self.at)
        for index in range(self.stage, len(profile.stages)):
            stage = profile.stages[index]
            if index > self.stage:
                most = max(most, stage.start)
            if until < profile.begins[index + 1]:
                most = max(most, profile.share(until))
                break
            most = max(most, stage.end)
        return min(self.use + (most - now) * self.job.temp_need, self.peak)

    def course(self, step: float, unit: float) -> Iterator[float]:
        """What it holds on temp from now on, in units of so many bytes.

        A value each `step` seconds of the profile's time.
        """
        profile, need = self.profile, self.job.temp_need / unit
        apart = profile.total / STEPS
        if abs(apart - step) < step * 1e-9:
            shares = profile.course[int(self.at / apart) :]
            # Most often all plots of a drive are alike, and this is asked for each drive.
            return iter(shares) if need == 1.0 else map(need.__mul__, shares)
        count = int((profile.total - self.at) / step) + 1
        return (profile.share(self.at + step * number) * need for number in range(count))


def standing(job: Job, profile: StageProfile | None, now: datetime, stays: float = 0.0) -> Standing:
    """Where a live job stands.

    The status it reached names its stage. How far it is into that is told by the space it takes
    where that grows, else by the time since, at the pace it has had so far.
    """
    known = profile if profile is not None and job.status in RANK else UNKNOWN
    first, after = known.spans.get(job.status, (0, 1))
    at = _by_time(job, known, first, after, now)
    stage = known.stage_at(at)
    share = job.temp_used / job.temp_need if job.temp_need else 0.0
    for index in range(first, after):
        part = known.stages[index]
        if part.end - part.start > TELLING and part.start < share < part.end:
            within = (share - part.start) / (part.end - part.start)
            stage, at = index, known.begins[index] + within * part.seconds
    use = float(job.temp_used) if job.temp_used else known.share(at) * job.temp_need
    return Standing(job, known, stage, at, use, stays)


def worked(job: Job, now: datetime) -> float:
    """Seconds that a job has been at work, without those it was paused."""
    began = job.started_at or job.created_at or now
    pause = (now - job.paused) if job.paused else timedelta()
    return max(0.0, (now - began - pause).total_seconds() - job.paused_seconds)


def pace_of(job: Job, profile: StageProfile) -> float:
    """How many times the profile's time a job took to its latest mark, leaning on 1 at first."""
    if not job.marks:
        return 1.0
    code, seconds = job.marks[-1]
    prior = TRUST * profile.total
    reached = profile.begins[profile.spans.get(code, (0, 1))[0]]
    return min(max((seconds + prior) / (reached + prior), FASTEST), SLOWEST)


def _by_time(job: Job, profile: StageProfile, first: int, after: int, now: datetime) -> float:
    begin, end = profile.begins[first], profile.begins[after]
    since = worked(job, now) - (job.marks[-1][1] if job.marks else 0.0)
    within = max(0.0, since) / pace_of(job, profile)
    return min(begin + within, begin + (end - begin) * NEARLY)
