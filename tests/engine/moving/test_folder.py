"""A folder as a destination: the process at work on it, its end, and disks that hang."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from plotobot.engine.moving import porter as porter_module
from plotobot.engine.moving.base import (
    DestinationAway,
    MoveDelayed,
    MoveRefused,
    MoveState,
    Verify,
)
from plotobot.engine.moving.errand import errand_for, to_plain
from plotobot.engine.moving.folder import FolderDestination
from plotobot.engine.moving.marker import _record_name, mark_drive
from plotobot.engine.moving.part import part_name
from tests.engine.drives.conftest import Disks, HungMount
from tests.engine.moving.conftest import MIB, SMALL, Farm, quiet
from tests.lag import free_loop
from tests.little_plots import RealPlot


def porters() -> list[psutil.Process]:
    """The processes that this one has at work on disks."""
    return [one for one in psutil.Process().children() if "porter" in " ".join(words(one))]


def words(process: psutil.Process) -> list[str]:
    """Its command line; none where it has ended."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


# On any file system.


async def test_a_plot_is_moved(farm: Farm) -> None:
    landed = await farm.destination().carry(farm.order(), quiet)
    assert farm.is_moved()
    assert landed.path == str(farm.landed)
    assert porters() == []


async def test_names_that_are_no_text_reach_the_process_and_come_back(farm: Farm) -> None:
    named = farm.plot.rename(farm.out / os.fsdecode(b"a\nb\xff.plot"))
    landed = await farm.destination().carry(farm.order(source=named), quiet)
    assert landed.path.isprintable()
    assert farm.names() == {named.name}


async def test_a_refusal_comes_back_as_it_was_said(farm: Farm) -> None:
    order = farm.order()
    farm.plot.unlink()
    with pytest.raises(MoveRefused, match="is not there") as caught:
        await farm.destination().carry(order, quiet)
    assert not caught.value.full
    assert porters() == []


async def test_space_is_what_the_drive_has(farm: Farm) -> None:
    destination = farm.destination()
    assert destination.disk == str(farm.folder)
    space = await destination.space()
    found = os.statvfs(farm.folder)
    assert space.total == found.f_blocks * found.f_frsize
    assert 0 < space.free <= space.total
    assert destination.disk != str(farm.folder)
    assert destination.name == str(farm.folder)


async def test_space_of_a_drive_that_is_away_is_not_that_of_its_mount_point(farm: Farm) -> None:
    farm.folder.rename(farm.folder.with_name("unplugged"))
    for bare in (False, True):
        if bare:
            farm.folder.mkdir()
        with pytest.raises(DestinationAway, match="connect"):
            await farm.destination().space()


async def test_taking_into_use_places_a_marker_once(tmp_path: Path) -> None:
    folder, state = tmp_path / "hdd", tmp_path / "state"
    folder.mkdir()
    destination = FolderDestination(folder, state)
    with pytest.raises(MoveRefused, match="taken into use"):
        await destination.space()
    drive = await destination.take_into_use()
    assert (folder / ".plotobot-drive").read_text().strip() == drive
    assert await destination.take_into_use() == drive
    assert (await destination.space()).total


async def test_a_killed_process_is_said_to_have_ended(farm: Farm) -> None:
    """As after the system ran out of memory; the same order goes on."""
    destination = farm.destination()

    async def kill() -> None:
        while not porters():
            await asyncio.sleep(0.001)
        porters()[0].kill()

    killing = asyncio.create_task(kill())
    with pytest.raises(MoveDelayed, match="ended early"):
        await destination.carry(farm.order(), quiet)
    await killing
    await destination.carry(farm.order(ident=farm.first_ident), quiet)
    assert farm.is_moved()


async def test_the_process_is_told_nothing_secret(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLOTOBOT_TOKEN", "canary")
    seen = []

    async def watch() -> None:
        while True:
            for one in porters():
                with suppress(psutil.Error):
                    seen.append(str(one.environ()) + str(one.cmdline()))
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    await farm.destination().carry(farm.order(), quiet)
    watching.cancel()
    assert seen
    assert "canary" not in "".join(seen)


# Between two real drives.


@pytest.fixture
def apart(disks: Disks, tmp_path: Path, pool_plot: RealPlot) -> Farm:
    """A farm whose destination is a drive of its own."""
    farm = Farm(tmp_path, pool_plot)
    (farm.folder / ".plotobot-drive").unlink()
    disks.folder = tmp_path
    disks.disk("hdd", "HDD", mib=32)
    (farm.folder / "lost+found").rmdir()
    mark_drive(farm.folder, farm.state, anew=True)
    return farm


@pytest.fixture
def frozen(apart: Farm) -> Iterator[Farm]:
    """Its destination hangs until the end of the test."""
    subprocess.run(["fsfreeze", "-f", apart.folder], check=True, timeout=30)
    try:
        yield apart
    finally:
        subprocess.run(["fsfreeze", "-u", apart.folder], check=False, timeout=30)


@pytest.mark.mounts
async def test_a_plot_is_copied_while_the_loop_is_free(apart: Farm, verify: Verify) -> None:
    steps = []
    async with free_loop():
        landed = await apart.destination().carry(apart.order(verify=verify), steps.append)
    assert apart.is_moved()
    assert not landed.renamed
    assert {step.state for step in steps} <= {MoveState.COPYING, MoveState.VERIFYING}
    assert steps[0].state is MoveState.COPYING


@pytest.mark.mounts
async def test_a_cancelled_copy_stops_soon_and_goes_on_later(apart: Farm) -> None:
    destination = apart.destination()
    far = asyncio.Event()
    slow = apart.order(bandwidth=MIB)
    moving = asyncio.create_task(
        destination.carry(slow, lambda step: far.set() if step.done > 1.5 * MIB else None)
    )
    await asyncio.wait_for(far.wait(), 20)

    moving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await moving

    assert porters() == []
    assert apart.is_kept()
    assert apart.names() == {part_name(apart.plot.name)}
    landed = await destination.carry(apart.order(), quiet)
    assert landed.resumed_from == MIB
    assert apart.is_moved()


@pytest.mark.mounts
async def test_a_discarded_move_leaves_nothing(apart: Farm) -> None:
    destination = apart.destination()
    order = apart.order(bandwidth=MIB)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(destination.carry(order, quiet), 1.5)
    await destination.discard(order)
    assert apart.names() == set()
    assert apart.is_kept()


@pytest.mark.mounts
async def test_two_movers_of_one_plot_do_not_both_move_it(apart: Farm) -> None:
    orders = [apart.order(bandwidth=4 * MIB, id=name) for name in ("move1", "move2", "move1")]
    ends = await asyncio.gather(
        *(apart.destination().carry(order, quiet) for order in orders),
        return_exceptions=True,
    )
    refused = [end for end in ends if isinstance(end, MoveRefused | MoveDelayed)]
    assert len(refused) == 2
    assert apart.is_moved()


BOT = """
import asyncio, json, sys
from pathlib import Path
from plotobot.engine.moving.base import Ident, MoveOrder
from plotobot.engine.moving.folder import FolderDestination
folder, state, source, *ident = sys.argv[1:]
order = MoveOrder("move1", Path(source), Ident(*map(int, ident)), bandwidth=1 << 20)
print(asyncio.run(FolderDestination(Path(folder), Path(state)).carry(order, print)))
"""


@pytest.mark.mounts
def test_the_process_ends_when_the_bot_is_killed(apart: Farm) -> None:
    words = (apart.folder, apart.state, apart.plot)
    numbers = (apart.first_ident.size, apart.first_ident.mtime_ns, apart.first_ident.inode)
    bot = subprocess.Popen(
        [sys.executable, "-c", BOT, *map(str, (*words, *numbers))], stdout=subprocess.PIPE
    )
    with bot:
        assert bot.stdout
        assert bot.stdout.readline()
        (porter,) = psutil.Process(bot.pid).children()
        bot.send_signal(signal.SIGKILL)
    porter.wait(5)
    assert apart.is_kept()


@pytest.mark.mounts
def test_the_process_ends_when_nobody_holds_its_stdin(apart: Farm, tmp_path: Path) -> None:
    """Even while it has nothing to say, and so would not see a broken pipe."""
    order = apart.order(bandwidth=MIB)
    errand = errand_for(order, apart.folder, apart.state, SMALL)
    asked = json.dumps({"do": "carry", "errand": to_plain(errand)}).encode() + b"\n"
    with (tmp_path / "said").open("wb") as said:
        porter = subprocess.Popen(
            [sys.executable, "-I", "-m", porter_module.__name__], stdin=subprocess.PIPE, stdout=said
        )
    with porter:
        assert porter.stdin
        porter.stdin.write(asked)
        porter.stdin.flush()
        while not list(apart.folder.glob(".*-part")):
            time.sleep(0.01)
        porter.stdin.close()
        assert porter.wait(2) == porter_module.STOPPED
    assert apart.is_kept()


@pytest.mark.mounts
async def test_a_frozen_drive_is_told_and_holds_up_nobody(frozen: Farm) -> None:
    destination = frozen.destination(patience=1.0)
    async with free_loop():
        start = time.monotonic()
        with pytest.raises(DestinationAway, match="does not answer"):
            await destination.carry(frozen.order(), quiet)
        assert time.monotonic() - start < 30
        with pytest.raises(MoveDelayed, match="earlier try"):  # the first one still hangs there
            await destination.carry(frozen.order(), quiet)
    assert frozen.is_kept()

    subprocess.run(["fsfreeze", "-u", frozen.folder], check=True, timeout=30)
    for porter in porters():
        porter.wait(10)
    await frozen.destination().carry(frozen.order(), quiet)
    assert frozen.is_moved()


@pytest.mark.mounts
async def test_a_drive_that_freezes_in_the_middle_is_told(apart: Farm) -> None:
    far = asyncio.Event()
    destination = apart.destination(patience=2.0)
    order = apart.order(bandwidth=2 * MIB)
    moving = asyncio.create_task(
        destination.carry(order, lambda step: far.set() if step.done > MIB else None)
    )
    await asyncio.wait_for(far.wait(), 20)
    freeze = await asyncio.create_subprocess_exec("fsfreeze", "-f", apart.folder)
    assert await freeze.wait() == 0
    try:
        async with free_loop():
            with pytest.raises(DestinationAway, match="does not answer"):
                await moving
    finally:
        subprocess.run(["fsfreeze", "-u", apart.folder], check=True, timeout=30)
    for porter in porters():
        porter.wait(10)
    await destination.carry(apart.order(), quiet)
    assert apart.is_moved()


@pytest.mark.mounts
async def test_a_mount_that_never_answers_is_told(
    hung: HungMount,
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    destination = FolderDestination(hung.point, state, quick=1.0)
    async with free_loop():
        with pytest.raises(DestinationAway, match="does not answer"):
            await destination.take_into_use()
    before = tmp_path / "before"
    before.mkdir()
    mark_drive(before, state)
    (record,) = (state / "destinations").iterdir()
    record.write_text(record.read_text().replace(str(before), str(hung.point)))
    record.rename(record.with_name(_record_name(hung.point)))
    async with free_loop():
        with pytest.raises(DestinationAway, match="does not answer"):
            await destination.space()


@pytest.mark.mounts
async def test_no_plot_is_seen_half(apart: Farm) -> None:
    """A harvester that looks all the time finds whole plots only."""
    halves = []

    async def watch() -> None:
        while True:
            for path in apart.folder.iterdir():
                if path.suffix in (".plot", ".plot2", ".gplot"):
                    halves.append(path.read_bytes() != apart.bytes)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await apart.destination().carry(apart.order(), quiet)
    await asyncio.sleep(0.05)
    watching.cancel()
    assert halves
    assert not any(halves)


@pytest.mark.mounts
async def test_a_real_drive_that_is_full_or_read_only_is_refused(apart: Farm, disks: Disks) -> None:
    with (apart.folder / "filler").open("wb") as filler:
        room = os.statvfs(apart.folder)
        os.posix_fallocate(filler.fileno(), 0, room.f_bavail * room.f_frsize - MIB)
    with pytest.raises(MoveRefused) as caught:
        await apart.destination().carry(apart.order(), quiet)
    assert caught.value.full
    (apart.folder / "filler").unlink()

    disks.remount(apart.folder, "ro")
    with pytest.raises(MoveRefused, match="read-only"):
        await apart.destination().carry(apart.order(), quiet)
    assert apart.is_kept()
    assert apart.names() == set()


@pytest.mark.mounts
async def test_a_plot_that_could_not_be_removed_is_not_copied_first(
    apart: Farm, disks: Disks
) -> None:
    """A hundred GiB would be in vain."""
    disks.mount(disks.image("out-image", "OUT"), "out")
    apart.plot.write_bytes(apart.bytes)
    order = apart.order()
    disks.remount(apart.out, "ro")
    with pytest.raises(MoveRefused, match="removed afterwards"):
        await apart.destination().carry(order, quiet)
    assert apart.names() == set()


@pytest.mark.mounts
async def test_a_drive_without_journal_and_preallocation_takes_plots(
    disks: Disks, farm: Farm, tmp_path: Path, verify: Verify
) -> None:
    disks.folder = tmp_path
    image = disks.image("usb", "USB", mib=32)
    subprocess.run(["mkfs.ext2", "-q", "-F", image], check=True, timeout=60)
    folder = disks.mount(image, "usb")
    destination = FolderDestination(folder, farm.state, pace=SMALL)
    await destination.take_into_use()

    moving = destination.carry(farm.order(bandwidth=MIB, verify=verify), quiet)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(moving, 2)
    await destination.carry(farm.order(verify=verify), quiet)

    (folder / "lost+found").rmdir()
    assert (folder / farm.plot.name).read_bytes() == farm.bytes
    assert {path.name for path in folder.iterdir()} == {".plotobot-drive", farm.plot.name}
    assert not farm.plot.exists()
