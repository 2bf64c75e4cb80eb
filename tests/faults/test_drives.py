"""Drives hang, vanish and come back below a whole engine: told in time, and the loop stays free."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from plotobot.engine.config import Profile, SpaceRules
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, EventKind, JobState
from tests.engine.drives.conftest import Disks, disks
from tests.engine.farm import Farm, ended, running, told, until
from tests.faults.hung import hung_mount, needs_fuse
from tests.faults.signals import signal_job
from tests.lag import free_loop

__all__ = ["disks"]
pytestmark = pytest.mark.mounts
ALERT, RETURN = 60.0, 60.0


async def alerted(engine: PlottingEngine, kind: EventKind, path: Path, seconds: float) -> float:
    """Wait for an alert on a drive; how long it took."""
    began = time.monotonic()

    async def there() -> bool:
        return any(str(path) in str(event.data.get("path")) for event in await told(engine, kind))

    await until(engine, there, seconds)
    return time.monotonic() - began


async def test_a_drive_that_hangs_is_told_and_the_other_goes_on(farm: Farm, disks: Disks) -> None:
    config = farm.config(count=None, max_parallel=2)
    needs_fuse(farm.root / "temp1")
    disks.folder = farm.root
    disks.disk("temp1", "ssd", "ext4", 300)  # a file system of its own, as drives are
    async with farm.running(config) as engine, free_loop():
        await running(engine, 2)
        with hung_mount(farm.root / "temp1"):
            took = await alerted(engine, EventKind.DRIVE_MISSING, farm.root / "temp1", ALERT)
            before = len([job for job in await engine.jobs() if not job.state.live])
            await ended(engine, before + 2)  # the other drive's plots
            assert len(await engine.drives()) == 3
        back = await alerted(engine, EventKind.DRIVE_BACK, farm.root / "temp1", RETURN)
        await engine.pause_spawning()
        print(f"hung: told after {took:.1f} s, back after {back:.1f} s")


@pytest.mark.parametrize("kind", ["out", "temp"])
async def test_a_plotter_that_ends_while_its_drive_hangs_keeps_no_other_from_being_judged(
    farm: Farm, kind: str
) -> None:
    config = farm.config(count=None, max_parallel=2)
    temps, outs = config.drives[DriveKind.TEMP], (str(farm.root / "o1"), str(farm.root / "o2"))
    for out in outs:
        Path(out).mkdir()
    needs_fuse(Path(outs[0]))
    profiles = (
        Profile(str(n), config.plot, SpaceRules(reserve=0), count=1, temp=(temp,), out=(out,))
        for n, (temp, out) in enumerate(zip(temps, outs, strict=True))
    )
    drives = {**config.drives, DriveKind.OUT: outs}
    async with farm.running(replace(config, drives=drives, profiles=tuple(profiles))) as engine:
        one, other = sorted(await running(engine, 2), key=lambda job: job.profile)
        for job in (one, other):
            signal_job(job, signal.SIGSTOP)
        with hung_mount(Path(one.out if kind == "out" else one.temp)), contextlib.ExitStack() as on:
            on.callback(signal_job, other, signal.SIGCONT)
            signal_job(one, signal.SIGKILL)

            async def shown() -> bool:
                return bool((await engine.job(one.id)).stuck)

            await until(engine, shown)
            on.close()
            (made,) = await ended(engine, 1)
            assert (made.id, made.state) == (other.id, JobState.COMPLETED)
            waiting = await engine.job(one.id)
            assert waiting.stuck == f"its plotter has ended; its {kind} drive does not answer"
        assert len(await ended(engine, 2)) == 2


async def test_an_unmounted_drive_is_told_left_empty_and_used_again(
    farm: Farm, disks: Disks
) -> None:
    disk = disks.image("ssd", "ssd", "ext4", 300)
    point = disks.mount(disk, "mnt")
    config = farm.config(count=None, max_parallel=1, max_parallel_per_drive=1)
    config = replace(config, drives={**config.drives, DriveKind.TEMP: (str(point),)})
    async with farm.running(config) as engine, free_loop():
        (job,) = await running(engine)
        signal_job(job, signal.SIGSTOP)
        disks.take(point)
        took = await alerted(engine, EventKind.DRIVE_MISSING, point, ALERT)
        signal_job(job, signal.SIGKILL)
        await ended(engine, 1)
        await asyncio.sleep(2.5)
        assert list(point.iterdir()) == [], "something was written below an empty mount point"
        disks.mount(disk, "mnt")
        back = await alerted(engine, EventKind.DRIVE_BACK, point, RETURN)
        await engine.pause_spawning()
    print(f"unmounted: told after {took:.1f} s, back after {back:.1f} s")


async def test_a_plot_that_was_made_is_found_once_its_out_drive_is_mounted(
    farm: Farm, disks: Disks, quick_looks: None
) -> None:
    disk = disks.image("ssd", "ssd", "ext4", 300)
    point = disks.mount(disk, "mnt")
    config = farm.config(count=1)
    config = replace(config, drives={**config.drives, DriveKind.OUT: (str(point),)})
    async with farm.running(config) as engine:
        (job,) = await running(engine)
        engine._parts.endings.settle = partial(asyncio.sleep, 0, False)  # type: ignore[method-assign]
        async with asyncio.timeout(60):
            while not (farm.jobs / job.id / "exit.json").exists():
                await asyncio.sleep(0.1)
    disks.take(point)
    async with farm.running(config) as engine:

        async def shown() -> bool:
            return bool((await engine.job(job.id)).stuck)

        await until(engine, shown)
        assert (await engine.job(job.id)).state.live, "what is looked at is a bare mount point"
        disks.mount(disk, "mnt")
        (made,) = await ended(engine, 1)
        assert made.state is JobState.COMPLETED


async def test_a_drive_that_becomes_read_only_is_told_and_gets_no_plot(
    farm: Farm, disks: Disks
) -> None:
    point = disks.disk("ssd", "ssd", "ext4", 300)
    config = farm.config(count=None, max_parallel=1)
    config = replace(config, drives={**config.drives, DriveKind.TEMP: (str(point),)})
    async with farm.running(config) as engine, free_loop():
        await ended(engine, 1)
        await engine.pause_spawning()

        async def idle() -> bool:
            return not any(job.state.live for job in await engine.jobs())

        await until(engine, idle)
        disks.remount(point, "ro")
        took = await alerted(engine, EventKind.DRIVE_MISSING, point, ALERT)
        number = len(await engine.jobs())
        await engine.start_spawning()
        await asyncio.sleep(2.5)
        assert len(await engine.jobs()) == number
        disks.remount(point, "rw")
        await alerted(engine, EventKind.DRIVE_BACK, point, RETURN)
        await ended(engine, number + 1)
        await engine.pause_spawning()
    print(f"read-only: told after {took:.1f} s")


def fill(drive: Path) -> None:
    """Take all the room there is."""
    with contextlib.suppress(OSError), (drive / "somebody's").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


async def test_a_temp_drive_that_fills_up_stops_nobody_else(farm: Farm, disks: Disks) -> None:
    small = disks.disk("small", "small", "ext4", 16)
    fill(small)
    config = farm.config(count=None, max_parallel=2)
    drives = {**config.drives, DriveKind.TEMP: (str(farm.root / "temp1"), str(small))}
    async with farm.running(replace(config, drives=drives)) as engine, free_loop():
        done = await ended(engine, 2)
        await engine.pause_spawning()
    assert {job.state for job in done} == {JobState.COMPLETED}
    assert {Path(job.temp).name for job in done} == {"temp1"}
