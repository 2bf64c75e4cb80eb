"""The mover over real plots: what it takes, where it puts it, and what it makes of trouble."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plotobot.app import opened_store, specs_of
from plotobot.engine.config import EngineConfig, MoveRules
from plotobot.engine.drives import DriveBay, local_volumes
from plotobot.engine.models import Drive, DriveKind, EventKind, MoverView, MoveState
from plotobot.engine.moving.dispatch import Place
from plotobot.engine.moving.folder import FolderDestination
from plotobot.engine.moving.harbour import STOP_FILE, Harbour, may_mean
from plotobot.engine.moving.marker import MARKER, mark_drive
from plotobot.engine.moving.mover import Mover
from plotobot.engine.moving.part import part_name
from plotobot.engine.store import Store
from plotobot.errors import Refusal
from tests.engine.drives.conftest import Disks, run
from tests.lag import free_loop
from tests.little_plots import RealPlot

MIB = 1024**2
SLOW = 1.0
"""MiB a second: a k18 plot takes some seconds then."""


@dataclass
class Yard:
    """Two out folders, two destinations, and the mover between them."""

    root: Path
    far: Path
    """On another file system, so that plots are copied."""
    plots: tuple[RealPlot, RealPlot]
    rules: MoveRules = field(default_factory=lambda: MoveRules(enabled=True, reserve=0))
    store: Store | None = None

    def __post_init__(self) -> None:
        for folder in (self.out(1), self.out(2), self.farm(1), self.farm(2)):
            folder.mkdir(parents=True)

    def out(self, number: int) -> Path:
        return self.root / f"out{number}"

    def farm(self, number: int) -> Path:
        return self.far / f"farm{number}"

    def put(self, which: int = 0, folder: int = 1) -> Path:
        """A finished plot on an out drive."""
        path = self.out(folder) / self.plots[which].path.name
        part = path.with_suffix(".copying")
        shutil.copyfile(self.plots[which].path, part)
        part.rename(path)
        return path

    def config(self) -> EngineConfig:
        drives = {
            **dict.fromkeys(DriveKind, ()),
            DriveKind.OUT: (str(self.out(1)), str(self.out(2))),
            DriveKind.DESTINATION: (str(self.farm(1)), str(self.farm(2))),
        }
        return EngineConfig("yard", self.root / "state", drives, move=self.rules)

    @contextlib.asynccontextmanager
    async def mover(self, *, patience: float = 60.0, **rules: object) -> AsyncIterator[Mover]:
        self.rules = replace(self.rules, **rules)
        config = self.config()
        async with opened_store(config) as (self.store, known):
            bay = DriveBay(specs_of(config), local_volumes(), known)
            looked = [await asyncio.to_thread(bay.look)]

            def drives() -> list:
                looked[0] = bay.look()
                return looked[0]

            mover = Mover(
                config,
                self.store,
                drives,
                lambda: None,
                lambda: datetime.now(UTC),
                away_rest=0.2,
                patience=patience,
            )
            async with mover:
                yield mover

    async def told(self, kind: EventKind, times: int = 0) -> list[dict]:
        """What was told of a kind, once that is so often; a move has ended before it is told."""
        assert self.store
        async with asyncio.timeout(40):
            while True:
                events = [one for one in await self.store.undelivered(500) if one.kind is kind]
                if len(events) >= times:
                    return [dict(one.data) for one in events]
                await asyncio.sleep(0.05)


@pytest.fixture
def yard(tmp_path: Path, far: Path, pool_plot: RealPlot, contract_plot: RealPlot) -> Yard:
    return Yard(tmp_path, far, (pool_plot, contract_plot))


async def until(mover: Mover, true: Callable[[MoverView], bool]) -> MoverView:
    async with asyncio.timeout(40):
        while not true(mover.view()):
            mover.wake()
            await asyncio.sleep(0.05)
    return mover.view()


def done(number: int) -> Callable[[MoverView], bool]:
    return lambda view: sum(move.state is MoveState.DONE for move in view.moves) >= number


def state(state: MoveState) -> Callable[[MoverView], bool]:
    return lambda view: any(move.state is state for move in view.moves)


def whole(path: Path, plot: RealPlot) -> bool:
    return path.exists() and path.read_bytes() == plot.path.read_bytes()


async def test_finished_plots_go_as_they_come(yard: Yard) -> None:
    first = yard.put(0)
    async with yard.mover() as mover:
        await until(mover, done(1))
        second = yard.put(1, folder=2)
        view = await until(mover, lambda view: done(2)(view) and not view.waiting)
        told = await yard.told(EventKind.PLOT_MOVED, 2)

    assert whole(yard.farm(1) / first.name, yard.plots[0])
    assert whole(yard.farm(1) / second.name, yard.plots[1])
    assert not first.exists()
    assert not second.exists()
    assert [one["plot"] for one in told] == [first.name, second.name]
    assert all(move.rate > 0 and move.landed for move in view.moves)


async def test_a_plot_that_arrives_while_the_mover_looks_is_not_moved_again(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, listed = yard.put(0), 0

    async def slow(harbour: Harbour, drives: Sequence[Drive], *, needed: bool) -> list[Place]:
        nonlocal listed
        if (listed := listed + 1) == 2:  # the plot was still there when the folders were listed
            while source.exists():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
        return await look(harbour, drives, needed=needed)

    look = Harbour.look
    monkeypatch.setattr(Harbour, "look", slow)
    async with yard.mover(bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, lambda _: listed > 3)
        failed = await yard.told(EventKind.MOVE_FAILED)

    assert [move.state for move in mover.view().moves] == [MoveState.DONE]
    assert not failed


async def test_it_ends_also_where_it_is_woken_at_that_very_moment(yard: Yard) -> None:
    async with asyncio.timeout(20):
        for _ in range(3):
            async with yard.mover() as mover:
                await asyncio.sleep(0.3)  # by now it waits
                mover.wake()


async def test_two_drives_are_read_and_written_at_once_and_one_is_not(yard: Yard) -> None:
    yard.put(0, folder=1)
    yard.put(1, folder=2)
    async with yard.mover(bandwidth=int(SLOW * MIB), per_disk=2) as mover:
        await until(mover, lambda view: sum(m.state is MoveState.COPYING for m in view.moves) == 2)
    async with yard.mover(bandwidth=None) as mover:
        view = await until(mover, done(2))
    assert {move.destination for move in view.moves} == {str(yard.farm(1))}


async def test_off_it_moves_nothing_until_it_is_told_to(yard: Yard) -> None:
    plot = yard.put(0)
    async with yard.mover(enabled=False) as mover:
        await mover.pause(str(yard.farm(1)), paused=False)
        assert mover.view().moves == ()
        assert mover.view().waiting == 1
        await mover.once(destination=str(yard.farm(2)))
        await until(mover, done(1))
        yard.put(1)
        await mover.pause(str(yard.farm(1)), paused=False)
        assert mover.view().waiting == 1, "once is once"
        await mover.start()
        await until(mover, done(2))
    assert whole(yard.farm(2) / plot.name, yard.plots[0])


async def test_started_by_command_it_is_on_after_a_restart(yard: Yard) -> None:
    async with yard.mover(enabled=False) as mover:
        await mover.start()
    async with yard.mover() as mover:
        assert mover.view().running
        await mover.stop()
    async with yard.mover() as mover:
        assert not mover.view().running


async def test_a_move_goes_on_after_a_restart_from_where_it_was(yard: Yard) -> None:
    plot = yard.put(0)
    async with yard.mover(bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, lambda view: any(move.done > 0 for move in view.moves))
    assert plot.exists()
    assert list(yard.farm(1).glob("*.plot")) == []
    async with yard.mover(bandwidth=None) as mover:
        view = await until(mover, done(1))
    assert len(view.moves) == 1
    assert whole(yard.farm(1) / plot.name, yard.plots[0])


async def test_a_paused_destination_is_left_alone_also_over_a_restart(yard: Yard) -> None:
    plot = yard.put(0)
    async with yard.mover(bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, state(MoveState.COPYING))
        view = await mover.pause(str(yard.farm(1)), paused=True)
        assert [move.state for move in view.moves] == [MoveState.WAITING]
        assert view.destinations[0].paused
    async with yard.mover(bandwidth=None) as mover:
        yard.put(1)
        await until(mover, done(1))
        assert plot.exists(), "what was on its way there waits for it"
        await mover.pause(str(yard.farm(1)), paused=False)
        await until(mover, done(2))
    assert whole(yard.farm(1) / plot.name, yard.plots[0])


async def test_a_stop_file_takes_a_destination_out(yard: Yard) -> None:
    plot = yard.put(0)
    (yard.farm(1) / STOP_FILE).touch()
    async with yard.mover() as mover:
        view = await until(mover, done(1))
        told = await yard.told(EventKind.DESTINATION_AWAY)
    assert whole(yard.farm(2) / plot.name, yard.plots[0])
    assert STOP_FILE in (view.destinations[0].problem or "")
    assert [one["path"] for one in told] == [str(yard.farm(1))]


async def test_a_missing_destination_is_told_and_so_is_its_return(yard: Yard) -> None:
    yard.farm(1).rmdir()
    yard.farm(2).rmdir()
    plot = yard.put(0)
    async with yard.mover() as mover:
        view = await until(mover, lambda view: bool(view.holds))
        assert "No destination has" in view.holds[0]
        assert len(await yard.told(EventKind.DESTINATION_AWAY)) == 2
        assert len(await yard.told(EventKind.NO_DESTINATION)) == 1
        yard.farm(1).mkdir()
        await until(mover, done(1))
        assert len(await yard.told(EventKind.DESTINATION_BACK)) == 1
        assert len(await yard.told(EventKind.DESTINATION_AGAIN)) == 1
    assert whole(yard.farm(1) / plot.name, yard.plots[0])


async def test_another_drive_at_a_destination_is_told_once_however_often_it_is_not_needed(
    yard: Yard,
) -> None:
    mark_drive(yard.farm(1), yard.root / "state")
    (yard.farm(1) / MARKER).write_text("12345678-1234-1234-1234-123456789abc\n")
    async with yard.mover() as mover:
        for number in (0, 1):
            plot = yard.put(number)
            await until(mover, done(number + 1))
            assert whole(yard.farm(2) / plot.name, yard.plots[number])
            for _ in range(3):
                view = await mover.seen_now()
            assert "another drive" in (view.destinations[0].problem or "")
        assert len(await yard.told(EventKind.DESTINATION_AWAY)) == 1
        assert not await yard.told(EventKind.DESTINATION_BACK)


async def test_settings_may_change_while_the_destinations_are_looked_at(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    movers: list[Mover] = []
    take = FolderDestination.take_into_use

    async def changing(destination: FolderDestination) -> str:
        if destination.name == str(yard.farm(2)) and movers:
            config = yard.config()
            rules = replace(config.move, bandwidth=100 * MIB)
            movers.pop().reconfigure(replace(config, move=rules))
        return await take(destination)

    monkeypatch.setattr(FolderDestination, "take_into_use", changing)
    async with yard.mover() as mover:
        movers.append(mover)
        plot = yard.put(0)
        view = await until(mover, done(1))
        assert not movers, "they were changed"
        assert not await yard.told(EventKind.TROUBLE)
    assert whole(yard.farm(1) / plot.name, yard.plots[0])
    assert len(view.moves) == 1


async def test_what_must_stay_stays(yard: Yard) -> None:
    kept = yard.put(0)
    short = yard.put(1, folder=2)
    with short.open("r+b") as file:
        file.truncate(short.stat().st_size - 1)
    (yard.out(1) / f"{kept.name}.tmp").write_bytes(b"x")
    link = yard.out(2) / kept.name
    link.symlink_to(yard.plots[0].path)
    async with yard.mover(exclude=(f"{yard.out(1)}/*",)) as mover:
        await mover.start()
        await asyncio.sleep(0.5)
        view = await mover.start()
    assert view.moves == ()
    assert view.waiting == 0
    assert kept.exists()
    assert short.exists()


async def test_a_plot_that_cannot_be_moved_is_told_once_and_rests(yard: Yard) -> None:
    plot = yard.put(0)
    (yard.farm(1) / plot.name).write_bytes(b"something else")
    async with yard.mover() as mover:
        view = await until(mover, state(MoveState.FAILED))
        for _ in range(3):
            await mover.start()
        told = await yard.told(EventKind.MOVE_FAILED)
        assert len(mover.view().moves) == 1
        (yard.farm(1) / plot.name).unlink()
        await mover.once()
        await until(mover, done(1))
    assert len(told) == 1
    assert view.moves[0].reason
    assert told[0]["reason"] == view.moves[0].reason


async def test_a_destination_that_is_none_any_more_ends_its_moves(yard: Yard) -> None:
    plot = yard.put(0)
    async with yard.mover(bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, state(MoveState.COPYING))
    config = yard.config
    yard.config = lambda: replace(  # type: ignore[method-assign]
        config(), drives={**config().drives, DriveKind.DESTINATION: (str(yard.farm(2)),)}
    )
    async with yard.mover(bandwidth=None) as mover:
        view = await until(mover, lambda view: done(1)(view) and state(MoveState.FAILED)(view))
    [failed] = [move for move in view.moves if move.state is MoveState.FAILED]
    assert "is no destination any more" in (failed.reason or "")
    assert part_name(plot.name) in (failed.reason or "")
    assert whole(yard.farm(2) / plot.name, yard.plots[0])


def drive(path: str, *, missing: bool) -> Drive:
    return Drive(DriveKind.DESTINATION, path, missing=missing)


@pytest.mark.parametrize(
    ("entry", "there", "may"),
    [
        pytest.param("label:FARM", drive("label:FARM", missing=True), True, id="a-label-away"),
        pytest.param("label:FARM", drive("/mnt/x", missing=False), False, id="a-label-found"),
        pytest.param("/mnt/farm*", drive("/mnt/farm1", missing=False), True, id="a-glob-for-it"),
        pytest.param("/mnt/x*", drive("/mnt/x*", missing=True), False, id="a-glob-for-others"),
        pytest.param("/mnt/x", drive("/mnt/x", missing=True), False, id="another-folder"),
    ],
)
def test_what_may_only_be_unplugged(entry: str, there: Drive, may: bool) -> None:
    assert may_mean([entry], "/mnt/farm2", [there]) is may


async def test_a_destination_that_a_glob_names_may_be_away_at_a_restart(yard: Yard) -> None:
    config = yard.config
    yard.config = lambda: replace(  # type: ignore[method-assign]
        config(), drives={**config().drives, DriveKind.DESTINATION: (f"{yard.far}/farm*",)}
    )
    plot = yard.put(0)
    async with yard.mover(bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, lambda view: any(move.done > 0 for move in view.moves))
    unplugged = yard.farm(1).rename(yard.far / "unplugged")
    async with yard.mover(bandwidth=None) as mover:
        view = await until(mover, lambda view: any(move.reason for move in view.moves))
        assert [move.state for move in view.moves] == [MoveState.WAITING]
        assert "connect its drive" in (view.moves[0].reason or "")
        unplugged.rename(yard.farm(1))
        view = await until(mover, done(1))
        assert not await yard.told(EventKind.MOVE_FAILED)
    assert len(view.moves) == 1
    assert whole(yard.farm(1) / plot.name, yard.plots[0])


@pytest.mark.mounts
async def test_a_destination_that_a_label_names_may_be_away_at_a_restart(
    yard: Yard, disks: Disks
) -> None:
    label = f"YARD{os.getpid()}"  # the whole machine sees it
    config, image = yard.config, disks.image("hdd", label, mib=32)
    yard.config = lambda: replace(  # type: ignore[method-assign]
        config(),
        drives={**config().drives, DriveKind.DESTINATION: (f"label:{label}", str(yard.farm(2)))},
    )
    disks.mount(image, str(yard.farm(1)))
    plot = yard.put(0)
    async with yard.mover(bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, lambda view: any(move.done > 0 for move in view.moves))
    disks.take(yard.farm(1))
    async with yard.mover(bandwidth=None) as mover:
        view = await until(mover, lambda view: any(move.reason for move in view.moves))
        assert [move.state for move in view.moves] == [MoveState.WAITING]
        disks.mount(image, str(yard.farm(1)))
        view = await until(mover, done(1))
    assert len(view.moves) == 1
    assert whole(yard.farm(1) / plot.name, yard.plots[0])
    assert not list(yard.farm(1).glob(".*part"))


@pytest.mark.parametrize(
    ("source", "destination", "sentence"),
    [("/nowhere", None, "is no out drive"), (None, "/nowhere", "is no destination; known: ")],
)
async def test_names_that_are_none_get_a_sentence(
    yard: Yard, source: str | None, destination: str | None, sentence: str
) -> None:
    async with yard.mover(enabled=False) as mover:
        with pytest.raises(Refusal, match=sentence):
            await mover.once(source, destination)


async def test_a_state_disk_that_refuses_loses_no_plot(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    plot = yard.put(0)
    monkeypatch.setattr("plotobot.engine.moving.shelf.MoveShelf.put", refuse)
    async with yard.mover() as mover:
        await until(mover, done(1))
    assert whole(yard.farm(1) / plot.name, yard.plots[0])


def with_room_for(yard: Yard, disks: Disks, plots: float) -> int:
    """One destination, on a drive of its own; the bytes to reserve so that so many plots fit."""
    disks.mount(disks.image("hdd", "HDD", mib=32), str(yard.farm(1)))
    config, size = yard.config, max(plot.path.stat().st_size for plot in yard.plots)
    yard.config = lambda: replace(  # type: ignore[method-assign]
        config(), drives={**config().drives, DriveKind.DESTINATION: (str(yard.farm(1)),)}
    )
    return shutil.disk_usage(yard.farm(1)).free - int(plots * size)


@pytest.mark.mounts
async def test_what_a_copy_has_reserved_is_not_counted_twice(yard: Yard, disks: Disks) -> None:
    reserve = with_room_for(yard, disks, 2.5)
    yard.put(0)
    yard.put(1, folder=2)
    async with yard.mover(bandwidth=int(SLOW * MIB), reserve=reserve) as mover:
        view = await until(mover, lambda view: any(move.done > MIB for move in view.moves))
        for _ in range(3):
            view = await mover.seen_now()
        assert view.moves[0].state is MoveState.COPYING
        assert not any("No destination has" in hold for hold in view.holds)
        assert not await yard.told(EventKind.DESTINATION_FULL)
        assert not await yard.told(EventKind.NO_DESTINATION)
        await until(mover, done(2))
        assert await yard.told(EventKind.DESTINATION_FULL, 1), "half a plot's room is left"


@pytest.mark.mounts
async def test_what_a_copy_has_reserved_is_in_no_room_that_was_seen_before(
    yard: Yard, disks: Disks, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = with_room_for(yard, disks, 1.5)
    yard.put(0)
    yard.put(1, folder=2)
    look, seen = DriveBay.look, []

    def look_once(bay: DriveBay) -> Sequence[Drive]:
        if not seen:
            seen.append(look(bay))
        return seen[0]

    monkeypatch.setattr(DriveBay, "look", look_once)
    async with yard.mover(bandwidth=int(SLOW * MIB), reserve=reserve, per_disk=2) as mover:
        view = await until(mover, lambda view: any(m.done > 0.7 * m.size for m in view.moves))
        view = await mover.seen_now()
    assert len(view.moves) == 1
    assert view.waiting == 1


@pytest.mark.mounts
async def test_a_destination_that_hangs_is_told_and_holds_up_no_other(
    yard: Yard, disks: Disks
) -> None:
    plot = yard.put(0)
    frozen = yard.farm(1)
    disks.mount(disks.image("hdd", "HDD", mib=32), str(frozen))
    async with yard.mover(patience=2.0, bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, lambda view: any(move.done > 0 for move in view.moves))
        run("fsfreeze", "-f", frozen)
        try:
            async with free_loop():
                await until(mover, lambda view: bool(view.destinations[0].problem))
                other = yard.put(1, folder=2)
                await until(mover, done(1))
                told = await yard.told(EventKind.DESTINATION_AWAY)
        finally:
            run("fsfreeze", "-u", frozen)
        await until(mover, done(2))
    assert [one["path"] for one in told] == [str(frozen)]
    assert "does not answer" in told[0]["reason"]
    assert whole(yard.farm(2) / other.name, yard.plots[1])
    assert whole(frozen / plot.name, yard.plots[0])


async def test_a_source_folder_that_does_not_open_holds_up_its_own_plot_alone(yard: Yard) -> None:
    ill = yard.put(0)
    async with yard.mover(bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, lambda view: any(move.done > 0 for move in view.moves))
    away = yard.out(1).rename(yard.root / "away")
    yard.out(1).write_text("no folder, as a drive that is mounted and dead")
    other = yard.put(1, folder=2)
    async with yard.mover(bandwidth=None) as mover:
        await until(mover, done(1))
        view = await until(mover, lambda view: any(move.reason for move in view.moves))
        assert [move.state for move in view.moves] == [MoveState.WAITING, MoveState.DONE]
        assert str(ill) in (view.moves[0].reason or "")
        assert whole(yard.farm(1) / other.name, yard.plots[1])
        assert not await yard.told(EventKind.DESTINATION_AWAY)
        yard.out(1).unlink()
        away.rename(yard.out(1))
        await until(mover, done(2))
    assert whole(yard.farm(1) / ill.name, yard.plots[0])


@pytest.mark.mounts
async def test_a_source_that_hangs_puts_no_destination_out_of_use(yard: Yard, disks: Disks) -> None:
    frozen = yard.out(1)
    disks.mount(disks.image("ssd", "SSD", mib=32), str(frozen))
    plot = yard.put(0)
    async with yard.mover(patience=6.0, bandwidth=int(SLOW * MIB)) as mover:
        await until(mover, lambda view: any(move.done > 0 for move in view.moves))
        run("fsfreeze", "-f", frozen)  # so that the plot cannot be removed
        try:
            view = await until(mover, lambda view: any(move.reason for move in view.moves))
            assert "the folder that the plot is in does not answer" in (view.moves[0].reason or "")
            other = yard.put(1, folder=2)
            view = await until(mover, done(1))
            assert view.destinations[0].problem is None
            assert not await yard.told(EventKind.DESTINATION_AWAY)
        finally:
            run("fsfreeze", "-u", frozen)
        await until(mover, done(2))
    assert whole(yard.farm(1) / other.name, yard.plots[1])
    assert whole(yard.farm(1) / plot.name, yard.plots[0])
