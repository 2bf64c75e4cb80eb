"""Profiles learnt from the plots that this machine has made. Pure.

A stage takes what the quicker of its plots took, as near as one comes to a plot alone on the
machine. It holds what was measured at most, and a little more. All of them together move on temp
what the plotter's processes did. What nobody can tell, the cores of a stage and its share of the
traffic, stays as the built-in profile says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median, quantiles

from plotobot.engine.auto.profile import COPY, Stage, StageProfile, built_in, profile_for
from plotobot.engine.history import END, START, marks_of
from plotobot.engine.models import Job, JobState
from plotobot.engine.perf import Tally
from plotobot.plotters.record import CODES, RANK

LEAST = 3
"""Plots before what they took is believed."""
LATEST = 20
WATCHED = 0.9
"""The share of a plot's time that its processes must have been looked at to tell its traffic."""
UNSEEN = 1.03
"""What plots may hold between two looks, beside what was seen, as a factor."""
USUAL_CORES = 4.0
"""What a plot of an unknown plotter is thought to keep busy."""


def learned_of(
    jobs: Iterable[Job],
    known: Mapping[str, StageProfile] | None = None,
    seen: Mapping[str, Tally] | None = None,
) -> dict[tuple[str, int], StageProfile]:
    """What completed plots tell, by plotter and k; only where enough were made.

    Args:
        jobs: any jobs, the latest first.
        known: the built-in profiles; None reads them.
        seen: what their processes took, by job id; None knows nothing of that.
    """
    known = built_in() if known is None else known
    kinds: dict[tuple[str, int], list[Job]] = {}
    for job in jobs:
        if job.state is JobState.COMPLETED and job.marks:
            kinds.setdefault((job.plotter, job.k), []).append(job)
    found = {
        kind: _learned(plots[:LATEST], profile_for(known, *kind), seen or {})
        for kind, plots in kinds.items()
    }
    return {kind: profile for kind, profile in found.items() if profile}


def _learned(
    plots: Sequence[Job], base: StageProfile | None, seen: Mapping[str, Tally]
) -> StageProfile | None:
    if len(plots) < LEAST:
        return None
    marks = [marks_of(job) for job in plots]
    base = base or _bare(marks)
    times = {status: _seconds(status, after, marks) for status, after in pairwise(_line(base))}
    shares = _shares(plots)
    stages = [_stage(one, base, times, shares) for one in base.stages]
    source = f"learnt from {len(plots)} plots made here; the rest: {base.source}"
    profile = replace(
        base, stages=tuple(_joined(stages, bool(shares))), source=source, plots=len(plots)
    )
    moved = [traffic for job in plots if (traffic := _moved(job, seen.get(job.id)))]
    return _moving(profile, median(moved)) if len(moved) >= LEAST else profile


def _moved(job: Job, tally: Tally | None) -> float | None:
    """Bytes that a plot moved on temp; None where that cannot be told."""
    if tally is None or job.temp2 or job.started_at is None or job.ended_at is None:
        return None
    took = (job.ended_at - job.started_at).total_seconds()
    traffic = tally.read_bytes + tally.write_bytes - job.out_need
    return float(traffic) if traffic > 0 and tally.seconds >= WATCHED * took else None


def _moving(profile: StageProfile, traffic: float) -> StageProfile:
    """The profile with so much traffic in all; shared out as it is, or evenly where it has none."""
    whole, total = profile.traffic, profile.total
    stages = (
        replace(one, traffic=traffic * (one.traffic / whole if whole else one.seconds / total))
        for one in profile.stages
    )
    return replace(profile, stages=tuple(stages))


def _line(profile: StageProfile) -> list[str]:
    return [*dict.fromkeys(one.status for one in profile.stages), END]


def _seconds(status: str, after: str, marks: Sequence[Mapping[str, float]]) -> float | None:
    """The lower quartile of what plots took from one status to another; None where few tell."""
    took = [m[after] - m[status] for m in marks if status in m and after in m]
    took = [seconds for seconds in took if seconds > 0]
    return quantiles(took, n=4)[0] if len(took) >= LEAST else None


def _shares(plots: Sequence[Job]) -> dict[str, float]:
    """For each status the largest share of its need that a plot was seen to hold."""
    shares: dict[str, float] = {}
    for job in plots:
        for status, used in job.held:
            if job.temp_need and status in RANK:
                share = min(1.0, used / job.temp_need * UNSEEN)
                shares[status] = max(shares.get(status, 0.0), share)
    return shares


def _stage(
    stage: Stage,
    base: StageProfile,
    times: Mapping[str, float | None],
    shares: Mapping[str, float],
) -> Stage:
    seconds = times.get(stage.status)
    alike = sum(one.seconds for one in base.stages if one.status == stage.status)
    if seconds:
        stage = replace(stage, seconds=max(1e-3, seconds * stage.seconds / alike))
    # The built-in course is kept where it is the higher: what was seen is seen now and then only.
    top = shares.get(stage.status)
    if top is not None and stage.end >= stage.start:
        stage = replace(stage, end=max(stage.end, top))
    return stage


def _joined(stages: Sequence[Stage], seen: bool) -> list[Stage]:
    """Stages in which no plot holds more than its peak, as shares of what it needs."""
    most = max(max(one.start, one.end) for one in stages)
    if not seen or most <= 1.0:
        return list(stages)
    return [replace(one, start=one.start / most, end=one.end / most) for one in stages]


def _bare(marks: Sequence[Mapping[str, float]]) -> StageProfile:
    """A profile of a plotter nobody knows: each plot counts with its peak until it is copied."""
    codes = [code for code in CODES if all(code in one for one in marks) and code != END]
    stages = [Stage(code, 1.0, USUAL_CORES, 0.0, 1.0, 1.0) for code in codes if code != COPY] or [
        Stage(START, 1.0, USUAL_CORES, 0.0, 1.0, 1.0)
    ]
    copy = Stage(COPY, 1.0, 0.25, 0.0, 0.43, 0.43)
    return StageProfile((*stages, copy), "what their logs and drives told", memory=8e9)
