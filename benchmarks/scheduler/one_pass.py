"""How long one pass of the planner takes in auto mode, with 64 plots on 16 drives."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta

from benchmarks.scheduler.rigs import PEAK, PLOT, rig
from plotobot.engine.auto.forecast import Auto
from plotobot.engine.case import Rules, World
from plotobot.engine.config import NO_CAP, Limits
from plotobot.engine.models import Drive, DriveKind, Job, JobState
from plotobot.engine.planner import plan
from plotobot.simulate.production import EPOCH, kind_of

PLOTS, DRIVES, REPEATS = 64, 16, 200
ROOMY, TIGHT = 1000.0, 64.0
"""Cores: with many, each drive is asked for its foreseen space; with few, cores hold first."""


def figures() -> str:
    """Milliseconds of a core, median of many passes."""
    first = f"{milliseconds(TIGHT):.2f} ms where the cores hold the next plot"
    return f"{PLOTS} plots, {DRIVES} drives: {first}, {milliseconds(ROOMY):.2f} ms where space does"


def milliseconds(cores: float) -> float:
    """The median of a pass, by the process's own clock."""
    world, rules = case(cores)
    took = []
    for _ in range(REPEATS):
        began = time.process_time()
        decided = plan(world, rules)
        took.append(time.process_time() - began)
        if decided.starts:
            raise AssertionError("a pass that starts a plot is more than one")
    return statistics.median(took) * 1e3


def case(cores: float) -> tuple[World, Rules]:
    """A machine whose drives hold no fifth plot each."""
    machine = rig("pass", cores, 1000, [(760, 5000)] * DRIVES, 4)
    jobs = [_job(number, machine.profile.begins) for number in range(PLOTS)]
    used = {one.path: sum(job.temp_used for job in jobs if job.temp == one.path)
            for one in machine.machine.temps}  # fmt: skip
    drives = [
        Drive(DriveKind.TEMP, one.path, one.path, one.size, one.size - used[one.path])
        for one in machine.machine.temps
    ]
    drives += [Drive(DriveKind.OUT, one.path, one.path, 1 << 60, 1 << 60) for one in machine.outs]
    free = Limits(max_parallel=NO_CAP, max_parallel_per_drive=NO_CAP)
    auto = Auto(machine.machine, {("chia", 32): machine.profile}, gap=100.0)
    now = EPOCH + timedelta(days=1)
    return World(now, drives, jobs), Rules(free, [kind_of(machine)], auto=auto)


def _job(number: int, begins: tuple[float, ...]) -> Job:
    """Four plots a drive, evenly apart."""
    stages = ["1.3", "1.6", "3.1", "3.5"]
    shares, reached = [0.65, 0.74, 0.95, 0.6], [2, 6, 9, 13]
    which = number % len(stages)
    seconds = begins[reached[which]]
    return Job(
        id=str(number), plotter="chia", k=32, temp=f"t{number // len(stages)}", out="o0",
        state=JobState.RUNNING, status=stages[which], temp_need=PEAK, out_need=PLOT,
        started_at=EPOCH + timedelta(days=1, seconds=-seconds - 60),
        temp_used=round(shares[which] * PEAK), marks=((stages[which], seconds),), pid=number,
    )  # fmt: skip
