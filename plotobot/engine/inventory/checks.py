"""Which plot's content is to be checked, and when; and what the checks have shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from plotobot.engine.inventory.plot import Check, Condition, Plot
from plotobot.engine.models import UNKNOWN, Drive, Job, Move, MoveState
from plotobot.plots.proofs import CHECKABLE, ProofVerdict

BAD = frozenset({ProofVerdict.DAMAGED, ProofVerdict.CRASHED})
SPAN = timedelta(days=1)
_COPYING = 4
"""From this phase on a plotter may write to its out drive."""
_WRITING = frozenset({MoveState.COPYING, MoveState.VERIFYING})


@dataclass(frozen=True, slots=True)
class Contents:
    """What content checks have shown of some plots."""

    plots: int
    """How many there are whose content can be checked."""
    checked: int
    """How many of them were, with an answer."""
    bad: tuple[Check, ...] = ()
    """The latest checks of those that are damaged, the newest first."""
    last: datetime | None = None
    """When the latest check ended, whatever it showed."""


def contents(plots: Iterable[Plot], checks: Iterable[Check]) -> Contents:
    """Put together what the checks say of these plots."""
    plots = [plot for plot in plots if can_be_checked(plot)]
    done = sorted(standing(plots, checks).values(), key=lambda check: check.at, reverse=True)
    answered = [check for check in done if check.result.verdict in BAD | {ProofVerdict.SOUND}]
    bad = tuple(check for check in answered if check.result.verdict in BAD)
    return Contents(len(plots), len(answered), bad, done[0].at if done else None)


def standing(plots: Iterable[Plot], checks: Iterable[Check]) -> Mapping[str, Check]:
    """The checks that still count, by path: those of the very file that is there, unchanged."""
    known = {check.path: check for check in checks}
    return {
        plot.path: check
        for plot in plots
        if (check := known.get(plot.path))
        and check.plot_id == plot.id
        and plot.modified <= check.at
    }


def can_be_checked(plot: Plot) -> bool:
    """Whether a content check could say something of it: it is whole, there, and of a format."""
    return plot.condition is Condition.WHOLE and not plot.missing and plot.format in CHECKABLE


def next_to_check(plots: Iterable[Plot], checks: Iterable[Check]) -> Plot | None:
    """The plot whose content was never checked, the newest first; else the longest unchecked one.

    The newest first, since memory or a plotter that spoils plots goes on spoiling them: the sooner
    that is seen, the fewer are made in vain. Once a farm is full, the older ones get their turn.
    """
    plots = [plot for plot in plots if can_be_checked(plot)]
    counted = standing(plots, checks)
    return min(plots, key=lambda plot: _turn(plot, counted.get(plot.path)), default=None)


def _turn(plot: Plot, check: Check | None) -> tuple[bool, float, int, str]:
    return check is not None, check.at.timestamp() if check else 0.0, -plot.mtime_ns, plot.path


def is_due(now: datetime, past: Iterable[datetime], per_day: int) -> bool:
    """Whether a check may begin: they are spread over the day, and never more than so many in 24 h.

    Args:
        now: the time.
        past: when checks ended, those that a person asked for as well.
        per_day: how many there may be; 0 is none.
    """
    if per_day < 1:
        return False
    # A time to come is of a clock that was wrong.
    lately = [at for at in past if timedelta() <= now - at < SPAN]
    return len(lately) < per_day and all(now - at >= SPAN / per_day for at in lately)


def idle(
    plots: Iterable[Plot], drives: Sequence[Drive], jobs: Iterable[Job], moves: Iterable[Move]
) -> list[Plot]:
    """The plots on drives that no plot and no move works on just now.

    A drive that shares its file system with one that is at work is at work, too.
    """
    busy = _written_by(jobs) | _moved_on(moves)
    disks = {drive.filesystem or drive.path for drive in drives if drive.path in busy}
    free = {drive.path for drive in drives if (drive.filesystem or drive.path) not in disks}
    return [plot for plot in plots if plot.drive in free]


def _written_by(jobs: Iterable[Job]) -> set[str]:
    live = [job for job in jobs if job.state.live]
    temps = {folder for job in live for folder in (job.temp, job.temp2) if folder}
    # Nobody knows how far a foreign plot is whose log cannot be read.
    return temps | {job.out for job in live if job.phase >= _COPYING or job.status == UNKNOWN}


def _moved_on(moves: Iterable[Move]) -> set[str]:
    """The folders at both ends of moves that are under way."""
    at_work = [move for move in moves if move.state in _WRITING]
    ends = ((str(Path(move.source).parent), move.destination) for move in at_work)
    return {folder for both in ends for folder in both}
