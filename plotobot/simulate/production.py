"""The production planner as a policy of the simulator: the very `plan()` that starts real plots.

It sees what it sees on a real machine: a job's status, the marks of its log, the space measured,
the free bytes of the drives. It never sees how far a stage really is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plotobot.engine.auto.bankers import guarded
from plotobot.engine.auto.bound import DAY
from plotobot.engine.auto.forecast import CAPACITY, TICK, Auto
from plotobot.engine.auto.knee import EVERY, LATEST, knees
from plotobot.engine.case import Kind, Rules, World
from plotobot.engine.config import NO_CAP, Limits, PlotSettings, Profile
from plotobot.engine.models import Drive, DriveKind, Hold, Job, JobState
from plotobot.engine.planner import plan
from plotobot.plotters.base import Needs
from plotobot.simulate.fluid import Fluid, Plot
from plotobot.simulate.rig import Rig

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
KEPT_STARTS = 40
AUTO_INTERVAL = 300.0
"""Seconds between two passes at most."""
ENDLESS = 1 << 60


class Planned:
    """Rules mode or auto mode, as the rules say."""

    def __init__(self, name: str, rig: Rig, rules: Rules, *, knee: bool = True) -> None:
        self._name = name
        self._rig = rig
        self._rules = rules
        self._starts: list[tuple[str, datetime]] = []
        self._jobs: dict[int, Job] = {}
        self._next_knees = EPOCH if knee else LAST
        self._next_pass = 0.0
        self._changes = -1
        self.holds: Sequence[Hold] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return self._name

    @property
    def reacts(self) -> str:
        """The engine makes a pass at each new phase, in auto mode at each new step."""
        return "status" if self._rules.auto else "phase"

    def look(self, fluid: Fluid) -> float:
        """A pass of the spawner, where one may decide anything else than the last.

        The engine makes one more often; between two changes it could only say the same, but for
        the foreseen space, which goes on by itself.
        """
        now, crowded = moment(fluid.now), self._crowded(fluid)
        self._learn(fluid, now)
        if crowded:
            self._hold_still(fluid, set(crowded))
        if fluid.changes != self._changes or fluid.now >= self._next_pass - 1e-6:
            self._next_pass = self._pass(fluid, now)
            self._changes = fluid.changes
        return min(self._next_pass, fluid.now + TICK) if crowded else self._next_pass

    def _pass(self, fluid: Fluid, now: datetime) -> float:
        """Start what may start; when to look again, in seconds since the beginning."""
        decided = plan(self._world(fluid, now), self._rules)
        for start in decided.starts:
            fluid.start(start.temp, start.out)
            self._starts.append((start.temp, now))
        self._starts = self._starts[-KEPT_STARTS:]
        self.holds = decided.holds
        ends = [hold.until for hold in decided.holds if hold.until]
        waits = ((end - now).total_seconds() for end in ends)
        moving = any(hold.rule == "space_ahead" for hold in decided.holds)
        usual = TICK if moving else self._rules.limits.interval
        return fluid.now + max(0.1, min([usual, *waits]))

    def _learn(self, fluid: Fluid, now: datetime) -> None:
        """Look for knees now and then, as the engine does."""
        auto = self._rules.auto
        if auto is None or now < self._next_knees:
            return
        self._next_knees = now + EVERY
        since = fluid.now - LATEST.total_seconds() - self._rig.profile.total * 2
        ended = [plot for plot in reversed(fluid.ended[-400:]) if (plot.ended or 0) > since]
        jobs = [self._job(plot, fluid) for plot in [*fluid.plots, *ended]]
        most = knees(jobs, auto.profiles, now)
        self._rules = replace(self._rules, auto=replace(auto, most=most))

    def guard(self, fluid: Fluid, through: list[Plot]) -> None:
        """Auto mode looks at once who may go on; rules mode pauses nobody, as its promises fit."""
        through_on = {plot.temp for plot in through}
        if touched := through_on & set(self._crowded(fluid)):
            self._hold_still(fluid, touched)

    def _crowded(self, fluid: Fluid) -> list[str]:
        """The temp drives whose plots could not all hold the most they still may at once.

        On the others whoever asks may go on, so that nobody has to ask.
        """
        if self._rules.auto is None:
            return []
        peaks, most = self._rig.profile.peaks, dict.fromkeys(fluid.fullest, 0.0)
        for plot in fluid.plots:
            most[plot.temp] += peaks[plot.stage] * self._rig.peak
        sizes = {one.path: one.size * CAPACITY for one in self._rig.machine.temps}
        still = {plot.temp for plot in fluid.plots if plot.paused}
        return [temp for temp, size in sizes.items() if most[temp] > size or temp in still]

    def _hold_still(self, fluid: Fluid, temps: set[str]) -> None:
        if self._rules.auto is None:
            return
        here = [plot for plot in fluid.plots if plot.temp in temps]
        jobs = [self._job(plot, fluid) for plot in here]
        drives = [one for one in self._drives(fluid) if one.path in temps]
        still = guarded(self._rules.auto, drives, jobs, moment(fluid.now), self._rules.reserve)
        for plot in here:
            (fluid.pause if str(plot.number) in still else fluid.resume)(plot)

    def _world(self, fluid: Fluid, now: datetime) -> World:
        return World(now, self._drives(fluid), self.jobs(fluid), starts=self._starts)

    def jobs(self, fluid: Fluid) -> list[Job]:
        """The plots as the engine's jobs."""
        return [self._job(plot, fluid) for plot in fluid.plots]

    def _drives(self, fluid: Fluid) -> list[Drive]:
        temps = [
            Drive(
                DriveKind.TEMP, one.path, one.path, one.size,
                max(0, one.size - round(fluid.used_on(one.path))),
            )
            for one in self._rig.machine.temps
        ]  # fmt: skip
        outs = [
            Drive(DriveKind.OUT, one.path, one.path, ENDLESS, ENDLESS) for one in self._rig.outs
        ]
        return [*temps, *outs]

    def _job(self, plot: Plot, fluid: Fluid) -> Job:
        return Job(
            id=str(plot.number),
            plotter=self._rig.plotter,
            k=self._rig.k,
            temp=plot.temp,
            out=plot.out,
            state=JobState.RUNNING,
            status=plot.status,
            started_at=moment(plot.born),
            temp_need=self._rig.peak,
            out_need=self._rig.plot,
            temp_used=0 if plot.ended else round(fluid.used(plot)),
            ended_at=None if plot.ended is None else moment(plot.ended),
            profile=self._rules.kinds[0].name,
            marks=tuple(plot.marks),
            paused=moment(plot.paused_since) if plot.paused else None,
            paused_seconds=plot.paused_seconds,
        )


def moment(seconds: float) -> datetime:
    """A moment of the simulated time as one of the calendar."""
    return EPOCH + timedelta(seconds=seconds)


def kind_of(rig: Rig, temp: int | None = None) -> Kind:
    """The kind of plot a rig makes.

    Args:
        rig: the machine.
        temp: bytes that the farmer gives a plot on temp; None: what it takes.
    """
    profile = Profile(plot=PlotSettings(plotter=rig.plotter, k=rig.k))
    return Kind(profile, Needs(temp=temp or rig.peak, temp2=0, out=rig.plot))


def rules_mode(
    rig: Rig, limits: Limits, *, temp: int | None = None, name: str = "rules"
) -> Planned:
    """Rules mode with a farmer's limits."""
    return Planned(name, rig, Rules(limits, [kind_of(rig, temp)]))


def auto_mode(
    rig: Rig, limits: Limits | None = None, *, name: str = "auto", knee: bool = True
) -> Planned:
    """Auto mode; without limits it is free to do what the machine allows.

    Args:
        rig: the machine.
        limits: the farmer's caps.
        name: what people call it.
        knee: whether it looks for the number of plots beyond which a drive brings less.
    """
    free = Limits(interval=AUTO_INTERVAL, max_parallel=NO_CAP, max_parallel_per_drive=NO_CAP)
    auto = Auto(rig.machine, {(rig.plotter, rig.k): rig.profile}, gap=DAY / rig.bound.plots_a_day)
    return Planned(name, rig, Rules(limits or free, [kind_of(rig)], auto=auto), knee=knee)
