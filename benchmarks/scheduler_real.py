"""Auto mode beside static slots on real plots: two little temp drives with room for one or two.

    python benchmarks/scheduler_real.py [--k K] [--plots PLOTS] [--share SHARE] [--slices SLICES]

Each temp drive is a tmpfs of SHARE times (default 1.7) what a plot takes at its peak, so that
static slots are one a drive: rules mode with that cap. Beside them stand rules mode without any
cap, which lets a plot start for what the others still need, and auto mode. Each makes PLOTS plots,
in turns, twice. While they do, the free bytes of the drives are watched: a full drive is a failure.

Two plots keep two cores busy, and then cores bind, not space. So each plotter is kept to a
SLICES-th (default: half) of a core by the kernel, and auto mode is told of so many times the
cores: what runs is a machine of more and slower cores. With SLICES 1 nothing is slowed.

Needs root, for mounting and for control groups. Look at the load before believing a ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from slow_cores import slow_cores
from workbench import little_farm

from plotobot.app import running_engine
from plotobot.engine.config import NO_CAP, EngineConfig, Limits
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import Job, JobState
from plotobot.engine.spawner import kinds_of

GOAL = 1.15
ROUNDS = 2
STATIC, RULES, AUTO = WAYS = ("static slots", "rules", "auto")


@dataclass
class Watched:
    """What was seen of the drives while plots were made."""

    least_free: int = 1 << 60
    most_at_once: int = 0
    paused: int = 0


@contextlib.contextmanager
def mounted(folders: list[Path], size: int) -> Iterator[None]:
    """Little file systems on these folders."""
    for folder in folders:
        options = f"size={size}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    try:
        yield
    finally:
        for folder in folders:
            subprocess.run(["umount", "-l", str(folder)], check=False)


async def watch(engine: PlottingEngine, temps: list[Path], seen: Watched) -> None:
    """Look at the drives and the jobs ten times a second."""
    while True:
        free = min(shutil.disk_usage(one).free for one in temps)
        live = [job for job in await engine.jobs() if job.state.live]
        seen.least_free = min(seen.least_free, free)
        seen.most_at_once = max(seen.most_at_once, len(live))
        seen.paused = max(seen.paused, _paused(live))
        await asyncio.sleep(0.1)


def _paused(jobs: list[Job]) -> int:
    return sum(job.paused_seconds > 0 or bool(job.paused) for job in jobs)


async def made(engine: PlottingEngine, plots: int) -> list[Job]:
    """Wait until so many plots are made; gives their jobs."""
    while True:
        jobs = [job for job in await engine.jobs() if not job.state.live]
        if failed := [job for job in jobs if job.state is not JobState.COMPLETED]:
            raise SystemExit(f"{failed[0].label}: {failed[0].reason}")
        if len(jobs) >= plots:
            return jobs
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.changed(), 2)


async def make(config: EngineConfig, plots: int, temps: list[Path]) -> tuple[float, Watched]:
    """Make the plots; plots an hour, and what was seen."""
    seen, began = Watched(), time.monotonic()
    async with running_engine(config) as engine:
        watching = asyncio.create_task(watch(engine, temps, seen))
        await made(engine, plots)
        took = time.monotonic() - began
        watching.cancel()
    return plots / took * 3600, seen


def configured(
    root: Path, way: str, k: int, plots: int, share: float, python: Path | None
) -> EngineConfig:
    """A farm of two temp drives."""
    here = int(share) if way == STATIC else NO_CAP
    limits = Limits(count=plots, interval=2.0, max_parallel=NO_CAP, max_parallel_per_drive=here)
    config = little_farm(root, 2, k, limits)
    plot = replace(config.plot, threads=1, program=python)
    return replace(config, mode="auto" if way == AUTO else "rules", plot=plot)


def one_run(way: str, k: int, plots: int, share: float, slices: int) -> float:
    """One way once; prints and returns its plots an hour."""
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        python = stack.enter_context(slow_cores(root, slices)) if slices > 1 else None
        config = configured(root, way, k, plots, share, python)
        temps = [root / "temp1", root / "temp2"]
        stack.enter_context(mounted(temps, round(kinds_of(config)[0].needs.temp * share)))
        rate, seen = asyncio.run(make(config, plots, temps))
    print(
        f"{way:>12}: {rate:6.1f} plots/h, at most {seen.most_at_once} at once, "
        f"least free {seen.least_free / 2**20:.1f} MiB, held still {seen.paused}, "
        f"load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    if seen.least_free <= 0:
        raise SystemExit("a drive was full")
    return rate


def main(k: int, plots: int, share: float, slices: int) -> int:
    """All ways in turns; 1 where auto mode misses the goal."""
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(ROUNDS):
        for way in WAYS if number % 2 == 0 else WAYS[::-1]:
            rates[way].append(one_run(way, k, plots, share, slices))
    static, rules, auto = (sum(rates[way]) for way in WAYS)
    print(f"auto / rules without a cap: {auto / rules:.2f}")
    met = "met" if auto / static >= GOAL else "MISSED"
    print(f"auto / static slots: {auto / static:.2f} (goal {GOAL}): {met}")
    return 0 if auto / static >= GOAL else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind, usual in (
        ("k", int, 20), ("plots", int, 16), ("share", float, 1.7), ("slices", int, 2),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=kind, default=usual)
    sys.exit(main(**vars(parser.parse_args())))
