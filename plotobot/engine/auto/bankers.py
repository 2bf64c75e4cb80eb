"""Never more than there is: who may go on growing, so that all can still be finished. Pure.

A drive is safe as long as its plots can be finished one after the other, the oldest first: each
reaches its remaining peak while those after it stand still at what they hold, and then leaves its
room to them. This is the banker's rule; whoever would break it within the next minutes stands
still until it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from plotobot.engine.auto.forecast import CAPACITY, Auto, Forecast
from plotobot.engine.auto.standing import Standing
from plotobot.engine.models import Drive, DriveKind, Job

HELD = 1.0
"""Bytes of growth that do not count as such."""


def is_safe(
    holds: Sequence[float], peaks: Sequence[float], size: float, stays: Sequence[float] = ()
) -> bool:
    """Whether all plots of a drive can be finished, one after the other.

    Args:
        holds: bytes that each holds, the oldest first.
        peaks: bytes that each may still come to hold.
        size: bytes there are for all of them.
        stays: bytes that each leaves behind; none where it is empty.
    """
    held = sum(holds)
    if held > size:
        return False
    for hold, peak, stay in zip(holds, peaks, stays or [0.0] * len(holds), strict=True):
        if held - hold + max(hold, peak) > size:
            return False
        held += stay - hold
    return True


def may_start(plots: Sequence[Standing], new: Standing, size: float, horizon: float) -> bool:
    """Whether one more plot leaves a drive safe.

    Args:
        plots: those of the drive, the oldest first.
        new: the one more.
        size: bytes there are for all of them.
        horizon: seconds that running plots grow unasked.
    """
    every = [*plots, new]
    holds = [one.use if one.job.paused else one.ahead(horizon) for one in every]
    return is_safe(holds, [one.peak for one in every], size, [one.stays for one in every])


def held_still(
    plots: Sequence[Standing], size: float, horizon: float, patience: float
) -> frozenset[str]:
    """The jobs that have to stand still for now, by id.

    Everybody is thought to stand still first; then each may go on, the oldest first, who leaves
    the drive safe. Foreign jobs and those that no longer grow always do.

    Args:
        plots: those of one drive, the oldest first.
        size: bytes there are for all of them.
        horizon: seconds that running plots grow unasked.
        patience: seconds that a paused one must be able to go on for.
    """
    holds, peaks = [one.use for one in plots], [one.peak for one in plots]
    stays, still = [one.stays for one in plots], set()
    for index, one in enumerate(plots):
        if one.job.foreign:
            holds[index] = one.ahead(horizon)
    for index, one in enumerate(plots):
        wanted = one.ahead(patience if one.job.paused else horizon)
        if one.job.foreign or wanted <= one.use + HELD:
            continue
        before, holds[index] = holds[index], wanted
        if is_safe(holds, peaks, size, stays):
            holds[index] = one.ahead(horizon)
        else:
            holds[index] = before
            still.add(one.job.id)
    return frozenset(still)


def guarded(
    auto: Auto, drives: Sequence[Drive], jobs: Iterable[Job], now: datetime, reserve: int
) -> frozenset[str]:
    """Which of these jobs have to stand still for now, by id.

    Args:
        auto: what is known of the machine and its plots.
        drives: as they were just seen.
        jobs: the live ones, foreign ones too, with what was just measured of them.
        now: the time.
        reserve: bytes kept free on every file system.
    """
    forecast = Forecast.of(auto, drives, jobs, now, reserve)
    temps = {one.filesystem: one for one in drives if one.kind is DriveKind.TEMP}
    still = (
        held_still(
            forecast.sharing(one.path),
            forecast.room(one.path) * CAPACITY,
            auto.horizon,
            auto.patience,
        )
        for one in temps.values()
        if not one.problem
    )
    return frozenset().union(*still)
