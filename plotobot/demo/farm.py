"""The demo's farm: the real engine, store and bot, on little plots made by chiapos."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from plotobot.access import Access, Holders
from plotobot.app import running_engine
from plotobot.board import BoardPace
from plotobot.bot import PlotoBot
from plotobot.demo.counted import CountedFolders
from plotobot.demo.drives import DemoDrives
from plotobot.demo.page import Place
from plotobot.demo.run import Ending, Options
from plotobot.engine.config import EngineConfig, FarmSettings, Limits, PlotSettings, SpaceRules
from plotobot.engine.drives import local_volumes
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, EventKind, Job, JobState
from plotobot.engine.protocol import Engine
from plotobot.engine.tending import tended
from plotobot.errors import Refusal
from plotobot.plotters import plotter
from plotobot.plotters.base import Needs, PlotOrder
from plotobot.ui.jobs import short_id
from plotobot.ui.text import duration, percent, plot_file

USUAL_K = 20
PLOT = PlotSettings(plotter="chiapos", k=USUAL_K, threads=1, buffer_mib=512, buckets=16)
LIMITS = Limits(interval=5, max_parallel=2, max_parallel_per_drive=1)
PLOTS_ON_OUT = (5, 11)
"""So many plots fill each out drive; where less than one fits beside ten, 90 % are used."""

BOARD_PACE = BoardPace(every=3.0, gather=0.5)
"""Little plots take seconds, and the page knows no limit."""
FIRST_REPORT = 3
"""So many plots have ended when the first report comes by itself."""
WELCOME = """\
👋 **Real little plots are being made on this machine, and you are their farmer.** \
News of them comes here by itself, a report with charts after the third. Type:
`/jobs` to see the table of plots
`/job` to see one of them, and its log
`/stop` to end one: it says what would be lost, a second press does it
`/spawn why` to see what holds each drive
`/drives`, `/report now` and `/help` for the rest"""


class WelcomingBot(PlotoBot):
    """The farm's very bot; all it does on top is to say first what can be done here."""

    async def setup_hook(self) -> None:
        """Welcome the newcomer, then begin as ever."""
        await self.get_partial_messageable(self.access.channel).send(WELCOME)
        await super().setup_hook()


@dataclass(frozen=True, slots=True)
class RunningFarm:
    """An engine at work on the demo's drives."""

    engine: Engine
    before: frozenset[str]
    """Jobs of an earlier demo in the same folder."""

    def make_bot(self, place: Place) -> PlotoBot:
        """The farm's very bot, with the page's one person as its owner."""
        owner = Holders(users=frozenset({place.owner_id}))
        access = Access(place.guild_id, place.channel_id, owners=owner)
        return WelcomingBot(
            place.beside(self.engine), access, board=place.channel_id, board_pace=BOARD_PACE
        )

    async def endings(self) -> AsyncIterator[Ending]:
        """Each plot of this demo as it ends, for ever."""
        told = set(self.before)
        while True:
            for job in reversed(await self.engine.jobs()):
                if job.id not in told and not job.state.live:
                    told.add(job.id)
                    yield ending(job)
            await self.engine.changed()


class LittleFarm:
    """How the demo's farm is opened."""

    def drive_sizes(self, options: Options) -> tuple[list[int], list[int]]:
        """Two temp drives for a plot each, two out drives that fill within minutes.

        The out drives take as many plots as were asked for, and the last one fills each beyond
        what is told as filling.
        """
        needs = needs_of(options)
        temp = 2 * needs.temp + reserve(needs)
        times = max(1.0, 1.2 * (options.plots or 0) / sum(PLOTS_ON_OUT))
        outs = (round(times * plots * needs.out) for plots in PLOTS_ON_OUT)
        return [temp, temp], [out + 2 * reserve(needs) for out in outs]

    @asynccontextmanager
    async def opened(self, options: Options, drives: DemoDrives) -> AsyncIterator[RunningFarm]:
        """The engine at work on these drives; at the end its plotters are stopped."""
        source = CountedFolders(local_volumes(), drives.counted)
        async with running_engine(config(options, drives), source=source) as engine:
            before = frozenset(job.id for job in await engine.jobs())
            await engine.start_spawning(options.plots or None)
            telling = partial(tell_reports, engine, before, options.plots or None)
            alarm = partial(engine.tell, EventKind.TROUBLE)
            reports = asyncio.create_task(tended("the demo's reports", telling, alarm))
            try:
                yield RunningFarm(engine, before)
            finally:
                reports.cancel()
                await asyncio.gather(reports, return_exceptions=True)
                await _stop_all(engine)


def needs_of(options: Options) -> Needs:
    """The room that one plot needs."""
    order = PlotOrder(k=options.k or USUAL_K, temp="", out="", buckets=PLOT.buckets)
    return plotter(PLOT.plotter).needs(order)


def reserve(needs: Needs) -> int:
    """What is kept free on each drive: little beside a plot, so that drives do fill."""
    return needs.out // 10


def config(options: Options, drives: DemoDrives) -> EngineConfig:
    """What the engine is told."""
    nothing: dict[DriveKind, tuple[str, ...]] = dict.fromkeys(DriveKind, ())
    return EngineConfig(
        machine="demo",
        state_dir=drives.root / "state",
        drives={
            **nothing,
            DriveKind.TEMP: tuple(map(str, drives.temps)),
            DriveKind.OUT: tuple(map(str, drives.outs)),
        },
        plot=replace(PLOT, k=options.k or USUAL_K),
        limits=LIMITS,
        space=SpaceRules(reserve=reserve(needs_of(options))),
        spawn_on_start=False,
        farm=FarmSettings(watch=False, log=drives.root / "debug.log"),
        foreign=False,  # the machine's real plots take nothing from the demo
    )


def ending(job: Job) -> Ending:
    """How a job ended, for the terminal."""
    head = f"{short_id(job)} on {Path(job.temp).name}"
    if job.state is not JobState.COMPLETED or job.final_path is None:
        why = f": {job.reason.splitlines()[0]}" if job.reason else ""
        return Ending(f"{head} {job.status.lower()} at {percent(job.fraction)}{why}")
    file = f"{Path(job.out).name}/{plot_file(job.final_path)}"
    return Ending(f"{head} finished in {duration(job.total_seconds)}: {file}", Path(job.final_path))


async def tell_reports(engine: PlottingEngine, before: Collection[str], plots: int | None) -> None:
    """Have a report told when a few plots have ended, and when no more will be made; for ever.

    Args:
        engine: at work.
        before: jobs of an earlier demo, which are in no report of this one.
        plots: how many are made in all; None makes them as long as there is room.
    """
    told = 0
    while True:
        jobs = [job for job in await engine.jobs() if job.id not in before]
        ended = sum(not job.state.live for job in jobs)
        full = not any(view.takes for view in await engine.drives(DriveKind.OUT))
        over = ended == plots or (full and ended == len(jobs))
        if ended > told and (over or told < FIRST_REPORT <= ended):
            told = ended
            await engine.tell_summary()
        await engine.changed()


async def _stop_all(engine: Engine) -> None:
    await engine.pause_spawning()
    for job in await engine.jobs():
        if job.state.live and not job.foreign:
            with suppress(Refusal):
                await engine.stop(job.id, by="the demo's end")
