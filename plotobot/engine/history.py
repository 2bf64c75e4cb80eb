"""What plots usually take on this machine, learnt from those it has completed.

A plot is a row of marks: the statuses it reached, each with the seconds from its start to that.
The usual plot has the median of each mark, so its phases, copy and silences can be read off it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, pairwise
from statistics import median

from plotobot.engine.models import Job, JobState
from plotobot.engine.store import Store
from plotobot.plotters.record import CODES, RANK

LATEST = 20
"""Plots that count; older ones tell of an older machine."""
START, COPYING, END = "Initializing", "Copying", "Completed"
PHASE_ENDS = ("2.0", "3.0", "4.0", COPYING)
"""The statuses that end phases 1 to 4."""
STARTS = ("1.0", "2.0", "3.0", "4.0")
DOUBTED = 2.0
"""A plot that took so many times what its plotter says, by the clock on the wall, did not."""
ASIDE = 60.0
"""Seconds a plotter may take beside what it says."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual plot of one kind: seconds from the start to each status, in their order."""

    marks: Mapping[str, float]
    """From `Initializing`, at 0, to `Completed`."""
    plots: int
    """How many it is the median of."""
    same_drive: bool
    """Whether they were made on the same temp drive."""

    @property
    def total(self) -> float:
        """Seconds of a whole plot, its copy included."""
        return self.marks[END]

    @property
    def copy(self) -> float | None:
        """Seconds from the end of phase 4 to the end."""
        return self.total - self.marks[COPYING] if COPYING in self.marks else None

    @property
    def phases(self) -> tuple[float | None, ...]:
        """Seconds of each of the four phases; None where nobody saw both its ends."""
        at = self.marks.get
        ends = ((at(begin), at(end)) for begin, end in zip(STARTS, PHASE_ENDS, strict=True))
        return tuple(None if begin is None or end is None else end - begin for begin, end in ends)

    @property
    def silence(self) -> float:
        """The longest time from one mark to the next, in seconds."""
        return max(later - earlier for earlier, later in pairwise(self.marks.values()))

    @property
    def basis(self) -> str:
        """In words: `from 12 plots on this drive`."""
        plots = "1 plot" if self.plots == 1 else f"{self.plots} plots"
        return f"from {plots} " + ("on this drive" if self.same_drive else "on other drives")

    def reached(self, status: str) -> str:
        """This status, or the last one before it that has a mark."""
        rank = RANK.get(status, 0)
        return max((code for code in self.marks if RANK[code] <= rank), key=RANK.__getitem__)

    def after(self, status: str) -> float:
        """Seconds to the next mark after a status; to the end where there is none."""
        rank = RANK.get(status, 0)
        return min((at for code, at in self.marks.items() if RANK[code] > rank), default=self.total)

    def step(self, status: str) -> float:
        """How long the usual plot stays at this status, in seconds."""
        return self.after(status) - self.marks[self.reached(status)]


def usual(job: Job, completed: Iterable[Job]) -> Usual | None:
    """The usual plot of a job's kind: of its drive, else of other drives, else unknown.

    Args:
        job: any job of that kind.
        completed: jobs, the latest first; those of other kinds and states do not count.
    """
    alike = [
        one
        for one in completed
        if one.state is JobState.COMPLETED and (one.plotter, one.k) == (job.plotter, job.k)
    ]
    here = _middle([one for one in alike if one.temp == job.temp], same_drive=True)
    return here or _middle(alike, same_drive=False)


def marks_of(job: Job) -> dict[str, float]:
    """A job's marks as far as they are known: seen ones, else those its phases' times make."""
    known = dict(_phase_marks(job)) | dict(job.marks) | {START: 0.0}
    if (total := _total(job)) is not None:
        known[END] = total
    codes = [code for code in CODES if code in known]
    rising = accumulate((known[code] for code in codes), max)
    return dict(zip(codes, rising, strict=True))


def _middle(jobs: Sequence[Job], *, same_drive: bool) -> Usual | None:
    plots = [marks for marks in map(marks_of, jobs) if marks.get(END, 0.0) > 0][:LATEST]
    if not plots:
        return None
    # A mark that few plots have would be the median of others than its neighbours are.
    shared = [code for code in CODES if sum(code in marks for marks in plots) * 2 > len(plots)]
    middle = [median(marks[code] for marks in plots if code in marks) for code in shared]
    rising = accumulate(middle, max)
    most = middle[-1]
    marks = {code: min(at, most) for code, at in zip(shared, rising, strict=True)}
    return Usual(marks, len(plots), same_drive)


def _phase_marks(job: Job) -> Iterable[tuple[str, float]]:
    """When each phase ended, for as long as the phases before it are known."""
    begin = dict(job.marks).get("1.0", 0.0)
    for code, seconds in zip(PHASE_ENDS, job.phase_seconds, strict=True):
        if seconds is None:
            return
        begin += seconds
        yield code, begin


def _total(job: Job) -> float | None:
    """Seconds from start to end; the wall's clock is believed where the plotter's agrees."""
    if job.state.live:
        return None
    said, seen = _said(job), None
    if job.started_at and job.ended_at:
        seen = (job.ended_at - job.started_at) / timedelta(seconds=1)
    if said is None:
        return seen
    agree = seen is not None and said <= seen <= DOUBTED * said + ASIDE
    return seen if agree else said


def _said(job: Job) -> float | None:
    """What the plotter says a plot took, its copy included."""
    phases = [seconds for seconds in job.phase_seconds if seconds is not None]
    plotted = sum(phases) if len(phases) == len(PHASE_ENDS) else None
    plotted = plotted if job.total_seconds is None else job.total_seconds
    return None if plotted is None else plotted + (job.copy_seconds or 0.0)


class History:
    """The usual plot of each kind of job, read from the store once and after each plot made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, int, str], Usual | None] = {}

    async def of(self, job: Job) -> Usual | None:
        """The usual plot of a job's kind, or None while none has been completed."""
        key = (job.plotter, job.k, job.temp)
        if key not in self._known:
            self._known[key] = await self._ask(job)
        return self._known[key]

    def forget(self) -> None:
        """A job has ended: what is usual is asked anew."""
        self._known.clear()

    async def _ask(self, job: Job) -> Usual | None:
        here = await self._store.completed(job.plotter, job.k, LATEST, temp=job.temp)
        return usual(job, here or await self._store.completed(job.plotter, job.k, LATEST))
