"""Replot drives with real plots, and orders to delete them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.plot import Plot
from plotobot.engine.inventory.reading import read_drive
from plotobot.engine.models import DriveKind
from plotobot.engine.replot.deletion import Order, delete, target_of
from plotobot.engine.replot.journal import Fate, Journal
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.engine.store import Store
from plotobot.plots.address import encode_address
from tests.engine.drives.conftest import disks  # noqa: F401
from tests.engine.plot_files import FARMER, NOW, drive_at
from tests.engine.replot.small_farm import SmallFarm
from tests.little_plots import CONTRACT, POOL_PK, RealPlot

NEW = Kind(None, 18, 0, encode_address(CONTRACT))
OLD_KEY = Rule(pool_keys=frozenset({POOL_PK.hex()}), farmer_keys=frozenset({FARMER.hex()}), new=NEW)


@dataclass
class Bench:
    """One replot drive with a copy of a plot, and a journal."""

    folder: Path
    plot: RealPlot
    journal: Journal

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.path = self.folder / self.plot.path.name
        shutil.copyfile(self.plot.path, self.path)
        self.drive = drive_at(self.folder)

    def known(self, path: Path | None = None) -> Plot:
        """The plot as the inventory finds it now."""
        wanted = str(path or self.path)
        return read_drive(self.drive, {}, local_volumes().look).plots[wanted]

    def order(self, plot: Plot | None = None, **changes: Any) -> Order:
        order = Order(target_of(plot or self.known()), self.drive, (OLD_KEY,), lambda: None)
        return replace(order, **{"job": "job1", "by": "olga (1)", **changes})

    async def delete(self, order: Order | None = None, **how: Any) -> Fate:
        return await delete(order or self.order(), self.journal, lambda: NOW, **how)

    async def fates(self) -> list[Fate]:
        return [entry.fate for entry in await self.journal.entries()]

    def names(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


@pytest.fixture
def bench(tmp_path: Path, store: Store, pool_plot: RealPlot) -> Bench:
    return Bench(tmp_path / "old", pool_plot, Journal(store))


@pytest.fixture
async def small_farm(
    tmp_path: Path, store: Store
) -> AsyncIterator[Callable[..., Awaitable[SmallFarm]]]:
    made: list[SmallFarm] = []

    async def make(olds: dict[str, int], free: dict[str, int], **rules: Any) -> SmallFarm:
        farm = SmallFarm(tmp_path, store, olds, free)
        farm.rules = replace(farm.rules, **rules)
        made.append(farm)
        return await farm.begin()

    yield make
    for farm in made:
        await farm.end()


@pytest.fixture
def as_kind() -> Callable[..., Any]:
    return lambda drive, kind=DriveKind.OUT: replace(drive, kind=kind)
