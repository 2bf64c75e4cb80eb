"""How a plot goes, stage by stage: time, cores, traffic and space. Pure.

The built-in ones stand in `stages.toml` with their sources; `learning.py` makes those of this
machine out of the plots it has made.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from itertools import accumulate
from typing import Any

from plotobot.plotters.record import RANK

STEPS = 160
"""Steps of equal time that a plot's space is foreseen in: two minutes of a k32 plot's six hours."""
COPY = "Copying"
LIKE_CHIA = {"chiapos": "chia"}
GB = 10**9


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a plot in which it does one thing."""

    status: str
    """Ploto's code that stands while it lasts."""
    seconds: float
    """How long it takes alone on the machine."""
    cores: float
    """How many it keeps busy then."""
    traffic: float
    """Bytes read and written on temp."""
    start: float
    """Share of the plot's peak that it holds as the stage begins, 0 to 1."""
    end: float

    @property
    def rate(self) -> float:
        """Bytes a second on temp."""
        return self.traffic / self.seconds

    @property
    def grows(self) -> bool:
        """Whether the plot takes more space in it than before."""
        return self.end > self.start


@dataclass(frozen=True, slots=True)
class StageProfile:
    """All stages of a kind of plot, the copy last, and what follows from them."""

    stages: tuple[Stage, ...]
    source: str
    """Where it comes from, in words."""
    plots: int = 0
    """How many of this machine's own it was learnt from; 0: built in."""
    memory: float = 0.0
    """Bytes of memory that one plot takes."""
    begins: tuple[float, ...] = field(init=False, repr=False)
    """Seconds from the start of the plot to that of each stage, and to the end."""
    peaks: tuple[float, ...] = field(init=False, repr=False)
    """The largest share of the peak from each stage on; 0 after the last."""
    spans: Mapping[str, tuple[int, int]] = field(init=False, repr=False)
    """For each status, the stages a plot may be in while it has it: the first, and the one after
    the last. A status between two known ones is the earlier."""
    course: tuple[float, ...] = field(init=False, repr=False)
    """Share of the peak at each of `STEPS` equal steps of time."""
    opening: tuple[float, float] = field(init=False, repr=False)
    """Mean cores and bytes a second on temp of phase 1."""

    def __post_init__(self) -> None:
        """Work out once what every decision asks for."""
        put = object.__setattr__
        put(self, "begins", tuple(accumulate((one.seconds for one in self.stages), initial=0.0)))
        tops = accumulate((max(one.start, one.end) for one in reversed(self.stages)), max)
        put(self, "peaks", (*reversed(list(tops)), 0.0))
        put(self, "spans", {status: self._span(rank) for status, rank in RANK.items()})
        at = (self.total * step / STEPS for step in range(STEPS))
        put(self, "course", tuple(self.share(moment) for moment in at))
        first = [one for one in self.stages if RANK[one.status] < RANK["2.1"]] or self.stages[:1]
        seconds, traffic = sum(one.seconds for one in first), sum(one.traffic for one in first)
        work = sum(one.seconds * one.cores for one in first)
        put(self, "opening", (work / seconds, traffic / seconds))

    @property
    def total(self) -> float:
        """Seconds of a whole plot alone on the machine, its copy included."""
        return self.begins[-1]

    @property
    def work(self) -> float:
        """Core seconds of a plot."""
        return sum(one.seconds * one.cores for one in self.stages)

    @property
    def traffic(self) -> float:
        """Bytes that a plot reads and writes on temp."""
        return sum(one.traffic for one in self.stages)

    @property
    def room(self) -> float:
        """Share of the peak times seconds: what a plot takes of a drive's space over its life."""
        return sum((one.start + one.end) / 2 * one.seconds for one in self.stages)

    def stage_at(self, moment: float) -> int:
        """The index of the stage at so many seconds of a plot's life."""
        return min(bisect_right(self.begins, moment) - 1, len(self.stages) - 1)

    def share(self, moment: float) -> float:
        """Share of the peak held at so many seconds of a plot's life."""
        index = self.stage_at(moment)
        stage, within = self.stages[index], moment - self.begins[index]
        return stage.start + (stage.end - stage.start) * min(1.0, within / stage.seconds)

    def _span(self, rank: int) -> tuple[int, int]:
        known = [RANK[one.status] for one in self.stages]
        reached = max((one for one in known if one <= rank), default=known[0])
        return known.index(reached), len(known) - known[::-1].index(reached)

    def within(self, threads: int) -> StageProfile:
        """The profile of plots with so many threads: what takes more cores takes longer."""
        stages = (
            one
            if one.cores <= threads
            else replace(one, seconds=one.seconds * one.cores / threads, cores=float(threads))
            for one in self.stages
        )
        return replace(self, stages=tuple(stages))

    def scaled(self, factor: float) -> StageProfile:
        """The profile of plots that are so many times as big, or of a machine so much slower."""
        stages = (
            replace(one, seconds=one.seconds * factor, traffic=one.traffic * factor)
            for one in self.stages
        )
        return replace(self, stages=tuple(stages))


def built_in(text: str | None = None) -> Mapping[str, StageProfile]:
    """The profiles that come with Plotobot, by plotter, each for k32. Reads a file.

    Args:
        text: TOML in the form of `stages.toml`, instead of that file.
    """
    if text is None:
        text = resources.files(__package__).joinpath("stages.toml").read_text("utf-8")
    return {name: _read(table) for name, table in tomllib.loads(text).items()}


def profile_for(known: Mapping[str, StageProfile], plotter: str, k: int) -> StageProfile | None:
    """The profile of a plotter's plots of one k; None where nothing is known of that plotter."""
    base = known.get(LIKE_CHIA.get(plotter, plotter))
    return base.scaled(plot_scale(k)) if base else None


def plot_scale(k: int) -> float:
    """How many times as big as a k32 plot a plot of another k is: (2k+1) * 2^(k-1) of it."""
    return float((2 * k + 1) / 65 * 2.0 ** (k - 32))


def _read(table: Mapping[str, Any]) -> StageProfile:
    rows: Iterable[Sequence[Any]] = table["stages"]
    stages = tuple(Stage(str(row[0]), row[1], row[2], row[3] * GB, row[4], row[5]) for row in rows)
    return StageProfile(stages, table["source"], memory=table["memory_gb"] * GB)
