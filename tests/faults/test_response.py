"""People get their first answer at once, whatever the machine is busy with."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plotobot.engine.models import JobState
from tests.app.live import LiveFarm
from tests.faults.hung import hung_mount, needs_fuse
from tests.loopback import LoopbackDiscord

JOBS, ASKED = 16, 1000
ASKING = (
    ("jobs", {}),
    ("drives", {}),
    ("spawn why", {}),
    ("move status", {}),
    ("help", {}),
    ("farmlog", {"level": "Error"}),
    ("report now", {}),
    ("spawn limits", {}),
    ("audit", {}),
    ("spawn pause", {}),
)
HASH = "import hashlib, os\nos.nice(5)\nwhile True: hashlib.sha256(bytes(1 << 24))"


async def plotting(farm: LiveFarm) -> None:
    """Wait until all jobs run, letting each stand still as soon as it has begun."""
    still: set[int] = set()
    async with asyncio.timeout(150):
        while len(still) < JOBS:
            for job in farm.jobs():
                if job.state is JobState.RUNNING and job.pid and job.pid not in still:
                    os.kill(job.pid, signal.SIGSTOP)
                    still.add(job.pid)
            await asyncio.sleep(0.05)


@pytest.mark.mounts
async def test_the_first_answer_comes_at_once_while_16_jobs_run_a_hash_runs_and_a_mount_hangs(
    live_farm: LiveFarm, loopback: LoopbackDiscord, tmp_path: Path
) -> None:
    far = tmp_path / "far"
    far.mkdir()
    needs_fuse(far)
    live_farm.set_up(k=20, count=JOBS, destinations=[far], more="[move]\nenabled = true")
    text = live_farm.settings.read_text()
    many = f"count = {JOBS}\nmax_parallel = {JOBS}\nmax_parallel_per_drive = {JOBS}"
    live_farm.settings.write_text(text.replace(f"count = {JOBS}", many))
    bot = await live_farm.start()
    await loopback.connected()
    await plotting(live_farm)

    hashing = subprocess.Popen([sys.executable, "-c", HASH])
    seconds: list[float] = []
    try:
        with hung_mount(far):
            for number in range(ASKED):
                command, options = ASKING[number % len(ASKING)]
                answer = await loopback.slash(command, user=loopback.owner, options=options)
                await answer.answered()
                seconds.append(answer.seconds or 0.0)
    finally:
        hashing.kill()
        hashing.wait()
        for job in live_farm.jobs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(job.pid or 0, signal.SIGKILL) if job.pid else None

    seconds.sort()
    p50, p99, worst = seconds[ASKED // 2], seconds[ASKED * 99 // 100], seconds[-1]
    print(f"first answer: p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, max {worst * 1e3:.0f} ms")
    assert p99 < 0.5
    assert worst < 2.0
    assert "stands still" not in bot.stderr.read_text()
