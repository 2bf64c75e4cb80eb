"""The simulator beside reality: the same planner, on real plots and on make-believe ones.

    python benchmarks/scheduler_reality.py [--k K] [--rounds ROUNDS]

Rules mode keeps N real plots of chiapos in the making at once, for N = 1 to 4, on a tmpfs with room
for all. How such a plot goes is learnt from the run with N = 1, as auto mode learns it; so are its
time from one plot to the next and the core seconds that plotter and engine spent on it. The rates
of the others are foretold by the simulator. Nothing else may run meanwhile; how many cores
others kept busy stands in the table, and the simulator knows nothing of them. Needs root, for
mounting.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from scheduler_real import made, mounted
from workbench import little_farm

from plotobot.app import running_engine
from plotobot.engine.auto.bound import DAY
from plotobot.engine.auto.learning import learned_of
from plotobot.engine.config import EngineConfig, Limits
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import GIB, Job
from plotobot.engine.spawner import kinds_of
from plotobot.simulate.production import rules_mode
from plotobot.simulate.rig import Rig, Span
from plotobot.simulate.run import simulate
from plotobot.simulate.this_machine import rig_of
from plotobot.surroundings import look_at_drives

MOST = 4
TIMES = (0.9, 1.1)
"""Foretold over measured: how far it may be off."""


@dataclass
class Measured:
    """What was seen of one number of plots at once."""

    an_hour: float
    work: float
    """Core seconds for one plot."""
    others: float
    """Cores that were kept busy by what is none of ours."""
    rig: Rig


def limits(at_once: int, plots: int | None = None) -> Limits:
    """So many plots at once, and no other wait."""
    return Limits(count=plots, interval=2.0, max_parallel=at_once, max_parallel_per_drive=at_once)


async def make(config: EngineConfig, plots: int) -> tuple[Sequence[Job], float]:
    """Make real plots; gives their jobs, and the core seconds that the plotters took."""
    seen: dict[str, float] = {}
    async with running_engine(config) as engine:
        counting = asyncio.create_task(count(engine, seen))
        jobs = await made(engine, plots)
        counting.cancel()
    return jobs, sum(seen.values())


async def count(engine: PlottingEngine, seen: dict[str, float]) -> None:
    """Look at the plotters' clocks twenty times a second."""
    while True:
        for job in await engine.jobs():
            if job.state.live and job.pid:
                with contextlib.suppress(psutil.Error):
                    times = psutil.Process(job.pid).cpu_times()
                    seen[job.id] = max(seen.get(job.id, 0.0), times.user + times.system)
        await asyncio.sleep(0.05)


def measured(k: int, at_once: int, plots: int) -> Measured:
    """Run for real."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = little_farm(root, 1, k, limits(at_once, plots))
        config = replace(config, plot=replace(config.plot, threads=1))
        with mounted([root / "temp1"], 4 * GIB):
            began, before, mine = time.monotonic(), busy(), time.process_time()
            jobs, work = asyncio.run(make(config, plots))
            work += time.process_time() - mine
            others = (busy() - before - work) / (time.monotonic() - began)
            rig = rig_of(kinds_of(config)[0], look_at_drives(config), learned_of(jobs))
    # The finished plot stays in memory, so the copy takes what it was seen to take.
    rig = replace(rig, machine=replace(rig.machine, outs=()))
    return Measured(plots / span(jobs) * 3600, work / plots, max(0.0, others), rig)


def busy() -> float:
    """Seconds that all cores were busy since the machine's start."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def span(jobs: Sequence[Job]) -> float:
    """Seconds from the first start to the last end."""
    starts = [job.started_at for job in jobs if job.started_at]
    ends = [job.ended_at for job in jobs if job.ended_at]
    return (max(ends) - min(starts)).total_seconds()


def calibrated(one: Measured) -> Rig:
    """The rig, whose plots alone take what they were seen to take from one to the next."""
    seconds = 3600 / one.an_hour
    profile = one.rig.profile.scaled(seconds / one.rig.profile.total)
    more = one.work / profile.work
    stages = tuple(replace(stage, cores=stage.cores * more) for stage in profile.stages)
    return replace(one.rig, profile=replace(profile, stages=stages))


def foretold(rig: Rig, at_once: int, plots: int) -> float:
    """Plots an hour by the simulator, over the same number of plots."""
    days = 3 * plots * rig.profile.total / DAY
    policy = rules_mode(rig, limits(at_once))
    outcome = simulate(rig, policy, Span(days, days / 9, noise=0.0))
    ends = sorted(plot.ended for plot in outcome.plots if plot.ended is not None)
    return plots / ends[plots - 1] * 3600


def main(k: int, rounds: int) -> int:
    """Run it; 1 where a rate was foretold wrong."""
    print("| at once | measured, plots/h | foretold | foretold / measured | cores of others |")
    print("|---|---|---|---|---|")
    rig: Rig | None = None
    wrong = 0
    for at_once in range(1, MOST + 1):
        real = measured(k, at_once, at_once * rounds)
        rig = rig or calibrated(real)
        told = foretold(rig, at_once, at_once * rounds)
        times = told / real.an_hour
        wrong += not TIMES[0] <= times <= TIMES[1]
        figures = f"{real.an_hour:.0f} | {told:.0f} | {times:.2f} | {real.others:.2f}"
        print(f"| {at_once} | {figures} |", flush=True)
    print(f"goal {TIMES[0]} to {TIMES[1]}: {'MISSED' if wrong else 'met'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5, help="plots after each other")
    sys.exit(main(**vars(parser.parse_args())))
