from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.store import Store
from plotobot.errors import Refusal
from plotobot.plots.proofs import ProofVerdict
from tests.engine.plot_files import NOW, drive_at, name_of, plot_id, put
from tests.little_plots import RealPlot


class Home:
    """A database, and drives that a test changes."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root, self.store = root, store
        self.drives: list[Drive] = []

    def drive(self, name: str, kind: DriveKind = DriveKind.REPLOT) -> Path:
        self.drives.append(drive_at(self.root / name, kind))
        return self.root / name

    async def inventory(self) -> Inventory:
        """One as after a start of the bot."""
        made = Inventory(self.store, lambda: self.drives, local_volumes().look, lambda: NOW)
        await made.load()
        return made


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield Home(tmp_path, store)
    await store.close()


def ids(plots: tuple[Plot, ...]) -> list[str | None]:
    return [plot.id for plot in plots]


async def test_plots_are_on_out_replot_and_destination_drives(home: Home) -> None:
    for number, kind in enumerate(DriveKind):
        put(home.drive(kind, kind), number)

    stock = await (await home.inventory()).rescan()

    assert {plot.use for plot in stock.plots} == {
        DriveKind.OUT, DriveKind.REPLOT, DriveKind.DESTINATION,
    }  # fmt: skip
    assert stock.scanned_at == NOW
    assert stock.scanning is None


async def test_what_was_known_outlasts_a_restart(home: Home) -> None:
    folder = home.drive("hdd")
    for number in range(5):
        put(folder, number, level=number)
    before = await (await home.inventory()).rescan()

    after = (await home.inventory()).stock()

    assert after.plots == before.plots
    assert after.overview == before.overview
    assert after.scanned_at is None


async def test_hostile_names_and_numbers_outlast_it_as_well(home: Home) -> None:
    folder = home.drive("hdd")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n'.plot")).write_bytes(b"no plot")
    head = bytearray(put(folder, 1).read_bytes())
    head[188:268] = b"\xff" * 80  # tables far beyond any disk, and any number of SQLite's
    put(folder, 1, bytes(head))
    before = await (await home.inventory()).rescan()

    assert (await home.inventory()).stock().plots == before.plots
    assert {plot.condition for plot in before.plots} == {Condition.NO_PLOT, Condition.TRUNCATED}


async def test_what_is_gone_is_forgotten_there_too(home: Home) -> None:
    folder = home.drive("hdd")
    put(folder, 1).rename(put(folder, 2).with_name("moved.plot"))
    inventory = await home.inventory()
    await inventory.rescan()
    (folder / name_of(plot_id(2))).unlink()

    stock = await inventory.rescan()

    assert ids(stock.plots) == [plot_id(1).hex()]
    assert (await home.inventory()).stock().plots == stock.plots


async def test_a_missing_drives_plots_stay_as_last_known(home: Home) -> None:
    put(home.drive("hdd1"), 1)
    put(home.drive("hdd2"), 2)
    inventory = await home.inventory()
    await inventory.rescan()
    home.drives[0] = replace(home.drives[0], missing=True)

    stock = await inventory.rescan()

    assert [plot.missing for plot in stock.plots] == [True, False]
    assert stock.silent == {home.drives[0].path: "it is missing"}
    assert [t.name for t in stock.overview.odd] == ["on a missing drive"]
    after = (await home.inventory()).stock()
    assert [plot.missing for plot in after.plots] == [True, False]

    home.drives[0] = replace(home.drives[0], missing=False)
    assert not any(plot.missing for plot in (await inventory.rescan()).plots)


async def test_a_drive_that_went_away_meanwhile_keeps_its_plots(home: Home) -> None:
    put(home.drive("hdd1"), 1)
    inventory = await home.inventory()
    await inventory.rescan()
    home.drives[0] = replace(home.drives[0], filesystem="8:17")
    (home.root / "hdd1" / name_of(plot_id(1))).unlink()  # the bare mount point

    stock = await inventory.rescan()

    assert [plot.missing for plot in stock.plots] == [True]
    assert stock.silent == {home.drives[0].path: "the drive went away while it was read"}


async def test_a_drive_that_is_no_longer_configured_is_forgotten(home: Home) -> None:
    put(home.drive("hdd1"), 1)
    put(home.drive("hdd2"), 2)
    inventory = await home.inventory()
    await inventory.rescan()
    del home.drives[0]

    assert ids((await inventory.rescan()).plots) == [plot_id(2).hex()]
    assert ids((await home.inventory()).stock().plots) == [plot_id(2).hex()]


async def test_it_is_not_forgotten_while_a_labelled_drive_has_no_path(home: Home) -> None:
    put(home.drive("hdd1"), 1)
    inventory = await home.inventory()
    await inventory.rescan()
    home.drives[0] = Drive(DriveKind.REPLOT, "label:PLOT", missing=True)

    stock = await inventory.rescan()

    assert [(plot.id, plot.missing) for plot in stock.plots] == [(plot_id(1).hex(), True)]


async def test_two_who_ask_at_once_get_one_scan(home: Home) -> None:
    put(home.drive("hdd1"), 1)
    inventory = await home.inventory()

    one, other = await asyncio.gather(inventory.rescan(), inventory.rescan())

    assert one == other
    assert len(one.plots) == 1


async def test_who_gives_up_does_not_end_the_scan_for_others(home: Home) -> None:
    put(home.drive("hdd1"), 1)
    inventory = await home.inventory()
    impatient = asyncio.create_task(inventory.rescan())
    await asyncio.sleep(0)
    other = asyncio.create_task(inventory.rescan())
    await asyncio.sleep(0)
    impatient.cancel()

    assert len((await other).plots) == 1


async def test_a_check_is_kept_with_its_time(home: Home, pool_plot: RealPlot) -> None:
    folder = home.drive("hdd1")
    path = folder / pool_plot.path.name
    os.link(pool_plot.path, path)
    inventory = await home.inventory()
    await inventory.rescan()

    check = await inventory.check(str(path), 20)

    assert check.result.verdict is ProofVerdict.SOUND
    assert (check.at, check.plot_id) == (NOW, pool_plot.id)
    assert inventory.stock().checks == (check,)
    assert (await home.inventory()).stock().checks == (check,)
    await inventory.check(str(path), 5)
    assert [known.result.challenges for known in (await home.inventory()).stock().checks] == [5]


async def test_a_check_tells_of_the_plot_that_was_there_by_then(
    home: Home, pool_plot: RealPlot
) -> None:
    path = put(home.drive("hdd1"), 1)
    inventory = await home.inventory()
    await inventory.rescan()
    path.unlink()
    os.link(pool_plot.path, path)

    assert (await inventory.check(str(path), 5)).plot_id == pool_plot.id


async def test_only_plots_of_the_inventory_are_checked(home: Home) -> None:
    path = put(home.root, 1)
    with pytest.raises(Refusal, match="No such plot"):
        await (await home.inventory()).check(str(path), 5)


async def test_plots_of_a_missing_drive_are_not_checked(home: Home) -> None:
    path = put(home.drive("hdd1"), 1)
    inventory = await home.inventory()
    await inventory.rescan()
    home.drives[0] = replace(home.drives[0], missing=True)
    await inventory.rescan()

    with pytest.raises(Refusal, match="missing"):
        await inventory.check(str(path), 5)


async def test_one_check_at_a_time(home: Home, pool_plot: RealPlot) -> None:
    path = home.drive("hdd1") / pool_plot.path.name
    os.link(pool_plot.path, path)
    inventory = await home.inventory()
    await inventory.rescan()
    first = asyncio.create_task(inventory.check(str(path), 20))
    await asyncio.sleep(0)

    with pytest.raises(Refusal, match="being checked"):
        await inventory.check(str(path), 20)
    assert (await first).result.bad == 0


async def test_a_full_state_disk_loses_neither_the_plots_nor_a_check(
    home: Home, pool_plot: RealPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home.drive("hdd1") / pool_plot.path.name
    os.link(pool_plot.path, path)
    inventory = await home.inventory()

    async def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(home.store, "run", full)
    assert ids((await inventory.rescan()).plots) == [pool_plot.id]
    check = await inventory.check(str(path), 5)

    assert inventory.stock().checks == (check,)
