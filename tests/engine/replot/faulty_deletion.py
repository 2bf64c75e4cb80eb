"""Run by path: deletes a plot, and at one point of it lets something happen.

Each line of stdin is a case, which a forked child runs, for a kill must end it; the line that
answers tells how the deletion ended. The product has no such hooks but the name of each point.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.reading import read_drive
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.replot.deletion import Order, delete, purge, target_of
from plotobot.engine.replot.folders import Odd, Vanished
from plotobot.engine.replot.journal import Journal
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.engine.store import Store
from tests.engine import drive_faults

POINTS = ("examined", "journaled", "examined_again", "gone", "synced", "marked")


class Faults:
    """What can happen, each as one method."""

    def __init__(self, case: dict[str, str]) -> None:
        self._drive, self._state, self._other = case["drive"], case["state"], case["other"]
        self.disarmed = False

    def nothing(self) -> None: ...

    def kill(self) -> None:
        drive_faults.kill()

    def power_cut(self) -> None:
        self.drive_yanked()
        self.state_yanked()
        self.kill()

    def drive_yanked(self) -> None:
        drive_faults.yank(self._drive)

    def state_yanked(self) -> None:
        drive_faults.yank(self._state)

    def read_only(self) -> None:
        drive_faults.make_read_only(self._drive)

    def unmounted(self) -> None:
        drive_faults.unmount(self._drive)

    def other_drive(self) -> None:
        drive_faults.swap(self._drive, self._other)

    def disarm(self) -> None:
        self.disarmed = True


async def run(case: dict) -> str:
    faults = Faults(case)
    waiting = [getattr(faults, case["fault"])]

    def point(name: str) -> None:
        if waiting and name == case["point"]:
            waiting.pop()()

    folder = case["drive"]
    space = local_volumes().look(folder)
    drive = Drive(DriveKind.REPLOT, folder, space.filesystem)
    rule = Rule(
        pool_keys=frozenset({case["old"]}), farmer_keys=frozenset({case["farmer"]}),
        new=Kind(None, 18, 0, case["new"]),
    )  # fmt: skip
    store = await Store.open(Path(case["state"], "plotobot.db"))
    journal, now = Journal(store), lambda: datetime.now(UTC)
    try:
        waits = [e for e in await journal.entries() if e.fate == "quarantined"]
        if case["purge"] and not waits:
            return "nothing to purge"
        known = read_drive(drive, {}, local_volumes().look).plots
        plot = known.get(str(Path(folder, case["name"])))
        target = waits[0].target if case["purge"] else target_of(plot) if plot else None
        if target is None:
            return "nothing to delete"
        order = Order(
            target, drive, (rule,), lambda: "Disarmed." if faults.disarmed else None,
            job="job1", by="olga", quarantine=case["quarantine"],
        )  # fmt: skip
        if case["purge"]:
            await purge(waits[0], order, journal, now, point)
        else:
            await delete(order, journal, now, point)
    except (Odd, Vanished, sqlite3.Error) as trouble:
        return f"{type(trouble).__name__}: {trouble}"
    finally:
        with contextlib.suppress(sqlite3.Error):
            await store.close()
    return "unreached" if waiting and case["fault"] != "nothing" else "deleted"


if __name__ == "__main__":
    drive_faults.serve(lambda case: asyncio.run(run(case)))
