"""The power goes while the store writes: what it had acknowledged is there at the next start."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plotobot.engine.store import Store
from plotobot.engine.supervision.jobdir import read_spec
from tests.engine.drives.conftest import Disks, disks, run
from tests.faults.power import cut_power

__all__ = ["disks"]
pytestmark = pytest.mark.mounts

CUTS = 3
WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from plotobot.engine.models import Event, EventKind, Job
from plotobot.engine.store import Store
from plotobot.engine.supervision.jobdir import Spec, create

async def write(root, life, number=0):
    store = await Store.open(root / "plotobot.db")
    while True:
        name, now = f"job-{life}-{number}", datetime.now(UTC)
        create(root / "jobs", name, Spec(("/bin/true",), "/", {}))
        job = Job(name, "chiapos", 18, "/t", "/o", created_at=now)
        await store.record([job], [Event(EventKind.JOB_SPAWNED, now, job)])
        print(name, flush=True)
        number += 1

asyncio.run(write(Path(sys.argv[1]), sys.argv[2]))
"""


def write_until_the_power_goes(state: Path, life: int, seconds: float) -> list[str]:
    """Let a process write jobs; returns the ids of those that it acknowledged."""
    command = [sys.executable, "-c", WRITER, str(state), str(life)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as writer:
        assert writer.stdout is not None
        said = writer.stdout.readline()
        assert said, "it wrote nothing at all"
        time.sleep(seconds)
        cut_power(state)
        writer.kill()
        return (said + writer.stdout.read()).decode().split()


async def test_what_was_acknowledged_outlasts_power_cuts(
    seeds: Iterator[int], disks: Disks
) -> None:
    image = disks.image("power", "power", mib=64)
    state = disks.mount(image, "power")
    acknowledged: list[str] = []
    for seed in seeds:
        dice = random.Random(seed)
        for cut in range(CUTS):
            life = seed * CUTS + cut
            acknowledged += write_until_the_power_goes(state, life, dice.random() * 0.5)
            run("umount", state)
            run("mount", "-o", "loop", image, state)
            store = await Store.open(state / "plotobot.db")
            kept = {job.id for job in await store.jobs(0)}
            assert store.recovered is None
            await store.close()
            assert [name for name in acknowledged if name not in kept] == []
            assert [name for name in acknowledged if not read_spec(state / "jobs" / name)] == []
    print(f"{len(acknowledged)} writes acknowledged, none lost")
    assert len(acknowledged) > 2 * CUTS, "too few to have shown anything"
