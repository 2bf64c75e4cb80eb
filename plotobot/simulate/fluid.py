"""The make-believe machine: plots as chains of stages that share cores and drives like a fluid.

All running plots of one temp drive go at one speed, where 1 is as fast as alone. A drive bounds it
by its bytes a second; the cores are shared out so that nobody who wants less than an even share
waits. Between two stage ends nothing changes, so each stretch is computed at once and exactly.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from plotobot.simulate.rig import Rig

SHARED_COPY = 0.85
"""What an out drive still brings with several copies on it: an assumption for spinning disks."""
SLOWEST = 1e-6
LITTLE = 1e-7
LEAST_RATE = 0.02
"""The share of a temp drive's rate that copies leave for the plots in any case."""


class Broken(AssertionError):  # noqa: N818 - it reads as what it is
    """The simulator itself is wrong: an invariant does not hold."""


@dataclass(slots=True, eq=False)
class Plot:
    """One plot in the making."""

    number: int
    temp: str
    out: str
    born: float
    factor: float
    """How many times the profile's time its stages take."""
    left: float
    """Seconds alone to the end of its stage."""
    stage: int = 0
    paused: bool = False
    paused_since: float = 0.0
    paused_seconds: float = 0.0
    """Without the present pause."""
    speed: float = 0.0
    status: str = ""
    marks: list[tuple[str, float]] = field(default_factory=list)
    """Each status it reached, with the seconds at work until then."""
    stages: list[tuple[str, float]] = field(default_factory=list)
    """Each status with the time it began, for the chart."""
    ended: float | None = None

    def worked(self, now: float) -> float:
        """Seconds from its start, without those it was paused."""
        pause = now - self.paused_since if self.paused else 0.0
        return now - self.born - self.paused_seconds - pause


class Fluid:
    """The state of the machine at one moment, and how it goes on."""

    def __init__(self, rig: Rig, chance: random.Random, noise: float) -> None:
        self.rig = rig
        self.now = 0.0
        self.plots: list[Plot] = []
        self.ended: list[Plot] = []
        self.starts = 0
        self.pauses = 0
        self.changes = 0
        """How often a plot began, came into another status, or ended."""
        self.fullest: dict[str, float] = {one.path: 0.0 for one in rig.machine.temps}
        """The largest share of each temp drive that was ever in use."""
        self.most = 0
        """The largest number of plots at once."""
        self.core_seconds = 0.0
        self._chance = chance
        self._noise = noise
        self._sizes = {one.path: one.size for one in rig.machine.temps}
        self._rates = {one.path: one.rate for one in rig.machine.temps}
        self._outs = {one.path: one.rate for one in rig.outs}
        self._copy = len(rig.profile.stages) - 1
        self._share = 0.0
        self._last_out: dict[str, int] = dict.fromkeys(self._outs, 0)

    # --- what a policy may do ---

    def start(self, temp: str, out: str | None = None) -> Plot:
        """Start a plot; without an out drive, that to which fewest plots go."""
        profile, factor = self.rig.profile, self._factor()
        plot = Plot(
            self.starts, temp, out or self._free_out(), self.now, factor,
            left=profile.stages[0].seconds * factor,
        )  # fmt: skip
        self.starts += 1
        self.plots.append(plot)
        self._note(plot)
        self.most = max(self.most, len(self.plots))
        return plot

    def pause(self, plot: Plot) -> None:
        """Let a plot stand still; it keeps its space and its memory."""
        if not plot.paused:
            plot.paused, plot.paused_since = True, self.now
            self.pauses += 1

    def resume(self, plot: Plot) -> None:
        """Let a paused plot go on."""
        if plot.paused:
            plot.paused, plot.paused_seconds = (
                False,
                plot.paused_seconds + self.now - plot.paused_since,
            )

    # --- what is there ---

    def used(self, plot: Plot) -> float:
        """Bytes that a plot takes on temp."""
        stage = self.rig.profile.stages[plot.stage]
        done = 1.0 - plot.left / (stage.seconds * plot.factor)
        return (stage.start + (stage.end - stage.start) * done) * self.rig.peak

    def used_on(self, temp: str) -> float:
        """Bytes that all plots take on a temp drive."""
        return sum(self.used(plot) for plot in self.plots if plot.temp == temp)

    def progress(self) -> float:
        """Plots made, the unfinished ones as the share of their time alone that is done."""
        profile = self.rig.profile
        partial = sum(
            (profile.begins[plot.stage + 1] - plot.left / plot.factor) / profile.total
            for plot in self.plots
        )
        return len(self.ended) + partial

    # --- how it goes on ---

    def settle(self) -> None:
        """Give each plot the speed it has until the next change."""
        stages = self.rig.profile.stages
        running = [plot for plot in self.plots if not plot.paused]
        for plot in self.plots:
            plot.speed = 0.0
        copying = [plot for plot in running if plot.stage == self._copy]
        reads = self._settle_copies(copying)
        cores = self.rig.machine.cores - sum(stages[self._copy].cores * p.speed for p in copying)
        demands: dict[str, tuple[float, float, int, list[Plot]]] = {}
        for plot in running:
            stage = stages[plot.stage]
            want, rate, count, here = demands.get(plot.temp, (0.0, 0.0, 0, []))
            here.append(plot)
            if plot.stage != self._copy:
                want, rate = want + stage.cores, rate + stage.rate
            demands[plot.temp] = want, rate, count + 1, here
        limits = []
        for temp, (want, rate, count, here) in demands.items():
            if want:
                slower = 1.0 + self.rig.contention * max(0, count - 2)
                most = self._rates[temp] / slower
                free = max(most - reads.get(temp, 0.0), most * LEAST_RATE)
                limits.append((min(1.0, free / rate), want, here))
        self._share_cores(limits, cores)

    def advance(self, seconds: float) -> list[Plot]:
        """Let time pass, at most to the next stage end; gives the plots whose stage ended."""
        if seconds < -LITTLE:
            raise Broken(f"time ran backwards by {-seconds} s")
        self.now += seconds
        self.core_seconds += self._share * seconds
        through = []
        for plot in self.plots:
            plot.left -= plot.speed * seconds
            if plot.left <= LITTLE * plot.factor and plot.speed:
                through.append(plot)
        for plot in through:
            self._measure(plot.temp)  # a stage may end higher than the next one begins
            self._through(plot)
        for temp in self._sizes:
            self._measure(temp)
        return through

    def next_end(self) -> float:
        """Seconds until the next stage ends; `inf` where nothing runs."""
        return min((plot.left / plot.speed for plot in self.plots if plot.speed), default=1e18)

    def _settle_copies(self, copying: list[Plot]) -> dict[str, float]:
        """Give copies their speed; the bytes a second that they read, by temp drive."""
        copy = self.rig.profile.stages[self._copy]
        crowd, reads = Counter(plot.out for plot in copying), Counter[str]()
        usual = self.rig.plot / copy.seconds
        for plot in copying:
            crowded = crowd[plot.out]
            rate = self._outs[plot.out] * (SHARED_COPY if crowded > 1 else 1.0) / crowded
            plot.speed = max(SLOWEST, min(rate, self._rates[plot.temp] / crowded) / usual)
            reads[plot.temp] += rate  # type: ignore[assignment]
        return dict(reads)

    def _share_cores(self, limits: list[tuple[float, float, list[Plot]]], cores: float) -> None:
        total = self.rig.machine.cores
        limits.sort(key=lambda one: one[0])
        wanted = sum(want for _, want, _ in limits)
        used = total - cores
        for limit, want, here in limits:
            speed = max(SLOWEST, min(limit, cores / wanted))
            cores, wanted, used = cores - speed * want, wanted - want, used + speed * want
            for plot in here:
                if plot.stage != self._copy:
                    plot.speed = speed
        if used > total * (1 + 1e-6):
            raise Broken(f"{used:.3f} of {total:.3f} cores are in use")
        self._share = used

    def _through(self, plot: Plot) -> None:
        stages = self.rig.profile.stages
        plot.stage += 1
        if plot.stage == len(stages):
            self.plots.remove(plot)
            plot.ended = self.now
            self.changes += 1
            self.ended.append(plot)
            return
        plot.left = stages[plot.stage].seconds * plot.factor
        self._note(plot)

    def _note(self, plot: Plot) -> None:
        status = self.rig.profile.stages[plot.stage].status
        if status != plot.status:
            plot.status = status
            self.changes += 1
            plot.marks.append((status, plot.worked(self.now)))
            plot.stages.append((status, self.now))

    def _measure(self, temp: str) -> None:
        self.fullest[temp] = max(self.fullest[temp], self.used_on(temp) / self._sizes[temp])

    def _free_out(self) -> str:
        going = Counter(plot.out for plot in self.plots)
        return min(self._outs, key=lambda out: going[out])

    def _factor(self) -> float:
        return max(0.7, self._chance.gauss(1.0, self._noise)) if self._noise else 1.0
