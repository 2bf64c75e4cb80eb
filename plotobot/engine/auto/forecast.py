"""What auto mode decides on: the machine, and where all its plots stand and what they will take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, repeat
from operator import add

from plotobot.engine.auto.bound import Machine
from plotobot.engine.auto.profile import STEPS, StageProfile
from plotobot.engine.auto.standing import UNKNOWN, Standing, standing
from plotobot.engine.models import Drive, DriveKind, Job
from plotobot.engine.space import claims_beside_temp, growing_in, is_renamed, kept_free

OVERBOOKED = 1.25
"""Demand for cores up to which plots start, as a multiple of what there is: plots wait now and then
for a drive or a lock, and cores that idle meanwhile are lost. While some idle, one more starts."""
CROWDED = 1.6
"""The same for the bytes a second of a temp drive."""
PACE = 0.6
"""The least time between two starts, as a share of the machine's best time for a plot."""
IDLE = 0.5
"""The share of the cores below which nobody waits for the pace; nor while a plot's cores idle.

With 0.8 some rigs make 0.5 % more, but plots that are all alike fall into step: C makes 0.89."""
MARGIN = 0.985
"""The share of a drive that the foreseen use may come to."""
TICK = 75.0
SHORTEST_TICK = 1.5
TICKS = 250
"""How often it is asked in the life of a plot, at least."""
CAPACITY = 0.998
"""The share of a drive that the banker's rule gives out."""


@dataclass(frozen=True, slots=True)
class Auto:
    """What auto mode knows of the machine and of its plots."""

    machine: Machine
    profiles: Mapping[tuple[str, int], StageProfile]
    """By plotter and k."""
    memory: Mapping[str, float] = field(default_factory=dict)
    """Bytes of memory that a plot takes, by kind; else what its profile says."""
    gap: float = 0.0
    """Seconds of the machine's best time for a plot, by its bound."""
    most: Mapping[str, int] = field(default_factory=dict)
    """Plots beyond which a temp drive was seen to bring less, by its path."""
    tick: float = TICK
    """Seconds after which it is asked again who may go on, at most."""
    can_pause: bool = True
    """Whether plots can be held still here; else each is promised its peak, as in rules mode."""

    @property
    def horizon(self) -> float:
        """Seconds that a running plot is let grow unasked: more than a tick and what comes late."""
        return 1.6 * self.tick

    @property
    def patience(self) -> float:
        """Seconds that a paused plot must be able to go on for, so that it does not stutter."""
        return 8.0 * self.tick

    def profile(self, job: Job) -> StageProfile | None:
        """How a job's kind of plot goes; None where nobody knows."""
        return self.profiles.get((job.plotter, job.k))

    def memory_of(self, job: Job) -> float:
        """Bytes of memory that a job takes; never more than a small plot is big."""
        known = self.profile(job) or UNKNOWN
        usual = self.memory.get(job.profile, known.memory)
        return min(usual, float(job.temp_need)) if job.temp_need else usual

    def rate(self, path: str) -> float:
        """Bytes a second of a temp drive; `inf` where nobody knows."""
        return next((one.rate for one in self.machine.temps if one.path == path), float("inf"))


@dataclass(frozen=True, slots=True)
class Forecast:
    """The moment a pass decides on."""

    auto: Auto
    plots: Sequence[Standing]
    """The oldest first."""
    rooms: Mapping[str, float]
    """By file system: bytes there are for the temp files of all plots together."""
    filesystems: Mapping[str, str]
    """The file system of each drive's path."""
    cores: float
    """Cores that the plots want to keep busy now; a paused one will again."""
    memory: float
    """Bytes of memory that the plots take."""
    shared: Mapping[str, Sequence[Standing]]
    """The plots by the file system of their temp files, the oldest first."""

    @classmethod
    def of(
        cls, auto: Auto, drives: Sequence[Drive], jobs: Iterable[Job], now: datetime, reserve: int
    ) -> Forecast:
        """Foresee what these jobs will take on these drives."""
        jobs = sorted(jobs, key=_age)
        filesystems = {one.path: one.filesystem for one in drives}
        plots = [standing(job, auto.profile(job), now, _stays(job, filesystems)) for job in jobs]
        shared: dict[str, list[Standing]] = {}
        for one in plots:
            shared.setdefault(filesystems.get(one.job.temp, ""), []).append(one)
        return cls(
            auto, plots, _rooms(drives, plots, reserve), filesystems,
            cores=sum(one.cores for one in plots),
            memory=sum(auto.memory_of(one.job) for one in plots),
            shared=shared,
        )  # fmt: skip

    def rate(self, temp: str) -> float:
        """Bytes a second that the plots of one temp drive want to move."""
        return sum(one.rate for one in self.sharing(temp) if one.job.temp == temp)

    def sharing(self, temp: str) -> Sequence[Standing]:
        """The plots whose temp files lie on the same file system as a temp drive's."""
        return self.shared.get(self.filesystems.get(temp, temp), ())

    def room(self, temp: str) -> float:
        """Bytes there are for the temp files of all plots of a temp drive's file system."""
        return self.rooms.get(self.filesystems.get(temp, temp), 0.0)

    def fullest(self, temp: str, new: Standing) -> float:
        """The most bytes that the plots of a drive would come to hold together with a new one.

        All of them are thought to go on at one speed from where they are.
        """
        step, unit = new.profile.total / STEPS, float(new.job.temp_need) or 1.0
        together = new.course(step, unit)
        for one in self.sharing(temp):
            course = chain(one.course(step, unit), repeat(one.stays / unit))
            together = map(add, together, course)
        return max(together) * unit

    def new(self, job: Job, now: datetime) -> Standing:
        """Where a job stands that is started now."""
        return standing(job, self.auto.profile(job), now, _stays(job, self.filesystems))


def _stays(job: Job, filesystems: Mapping[str, str]) -> float:
    """Bytes that a finished plot leaves on its temp drive's file system.

    Nothing where it goes elsewhere, or is promised to its out drive already, wherever that is.
    """
    if growing_in(job) != job.temp or not is_renamed(job, _finder(filesystems)):
        return 0.0
    return float(job.out_need)


def _finder(filesystems: Mapping[str, str]) -> Callable[[str], str]:
    """The file system of a folder; one that is no drive stands for itself."""
    return lambda path: filesystems.get(path, path)


def _age(job: Job) -> tuple[float, str]:
    began = job.started_at or job.created_at
    # One that is only planned has begun nowhere yet: it is the youngest.
    return (began.timestamp() if began else float("inf")), job.id


def _rooms(drives: Sequence[Drive], plots: Sequence[Standing], reserve: int) -> dict[str, float]:
    """What is free and what the plots hold, less what others were promised and the reserve."""
    rooms: dict[str, float] = {}
    where = _finder({one.path: one.filesystem for one in drives})
    for drive in drives:
        if drive.kind is DriveKind.TEMP and not drive.problem:
            free = drive.free - kept_free(drive, reserve)
            rooms.setdefault(drive.filesystem, float(free))
    for one in plots:
        here = where(one.job.temp)
        if here in rooms:
            rooms[here] += one.job.temp_used
        for path, size in claims_beside_temp(one.job, where):
            if where(path) in rooms:
                rooms[where(path)] -= size
    return rooms
