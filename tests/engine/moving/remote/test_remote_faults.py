"""Copies that are killed, cut and left: no plot is lost, and nothing broken has a plot's name."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from plotobot.engine.moving.base import DestinationAway, MoveRefused
from plotobot.engine.moving.remote.commands import PART
from tests.engine.moving.remote.hosts import Cable
from tests.engine.moving.remote.test_remote_carry import copying

SEED = 20261125
MOMENTS = 30
LITTLE_BOT = Path(__file__).with_name("little_bot.py")


def held(order, far: Path, content: bytes) -> None:
    """At every moment: somewhere it is whole, and what has its name over there is whole."""
    there = far / order.source.name
    if there.exists():
        assert there.read_bytes() == content
    if not order.source.exists():
        assert there.exists(), "lost"
    else:
        assert order.source.read_bytes() == content


async def strike(kind: str, daemon, cable: Cable) -> None:
    if kind == "client":
        for process in copying():
            process.kill()
    elif kind == "daemon":
        daemon.service.die()
    elif kind == "connection":
        cable.cut()


@pytest.mark.parametrize("kind", ["client", "daemon", "connection"])
async def test_faults_at_random_moments(daemon, to, order, pool_plot, far, kind):
    content, chance = pool_plot.path.read_bytes(), random.Random(f"{SEED} {kind}")
    broken = 0
    async with Cable(daemon.service.port) as cable:
        where = to(daemon, address=daemon.address(port=cable.port))
        for number in range(MOMENTS // 3):
            job = order(pool_plot, f"{number}.plot", bandwidth=16 << 20)
            moving = asyncio.create_task(where.carry(job, lambda _: None))
            await asyncio.sleep(chance.uniform(0.02, 1.0))
            await strike(kind, daemon, cable)
            held(job, far, content)
            [end] = await asyncio.gather(moving, return_exceptions=True)
            held(job, far, content)
            assert not isinstance(end, BaseException) or isinstance(end, DestinationAway), end
            broken += isinstance(end, DestinationAway)
            if kind == "daemon":
                daemon.service.start()

            await where.carry(dataclasses.replace(job, bandwidth=None), lambda _: None)

            assert (far / job.source.name).read_bytes() == content
            assert not job.source.exists()
        names = {path.name for path in far.iterdir()}
        assert names == {f"{number}.plot" for number in range(MOMENTS // 3)}
    assert broken, "no fault came in time: nothing was tested"


async def test_a_plot_that_landed_though_the_daemon_broke_off_is_not_sent_again(
    daemon, to, order, big_plot, far
):
    """The connection is cut when all has been sent, before the host could say that it landed."""
    content = big_plot.path.read_bytes()
    job = order(big_plot)
    async with Cable(daemon.service.port) as cable:
        cable.mute_after = job.ident.size
        found = await to(daemon, address=daemon.address(port=cable.port)).carry(job, lambda _: None)
        sent = cable.sent

    assert (far / job.source.name).read_bytes() == content
    assert not job.source.exists()
    assert found.size == len(content)
    assert sent < len(content) * 1.1


@pytest.mark.parametrize("moment", ["copying", "looking"])
async def test_a_bot_that_is_killed_takes_its_rsync_along(
    daemon, to, order, big_plot, far, tmp_path, moment
):
    job = order(big_plot)
    async with Cable(daemon.service.port) as cable:
        if moment == "looking":
            cable.hang()
        address = daemon.address(port=cable.port)
        words = [address, str(tmp_path / "state"), str(job.source), str(2 << 20)]
        bot = await asyncio.create_subprocess_exec(
            sys.executable,
            str(LITTLE_BOT),
            *words,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            if moment == "copying":
                while int(await bot.stdout.readline()) < 1_000_000:
                    pass
            else:
                await until_rsync(bot.pid)
            processes = [
                child
                for child in psutil.Process(bot.pid).children(recursive=True)
                if child.name() == "rsync"
            ]
        finally:
            bot.send_signal(signal.SIGKILL)
            await bot.communicate()
        assert processes
        _gone, alive = await asyncio.to_thread(psutil.wait_procs, processes, 5)
        assert not alive
    assert job.source.read_bytes() == big_plot.path.read_bytes()
    assert not (far / job.source.name).exists()

    found = await to(daemon).carry(job, lambda _: None)

    assert not job.source.exists()
    assert (far / job.source.name).read_bytes() == big_plot.path.read_bytes()
    assert (found.resumed_from > 500_000) is (moment == "copying")


async def until_rsync(pid: int) -> None:
    deadline = time.monotonic() + 20
    while not any(
        child.name() == "rsync" for child in psutil.Process(pid).children(recursive=True)
    ):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_what_is_left_there_is_told_when_a_move_is_refused(daemon, to, order, big_plot, far):
    job = order(big_plot, bandwidth=2 << 20)
    moving = asyncio.create_task(to(daemon).carry(job, lambda _: None))
    part = far / PART / job.source.name
    while not part.exists() or part.stat().st_size < 1_000_000:
        assert not moving.done()
        await asyncio.sleep(0.02)
    daemon.service.die()

    with pytest.raises((DestinationAway, MoveRefused)) as end:
        await moving

    assert f"{PART}/{job.source.name}" in str(end.value)
    assert part.exists()
