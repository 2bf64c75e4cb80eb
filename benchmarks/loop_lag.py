"""How late the event loop is while the whole engine follows eight plots at once.

    python benchmarks/loop_lag.py [SECONDS] [DIRECTORY]

A task asks to be woken every 5 ms and notes how late it was. First in a process that does nothing
else (what this machine can do), then beside eight bare plotters' worth of CPU load without the
engine, then in a process with a whole engine that makes eight real chiapos plots of k19 at a time
in four temp folders. The difference between the last two is Plotobot's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from workbench import head, little_farm, row

from plotobot.app import running_engine
from plotobot.engine.config import Limits
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import JobState

GOAL_P99_MS, GOAL_MAX_MS = 20.0, 100.0
PLOTS = 8
TICK = 0.005
BURN = "import time\nend = time.time() + {}\nwhile time.time() < end: pass"


async def lags(seconds: float) -> list[float]:
    """How late each tick came, in seconds."""
    late: list[float] = []
    end = time.perf_counter() + seconds
    while (asked := time.perf_counter()) < end:
        await asyncio.sleep(TICK)
        late.append(time.perf_counter() - asked - TICK)
    return late


@contextlib.asynccontextmanager
async def load(seconds: float, niceness: int) -> AsyncIterator[None]:
    """As many processes as there will be plots, each of which takes all it can get of a core."""
    command = ("nice", "-n", str(niceness), sys.executable, "-c", BURN.format(seconds))
    burning = [await asyncio.create_subprocess_exec(*command) for _ in range(PLOTS)]
    try:
        yield
    finally:
        for process in burning:
            await process.wait()


async def all_run(engine: PlottingEngine) -> None:
    """Wait until the machine is full."""
    while sum(job.state.live and job.plot_id is not None for job in await engine.jobs()) < PLOTS:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.changed(), 1)


async def with_engine(seconds: float, root: Path) -> tuple[list[float], int]:
    """The lags beside a whole engine, and how many plots it made meanwhile."""
    limits = Limits(interval=300, max_parallel=PLOTS, max_parallel_per_drive=2)
    async with running_engine(little_farm(root, 4, 19, limits)) as engine:
        await all_run(engine)
        late = await lags(seconds)
        jobs = await engine.jobs()
        for job in jobs:
            if job.state.live:
                with contextlib.suppress(Exception):  # it ended by itself just now
                    await engine.stop(job.id, "the benchmark")
    return late, sum(job.state is JobState.COMPLETED for job in jobs)


async def main(seconds: float, root: Path) -> bool:
    """Measure, and print the table."""
    head(f"lag of a {TICK * 1e3:.0f} ms tick over {seconds:.0f} s")
    row("idle", await lags(min(seconds, 10)))
    for niceness in (0, 10):
        async with load(11, niceness):
            await asyncio.sleep(0.5)
            row(f"beside {PLOTS} busy processes of niceness {niceness}", await lags(10))
    late, made = await with_engine(seconds, root)
    p99, most = row(f"a whole engine with {PLOTS} plots at once ({made} made)", late)
    met = p99 <= GOAL_P99_MS and most <= GOAL_MAX_MS
    print(f"goal: p99 <= {GOAL_P99_MS:.0f}, max <= {GOAL_MAX_MS:.0f}: {'met' if met else 'MISSED'}")
    return met


if __name__ == "__main__":
    span = float(sys.argv[1]) if len(sys.argv) > 1 else 40.0
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        sys.exit(0 if asyncio.run(main(span, Path(folder))) else 1)
