"""Plots on real file systems that go away, come back, and are taken by another drive."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plotobot.engine.drives import DriveBay, local_volumes, parse_spec
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.inventory.plot import Stock
from plotobot.engine.models import DriveKind
from plotobot.engine.store import Store
from tests.engine.plot_files import plot_id, put

pytestmark = pytest.mark.mounts


def told(stock: Stock) -> list[tuple[str | None, bool]]:
    return [(plot.id, plot.missing) for plot in stock.plots]


async def test_a_drive_that_is_unmounted_takes_its_plots_with_it_and_brings_them_back(
    disks: Any, tmp_path: Path
) -> None:
    image = disks.image("a", "plots")
    point = disks.mount(image, "hdd")
    put(point, 1)
    bay = DriveBay({DriveKind.OUT: [parse_spec(str(point))]}, local_volumes())
    store = await Store.open(tmp_path / "plotobot.db")
    inventory = Inventory(store, bay.look, bay.source.look, lambda: datetime.now(UTC))
    try:
        assert told(await inventory.rescan()) == [(plot_id(1).hex(), False)]

        disks.take(point)
        assert told(await inventory.rescan()) == [(plot_id(1).hex(), True)]

        disks.mount(image, "hdd")
        assert told(await inventory.rescan()) == [(plot_id(1).hex(), False)]

        disks.take(point)
        put(disks.disk("hdd", "other"), 2)
        assert told(await inventory.rescan()) == [(plot_id(2).hex(), False)]
    finally:
        await store.close()


async def test_a_drive_that_goes_between_the_look_and_the_reading_keeps_its_plots(
    disks: Any, tmp_path: Path
) -> None:
    point = disks.disk("hdd", "plots")
    put(point, 1)
    bay = DriveBay({DriveKind.OUT: [parse_spec(str(point))]}, local_volumes())
    drives = bay.look()
    store = await Store.open(tmp_path / "plotobot.db")
    inventory = Inventory(store, lambda: drives, bay.source.look, lambda: datetime.now(UTC))
    try:
        await inventory.rescan()
        disks.take(point)

        stock = await inventory.rescan()

        assert told(stock) == [(plot_id(1).hex(), True)]
        assert stock.silent == {str(point): "the drive went away while it was read"}
    finally:
        await store.close()
