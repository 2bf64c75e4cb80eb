"""Destinations that refuse whatever they are given: the plots go elsewhere meanwhile."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from plotobot.engine.models import EventKind, MoveState
from plotobot.engine.moving import harbour
from plotobot.engine.moving.base import Landed, MoveOrder, MoveRefused, Step
from plotobot.engine.moving.folder import FolderDestination
from plotobot.engine.moving.rest import Rest
from plotobot.engine.moving.words import at_destination
from tests.engine.moving.remote.conftest import needs
from tests.engine.moving.remote.hosts import Host, rsync_daemon
from tests.engine.moving.test_mover import Yard, done, state, until, whole, yard

__all__ = ["yard"]

TROUBLES = [errno.EIO, errno.EROFS, errno.EACCES, errno.EFBIG, errno.ENOSPC]


class Drives:
    """The drives that refuse every plot, each with its errno."""

    def __init__(self) -> None:
        self.refusing: dict[str, int] = {}


@pytest.fixture
def drives(monkeypatch: pytest.MonkeyPatch) -> Drives:
    ill, carry = Drives(), FolderDestination.carry

    async def perhaps(
        self: FolderDestination, order: MoveOrder, told: Callable[[Step], None]
    ) -> Landed:
        if number := ill.refusing.get(self.name):
            with at_destination(self.name):
                raise OSError(number, os.strerror(number))
        return await carry(self, order, told)

    monkeypatch.setattr(FolderDestination, "carry", perhaps)
    return ill


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rest ends early: other tests make room on the same file system as they please."""

    def as_it_was(rest: Rest, free: int | None) -> Rest:
        return rest

    monkeypatch.setattr(harbour, "with_free", as_it_was)


@pytest.mark.usefixtures("steady")
@pytest.mark.parametrize("number", TROUBLES, ids=errno.errorcode.get)
async def test_what_a_drive_refuses_goes_to_the_next_one(
    yard: Yard, drives: Drives, number: int
) -> None:
    plots = [yard.put(0), yard.put(1)]
    drives.refusing[str(yard.farm(1))] = number
    async with yard.mover() as mover:
        view = await until(mover, done(2))
        full, away = [
            await yard.told(kind)
            for kind in (EventKind.DESTINATION_FULL, EventKind.DESTINATION_AWAY)
        ]
        failed = await yard.told(EventKind.MOVE_FAILED)
    assert all(
        whole(yard.farm(2) / plot.name, real) for plot, real in zip(plots, yard.plots, strict=True)
    )
    tries = [move for move in view.moves if move.destination == str(yard.farm(1))]
    assert len(tries) == 1, "one plot is enough to see it"
    assert view.destinations[0].problem == tries[0].reason
    assert [one["path"] for one in full or away] == [str(yard.farm(1))]
    assert bool(full) == (number == errno.ENOSPC)
    assert not failed


@pytest.mark.usefixtures("steady")
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=errno.errorcode.get)
async def test_a_drive_that_refuses_is_told_once_and_when_it_takes_plots_again(
    yard: Yard, drives: Drives, number: int
) -> None:
    yard.farm(2).rmdir()
    plot = yard.put(0)
    drives.refusing[str(yard.farm(1))] = number
    async with yard.mover() as mover:
        await until(mover, lambda view: bool(view.holds))
        for _ in range(3):
            view = await mover.start()
        assert [move.state for move in view.moves] == [MoveState.FAILED]
        assert str(yard.farm(1)) in view.holds[0]
        await mover.once()
        await until(mover, lambda view: len(view.moves) == 2 and bool(view.holds))
        assert len(await yard.told(EventKind.NO_DESTINATION, 1)) == 1, "a try is no news"
        assert not await yard.told(EventKind.DESTINATION_AGAIN)

        drives.refusing.clear()
        await mover.pause(str(yard.farm(1)), paused=False)
        view = await until(mover, done(1))
        assert len(await yard.told(EventKind.DESTINATION_AGAIN, 1)) == 1
        ills = [one["path"] for one in await yard.told(EventKind.DESTINATION_AWAY)]
        full = [one["path"] for one in await yard.told(EventKind.DESTINATION_FULL)]
        well = [one["path"] for one in await yard.told(EventKind.DESTINATION_BACK)]
    assert whole(yard.farm(1) / plot.name, yard.plots[0])
    assert (ills + full).count(str(yard.farm(1))) == 1
    assert well == ([] if number == errno.ENOSPC else [str(yard.farm(1))])
    assert view.destinations[0].problem is None


async def test_a_drive_that_a_person_took_out_and_gave_back_is_tried_at_once(
    yard: Yard, drives: Drives
) -> None:
    yard.farm(2).rmdir()
    plot = yard.put(0)
    drives.refusing[str(yard.farm(1))] = errno.EIO
    async with yard.mover() as mover:
        await until(mover, state(MoveState.FAILED))
        drives.refusing.clear()
        away = yard.farm(1).rename(yard.farm(3))
        await until(mover, lambda view: "missing" in (view.destinations[0].problem or ""))
        away.rename(yard.farm(1))
        await until(mover, done(1))
    assert whole(yard.farm(1) / plot.name, yard.plots[0])


async def test_what_was_ordered_once_goes_elsewhere_as_well(yard: Yard, drives: Drives) -> None:
    plot = yard.put(0)
    drives.refusing[str(yard.farm(1))] = errno.EROFS
    async with yard.mover(enabled=False) as mover:
        await mover.once()
        await until(mover, done(1))
        await until(mover, lambda _: not mover.busy)
    assert whole(yard.farm(2) / plot.name, yard.plots[0])


async def test_a_plot_that_only_seems_to_show_a_bad_drive_comes_last(
    yard: Yard, drives: Drives, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.farm(2).rmdir()
    bad, good = yard.put(0), yard.put(1, folder=2)
    carry = FolderDestination.carry

    async def refuse(
        self: FolderDestination, order: MoveOrder, told: Callable[[Step], None]
    ) -> Landed:
        if order.source == bad:
            raise MoveRefused("it cannot be written", by_place=True)
        return await carry(self, order, told)

    monkeypatch.setattr(FolderDestination, "carry", refuse)
    async with yard.mover() as mover:
        await until(mover, state(MoveState.FAILED))
        await mover.once()
        await until(mover, done(1))
    assert whole(yard.farm(1) / good.name, yard.plots[1])


async def test_moves_that_have_ended_leave_no_journal(yard: Yard) -> None:
    good, taken = yard.put(0), yard.put(1)
    (yard.farm(1) / taken.name).write_bytes(b"something else")
    async with yard.mover() as mover:
        await until(mover, lambda view: done(1)(view) and state(MoveState.FAILED)(view))
        await yard.told(EventKind.MOVE_FAILED, 1)
        await until(mover, lambda _: not list((yard.root / "state/moves").iterdir()))
    assert whole(yard.farm(1) / good.name, yard.plots[0])


async def test_journals_that_nobody_needs_go_at_the_start(yard: Yard) -> None:
    journals = yard.root / "state/moves"
    journals.mkdir(parents=True)
    for name in ("gone.json", "gone.lock", "mine.seed"):
        (journals / name).touch()
    (journals / ".keep").touch()
    async with yard.mover():
        assert {path.name for path in journals.iterdir()} == {"mine.seed", ".keep"}


@contextmanager
def served(host: Host) -> Iterator[Host]:
    host.service.start()
    try:
        yield host
    finally:
        host.service.die()


async def test_a_read_only_module_keeps_no_plot_from_the_next_destination(yard: Yard) -> None:
    needs("rsync")
    plots = [yard.put(0), yard.put(1)]
    yard.farm(1).rmdir()
    yard.farm(2).rmdir()
    good = yard.far / "good"
    good.mkdir()
    with served(rsync_daemon(yard.root / "daemon", good)) as host:
        async with yard.mover(remote=(host.address("/locked"), host.address())) as mover:
            view = await until(mover, done(2))
            away = await yard.told(EventKind.DESTINATION_AWAY)
    assert all(whole(good / plot.name, real) for plot, real in zip(plots, yard.plots, strict=True))
    assert sum(move.destination.endswith("/locked") for move in view.moves) == 1
    assert [one["path"] for one in away if "rsync" in one["path"]] == [host.address("/locked")]
