"""The inventory of one machine: scanned now and then, kept in the database between."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from plotobot.engine.drives import Space
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.inventory.check_book import CheckBook
from plotobot.engine.inventory.checks import BAD
from plotobot.engine.inventory.overview import overview
from plotobot.engine.inventory.plot import Check, Plot, Progress, Stock
from plotobot.engine.inventory.reading import Reading
from plotobot.engine.inventory.records import load_plots, save_plots
from plotobot.engine.inventory.walks import Walks
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.store import Store
from plotobot.errors import Refusal
from plotobot.plots.proofs import check_proofs

log = logging.getLogger(__name__)

KEPT_ON = frozenset({DriveKind.OUT, DriveKind.REPLOT, DriveKind.DESTINATION})
"""The sets of drives where finished plots lie."""
SCAN_EVERY = 3600.0
PATIENCE = 20.0
"""Seconds a drive may take to tell of a file."""

ByDrive = dict[str, Mapping[str, Plot]]


class Inventory:
    """All plots of the drives that keep plots.

    Args:
        store: keeps them over restarts.
        drives: the drives as of the last look.
        look: tells of a folder's file system (`VolumeSource.look`).
        now: the clock.
        book: the content checks; None begins one that tells nobody.
    """

    def __init__(
        self,
        store: Store,
        drives: Callable[[], Sequence[Drive]],
        look: Callable[[str], Space],
        now: Callable[[], datetime],
        book: CheckBook | None = None,
    ) -> None:
        self._store = store
        self.book = book or CheckBook(store)
        self._drives = drives
        self._now = now
        self._walks = Walks(look)
        self._by_drive: ByDrive = {}
        self._stock = Stock()
        self._scanning: Progress | None = None
        self._scan: asyncio.Task[Stock] | None = None
        self._checking = asyncio.Lock()
        self._files: Patience[str, tuple[int, ...]] = Patience(PATIENCE)

    async def load(self) -> None:
        """Take up what was known when the last life ended."""
        plots = await load_plots(self._store)
        await self.book.load()
        self._by_drive = await asyncio.to_thread(_by_drive, plots)
        await self._compose({})

    async def close(self) -> None:
        """Give up a scan that is under way."""
        if self._scan is not None:
            self._scan.cancel()
            await asyncio.gather(self._scan, return_exceptions=True)

    async def keep_fresh(self) -> None:
        """Scan now and every hour, until cancelled."""
        while True:
            try:
                await self.rescan()
            except Exception:  # the last frame: an old inventory is better than none
                log.exception("the plots could not be looked through")
            await asyncio.sleep(SCAN_EVERY)

    def stock(self) -> Stock:
        """What is known. A memory read."""
        return replace(self._stock, scanning=self._scanning, checks=self.book.latest)

    async def rescan(self) -> Stock:
        """Look through all drives now, or wait for the scan that is under way."""
        if self._scan is None or self._scan.done():
            self._scan = asyncio.create_task(self._look_through(), name="inventory")
        # Whoever asked may give up, but the scan is everybody's.
        return await asyncio.shield(self._scan)

    async def check(self, path: str, challenges: int) -> Check:
        """Check the content of one plot of the inventory; only one at a time.

        Raises:
            Refusal: no such plot, or one is being checked, or it cannot be.
            NotAPlot: it is none any more.
        """
        plot = next((plot for plot in self._stock.plots if plot.path == path), None)
        if plot is None or plot.id is None:
            raise Refusal("No such plot is known.")
        if plot.missing:
            raise Refusal(f"{plot.name} cannot be checked: its drive {plot.drive} is missing.")
        if self._checking.locked():
            raise Refusal("Another plot is being checked; ask again in a moment.")
        async with self._checking:
            before = await self._file(plot)
            found = await check_proofs(path, challenges)
            if found.verdict in BAD and await self._file(plot) != before:
                raise Refusal(f"{plot.name} was changed while it was checked; ask again.")
            # Its own id, not the inventory's: the file may be another by now.
            check = Check(path, found.id, self._now(), found)
            await self.book.add(plot, check)
        return check

    async def _file(self, plot: Plot) -> tuple[int, ...]:
        """What tells the file from any other, and from itself once it is changed.

        Raises:
            Refusal: it is not there, or its drive does not answer.
        """
        ask = {plot.path: partial(_identity, plot.path)}
        answer = (await asyncio.to_thread(self._files.ask, ask))[plot.path]
        if isinstance(answer, OSError):
            why = answer.strerror or answer
            raise Refusal(f"{plot.name} cannot be checked now: {why}.")
        return answer

    async def _look_through(self) -> Stock:
        drives = {drive.path: drive for drive in self._drives() if drive.kind in KEPT_ON}
        there = [drive for drive in drives.values() if not drive.missing]
        try:
            answers = await self._walks.read(there, self._by_drive, self._progress)
        finally:
            self._scanning = None
        silent = {path: "it is missing" for path, drive in drives.items() if drive.missing}
        for path, answer in answers.items():
            if isinstance(answer, Reading):
                await self._take(path, answer)
            else:
                silent[path] = answer.strerror or str(answer)
        await self._drop_strangers(drives, silent)
        self._stock = replace(self._stock, scanned_at=self._now())
        await self._compose(silent)
        return self.stock()

    def _progress(self, progress: Progress) -> None:
        self._scanning = progress

    async def _take(self, path: str, reading: Reading) -> None:
        self._by_drive[path] = reading.plots
        with suppress(sqlite3.Error):  # a full disk: what is not put down is read again
            await save_plots(self._store, reading.changed, reading.gone)

    async def _drop_strangers(self, drives: Mapping[str, Drive], silent: Mapping[str, str]) -> None:
        """Forget drives that are no longer configured.

        Not while one is missing: a drive named by its label has no path then, and its plots stand
        under the path it had.
        """
        if silent:
            return
        for path in [path for path in self._by_drive if path not in drives]:
            gone = self._by_drive.pop(path)
            with suppress(sqlite3.Error):
                await save_plots(self._store, (), gone)

    async def _compose(self, silent: Mapping[str, str]) -> None:
        stock = replace(self._stock, silent=dict(silent))
        missing = {drive.path for drive in self._drives() if drive.missing} | silent.keys()
        here = {drive.path for drive in self._drives()} - missing
        # Thousands of values: in a thread, so that the loop need not wait.
        self._stock = await asyncio.to_thread(_composed, stock, self._by_drive.copy(), here)


def _identity(path: str) -> tuple[int, ...]:
    status = os.stat(path)  # noqa: PTH116 - it may hold bytes that are no text
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _by_drive(plots: Iterable[Plot]) -> ByDrive:
    drives: dict[str, dict[str, Plot]] = {}
    for plot in plots:
        drives.setdefault(plot.drive, {})[plot.path] = plot
    return dict(drives)


def _composed(stock: Stock, drives: ByDrive, here: set[str]) -> Stock:
    plots = tuple(
        plot if drive in here else replace(plot, missing=True)
        for drive, known in sorted(drives.items())
        for plot in known.values()
    )
    return replace(stock, plots=plots, overview=overview(plots))
