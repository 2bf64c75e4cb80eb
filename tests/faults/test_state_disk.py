"""The state folder's disk turns read-only, fails, or is taken away while plots run."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import EventKind, Job, JobState
from plotobot.engine.shelf import read_jobs
from plotobot.engine.supervision.jobdir import read_record
from plotobot.errors import Refusal
from tests.engine.drives.conftest import Disks, disks, run
from tests.engine.farm import Farm, ended, running, told, trouble, until
from tests.faults.power import cut_power
from tests.faults.signals import signal_job

__all__ = ["disks"]
pytestmark = [pytest.mark.mounts, pytest.mark.usefixtures("quick_looks")]


KERNEL_TELLS = tuple(map(int, platform.release().split(".")[:2])) >= (6, 15)
"""Whether the kernel remembers how a process ended that its parent has asked for already."""


@pytest.fixture
def image(farm: Farm, disks: Disks) -> Path:
    """The state folder is a small ext4 of its own; this is its image."""
    image = disks.image("state-disk", "state")
    disks.mount(image, "state", "loop,errors=remount-ro")
    (farm.root / "state").chmod(0o700)
    return image


async def plot_that_stands_still(engine: PlottingEngine) -> Job:
    (job,) = await running(engine)
    signal_job(job, signal.SIGSTOP)
    return job


async def held(engine: PlottingEngine) -> None:
    """Wait until nothing is started because of the state folder."""

    async def by_it() -> bool:
        return {hold.rule for hold in (await engine.spawner()).holds} == {"state_disk"}

    await until(engine, by_it)


def shim_of(farm: Farm, job: Job) -> int:
    record = read_record(farm.jobs / job.id, "shim.json")
    assert record
    return int(record["pid"])


def repaired(disks: Disks, image: Path) -> None:
    """Take the disk out and put it back checked: what it had taken durably is on it."""
    disks.take(disks.folder / "state")
    copy = Path(shutil.copy(image, image.with_name("repaired.img")))
    assert subprocess.run(["e2fsck", "-p", copy], capture_output=True).returncode <= 1
    disks.mount(copy, "state")


def error_found(state: Path) -> None:
    """What ext4 does by itself once it finds an error on its disk."""
    run("mount", "-o", "remount,abort", state)
    with pytest.raises(OSError, match="Read-only file system"):
        (state / "trial").touch()


def unplugged(state: Path) -> None:
    """Nothing is read or written any more; the mount stays."""
    cut_power(state)
    with pytest.raises(OSError, match="Input/output error"):
        (state / "trial").touch()


@pytest.mark.parametrize("fails", [error_found, unplugged], ids=["read-only", "unplugged"])
async def test_a_state_disk_that_fails_stops_no_plot_and_loses_no_exit_code(
    fails: Callable[[Path], None],
    farm: Farm,
    disks: Disks,
    image: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("plotobot.engine.supervision.supervisor.PATIENCE", 0.5)

    async def plot_made() -> bool:
        return bool(list((farm.root / "out").glob("*.plot")))

    async with farm.running(count=None, max_parallel=1) as engine:
        job = await plot_that_stands_still(engine)
        shim = shim_of(farm, job)
        fails(farm.root / "state")
        [alert] = await trouble(engine, "the state folder cannot be written")
        await engine.delivered([alert.id])
        signal_job(job, signal.SIGCONT)
        await held(engine)
        await until(engine, plot_made)
        if fails is error_found and KERNEL_TELLS:  # where its log can still be read, it is judged
            (done,) = await ended(engine, 1)
            assert (done.id, done.state, done.exit_code) == (job.id, JobState.COMPLETED, 0)
        assert [one.id for one in await engine.jobs()] == [job.id]
        assert await told(engine, EventKind.TROUBLE) == [], "it is told once"

    os.kill(shim, signal.SIGKILL)  # as the reboot does that such a disk needs
    repaired(disks, image)
    async with farm.running(count=0) as engine:
        (after,) = await ended(engine, 1)
        assert (after.id, after.state) == (job.id, JobState.COMPLETED)
        assert after.exit_code in (0, None), "the shim could not write it, and nothing is made up"
        finished = await told(engine, EventKind.JOB_FINISHED)
        assert [event.job.id for event in finished if event.job] == [job.id]


async def test_a_state_disk_that_is_taken_away_is_told_left_empty_and_used_again(
    farm: Farm, disks: Disks, image: Path
) -> None:
    state = farm.root / "state"
    async with farm.running(count=None, max_parallel=1) as engine:
        job = await plot_that_stands_still(engine)
        disks.take(state)
        [alert] = await trouble(engine, "its disk was taken away")
        await engine.delivered([alert.id])
        with pytest.raises(Refusal, match="its disk was taken away"):
            await engine.stop(job.id, "somebody")
        signal_job(job, signal.SIGCONT)
        if KERNEL_TELLS:
            (done,) = await ended(engine, 1)
            assert (done.id, done.state, done.exit_code) == (job.id, JobState.COMPLETED, 0)
        await held(engine)
        assert list(state.iterdir()) == [], "something was written below an empty mount point"
        assert await told(engine, EventKind.TROUBLE) == [], "it is told once"

        disks.mount(image, "state")
        [_] = await trouble(engine, "the state folder is back")
        await ended(engine, 2)
        await engine.pause_spawning()
    for one in read_jobs(farm.jobs):
        assert (one.state, one.exit_code) == (JobState.COMPLETED, 0)
