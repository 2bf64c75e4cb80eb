"""How long a slot stays empty: from the exit of a plotter to the exec of the next one.

    python benchmarks/slot_refill.py [JOBS] [STATE_DIR]

A chain of jobs, each launched the moment the supervisor knows of the end of the one before. Each
prints the time as its first and as its last act, so the gap between two of them holds everything:
the wait, the durable records, the shim's start. The stages come from the records' own times.
The state directory decides most of it: every record is fsynced.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from workbench import head, row

from plotobot.engine.supervision.jobdir import CHILD, EXIT, SHIM, Spec, new_job_id, read_record
from plotobot.engine.supervision.supervisor import Supervisor

GOAL_MS = 200.0
JOB = ("/bin/sh", "-c", "date +%s%N; sleep 0.05; date +%s%N")


@dataclass
class Timed:
    """One job's moments, in seconds of the wall clock."""

    launch: float
    shim: float
    child: float
    executed: float
    last_act: float
    exit_seen_by_shim: float
    known: float


async def run_one(supervisor: Supervisor) -> Timed:
    """Run one job to its end."""
    job_id, launch = new_job_id(), time.time()
    await supervisor.launch(job_id, Spec(JOB, "/", {"PATH": "/usr/bin:/bin"}))
    await supervisor.wait(job_id)
    known = time.time()
    directory = supervisor.directory(job_id)
    shim, child, ended = (read_record(directory, name) or {} for name in (SHIM, CHILD, EXIT))
    first, last = (int(line) / 1e9 for line in (directory / "out.log").read_text().split())
    return Timed(launch, shim["t"], child["t"], first, last, ended["t"], known)


async def main(jobs: int, state: Path) -> bool:
    """Run the chain and print the table."""
    supervisor = Supervisor(state / "jobs")
    runs = [await run_one(supervisor) for _ in range(jobs + 1)]
    await supervisor.close()
    pairs = list(itertools.pairwise(runs))
    head(f"{jobs} refills")
    p99, _ = row(
        "last act of a plotter -> first act of the next",
        [b.executed - a.last_act for a, b in pairs],
    )
    row(
        "  last act -> the shim has reaped it", [a.exit_seen_by_shim - a.last_act for a, _ in pairs]
    )
    row(
        "  reaped -> exit.json durable, and known to the bot",
        [a.known - a.exit_seen_by_shim for a, _ in pairs],
    )
    row("  launch -> spec durable, shim's interpreter up", [b.shim - b.launch for _, b in pairs])
    row("  shim up -> plotter forked (3 fsynced files)", [b.child - b.shim for _, b in pairs])
    row("  forked -> child.json durable, exec, first act", [b.executed - b.child for _, b in pairs])
    print(f"goal: p99 <= {GOAL_MS:.0f} ms: {'met' if p99 <= GOAL_MS else 'MISSED'}")
    return p99 <= GOAL_MS


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        sys.exit(0 if asyncio.run(main(count, Path(folder))) else 1)
