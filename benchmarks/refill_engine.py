"""How long a temp drive stays empty, through the whole engine, with real plotters.

    python benchmarks/refill_engine.py [PLOTS] [DIRECTORY]

One temp drive takes one plot at a time; chiapos makes plots of k18, a second each. The gap goes
from the exit of one plotter, as its shim noted it, to the fork of the next one; what follows the
fork (`child.json` durable, exec) is in `slot_refill.py`. All times come from the jobs' records.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workbench import head, little_farm, row

from plotobot.app import running_engine
from plotobot.engine.config import Limits
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import Job, JobState
from plotobot.engine.supervision.jobdir import CHILD, EXIT, SHIM, read_record

GOAL_MS = 200.0


@dataclass(frozen=True)
class Moments:
    """One job's moments, in seconds of the wall clock, in their order."""

    planned: float
    shim: float
    forked: float
    ended: float


def moments(directory: Path, job: Job) -> Moments:
    """Read them from the job's records."""
    shim, child, end = (read_record(directory, name) or {} for name in (SHIM, CHILD, EXIT))
    if job.created_at is None or job.state is not JobState.COMPLETED:
        raise SystemExit(f"{job.label}: {job.state}: {job.reason}")
    return Moments(job.created_at.timestamp(), shim["t"], child["t"], end["t"])


async def all_ended(engine: PlottingEngine, plots: int) -> list[Job]:
    """Wait for the last plot; returns all of them, oldest first."""
    while True:
        jobs = await engine.jobs()
        if len(jobs) == plots and not any(job.state.live for job in jobs):
            return list(reversed(jobs))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.changed(), 5)


async def main(plots: int, root: Path) -> bool:
    """Make the plots and print the table."""
    limits = Limits(count=plots, interval=300, max_parallel=1)
    config = little_farm(root, 1, 18, limits)
    async with running_engine(config) as engine:
        jobs = await all_ended(engine, plots)
    runs = [moments(config.jobs_root / job.id, job) for job in jobs]
    pairs = list(itertools.pairwise(runs))
    head(f"{len(pairs)} refills")
    p99, _ = row("exit of a plotter -> fork of the next", [b.forked - a.ended for a, b in pairs])
    row("  the engine: exit -> judged, next start planned", [b.planned - a.ended for a, b in pairs])
    row("  spec.json durable, the shim's interpreter up", [b.shim - b.planned for _, b in pairs])
    row("  the shim: its three records durable, fork", [b.forked - b.shim for _, b in pairs])
    print(f"goal: p99 <= {GOAL_MS:.0f} ms: {'met' if p99 <= GOAL_MS else 'MISSED'}")
    return p99 <= GOAL_MS


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        sys.exit(0 if asyncio.run(main(count, Path(folder))) else 1)
