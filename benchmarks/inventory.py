"""How long 20,000 plots take to be looked through, and how late the event loop is meanwhile.

    python benchmarks/inventory.py [PLOTS] [DIRECTORY]

Sparse files with the headers of real k32 plots lie on ten drives. The first scan reads each header,
the second only asks each file for its size and time; then an engine that starts anew takes them
from its database. A task asks to be woken every 5 ms all the while and notes how late it was.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

from workbench import head, row

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.models import GIB, Drive, DriveKind
from plotobot.engine.replot.plan import Terms, plan
from plotobot.engine.replot.rule import Rule
from plotobot.engine.store import Store

GOAL_FIRST_S, GOAL_AGAIN_S, GOAL_PLAN_S, GOAL_P99_MS = 20.0, 2.0, 1.0, 20.0
DRIVES = 10
TICK = 0.005
SIZE = 108_800_000_000
FARMER = token_bytes(48)
OWNERS = (token_bytes(48), token_bytes(32), token_bytes(32))


def make_plot(folder: Path, number: int) -> None:
    """A sparse file with the header of a finished k32."""
    plot_id = token_bytes(32)
    memo = OWNERS[number % len(OWNERS)] + FARMER + bytes(32)
    pointers = [60 + len(memo) + 80 + table * 10**10 for table in range(7)]
    pointers += [107 * 10**9, 107 * 10**9 + 4 * 43_000, 107 * 10**9 + 4 * 43_005]
    header = b"Proof of Space Plot" + plot_id + b"\x20" + b"\0\x04v1.0"
    header += len(memo).to_bytes(2, "big") + memo + b"".join(p.to_bytes(8, "big") for p in pointers)
    with (folder / f"plot-k32-2021-06-18-12-00-{plot_id.hex()}.plot").open("wb") as file:
        file.write(header)
        file.truncate(SIZE)


def make_farm(root: Path, plots: int) -> list[Drive]:
    """Folders of plots, as drives."""
    source = local_volumes()
    folders = [root / f"hdd{number}" for number in range(DRIVES)]
    for folder in folders:
        folder.mkdir()
    for number in range(plots):
        make_plot(folders[number % DRIVES], number)
    return [Drive(DriveKind.REPLOT, str(one), source.look(str(one)).filesystem) for one in folders]


async def timed(work: Awaitable[object], rest: float = 0.1) -> tuple[float, list[float]]:
    """How long some work takes, and how late each tick beside it came, in seconds."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(time.perf_counter() - asked - TICK)

    await asyncio.sleep(rest)
    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    began = time.perf_counter()
    await work
    took = time.perf_counter() - began
    ticking.cancel()
    return took, late


async def repeated(work: Callable[[], Awaitable[object]]) -> tuple[float, list[float]]:
    """The same of ten times, each after a second of rest: the mean time, and all lags."""
    took, late = zip(*[(await timed(work(), rest=1.0)) for _ in range(10)], strict=True)
    return sum(took) / len(took), [lag for lags in late for lag in lags]


async def main(plots: int, root: Path) -> bool:
    """Measure, and print the table."""
    drives = make_farm(root, plots)
    store = await Store.open(root / "plotobot.db")

    def inventory() -> Inventory:
        return Inventory(store, lambda: drives, local_volumes().look, lambda: datetime.now(UTC))

    first, anew = inventory(), inventory()
    figures = [
        ("nothing at all", *await timed(asyncio.sleep(5)), 6.0),
        (f"first scan of {plots:,} plots", *await timed(first.rescan()), GOAL_FIRST_S),
        ("again, nothing changed, mean of 10", *await repeated(first.rescan), GOAL_AGAIN_S),
        ("from the database at a start, likewise", *await repeated(anew.load), GOAL_AGAIN_S),
    ]
    stock = first.stock()
    assert stock.overview.total.plots == plots, stock.overview
    assert anew.stock().plots == stock.plots
    began = time.perf_counter()
    rule, now = Rule(formats=frozenset({"v1"}), foreign_keys=True), datetime.now(UTC)
    laid = plan(stock.plots, drives, rule, Terms(now, SIZE, GIB, rate=20.0))
    took = time.perf_counter() - began
    assert len(laid.steps) == plots
    await store.close()
    head("lag of a 5 ms tick meanwhile")
    met = took <= GOAL_PLAN_S
    for name, seconds, late, goal in figures:
        p99, _ = row(f"{name}: {seconds:.2f} s (goal {goal:.0f})", late)
        met &= seconds <= goal and p99 <= GOAL_P99_MS
    print(f"a plan of them all: {took:.2f} s (goal {GOAL_PLAN_S:.0f})")
    print(f"goal of the lag: p99 <= {GOAL_P99_MS:.0f}: {'all met' if met else 'MISSED'}")
    return met


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    folder = Path(tempfile.mkdtemp(dir=sys.argv[2] if len(sys.argv) > 2 else None))
    try:
        sys.exit(0 if asyncio.run(main(count, folder)) else 1)
    finally:
        shutil.rmtree(folder)
