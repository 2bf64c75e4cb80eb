"""How long a running plot will still take. Pure: seconds in, seconds out.

With plots of its kind behind it, a plot is laid beside the usual one: where it stands is told by
the status it reached and the time since, and how fast it goes by when it got there. Without, there
is the share its plotter says is done. Its age is counted by a clock that nobody sets, so a change
of the system's time moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from plotobot.engine.history import START, Usual, marks_of
from plotobot.engine.models import Job

OWN_PACE = "from this plot's own pace"
TELLING = 0.05
"""The share done from which a plot's own pace tells something."""
TRUST = 0.2
"""The share of a usual plot after which its own pace counts as much as the usual one."""
SLOWEST, FASTEST = 10.0, 0.1
"""Times the usual; beyond is no pace but a wrong clock."""


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How long a plot will still take, and what that rests on in words."""

    seconds: float
    """Never negative; 0 when it is due."""
    basis: str


def time_left(job: Job, age: float, usual: Usual | None) -> TimeLeft | None:
    """How long a live job will still take; None while there is nothing to tell it from.

    Args:
        job: the job as its log has told of it.
        age: seconds it has been at work.
        usual: the usual plot of its kind, where there is one.
    """
    if not job.state.live:
        return None
    age = max(0.0, age)
    if usual is not None:
        return TimeLeft(_beside(job, age, usual), usual.basis)
    if job.fraction < TELLING or job.fraction > 1 or not age:
        return None
    return TimeLeft(age * (1 - job.fraction) / job.fraction, OWN_PACE)


def _beside(job: Job, age: float, usual: Usual) -> float:
    """The usual rest from this status on, at this plot's pace, less the time already in it.

    A step that takes longer than usual is about to end for as long as it does.
    """
    own = marks_of(job)
    pace = _pace(own, usual)
    here = usual.reached(job.status)
    within = max(0.0, age - own[here]) if here in own else 0.0
    rest, least = usual.total - usual.marks[here], usual.total - usual.after(job.status)
    return max(pace * rest - within, pace * least, 0.0)


def _pace(own: dict[str, float], usual: Usual) -> float:
    """How many times the usual time this plot took to its latest mark, leaning on 1 at first."""
    shared = [code for code in own if code in usual.marks and code != START]
    if not shared:
        return 1.0
    latest, prior = shared[-1], TRUST * usual.total
    pace = (own[latest] + prior) / (usual.marks[latest] + prior)
    return min(max(pace, FASTEST), SLOWEST)
