"""What plots left behind, for the tests of all that deals with it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.clearing import Scene
from plotobot.engine.models import Drive, OrphanFile
from plotobot.engine.orphans import Knowledge, Left
from plotobot.engine.stranger import Tenant

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ID, OTHER, THIRD = "0123456789abcdef" * 4, "fedcba9876543210" * 4, "a1" * 32
HOUR = timedelta(hours=1)


def name_of(plot_id: str, end: str = ".plot.p1.t2.sort_bucket_000.tmp") -> str:
    return f"plot-k32-2026-11-23-15-55-{plot_id}{end}"


def left(
    plot_id: str = ID, age: timedelta = 5 * HOUR, *, folder: str = "/t", ours: bool = True
) -> Left:
    modified = int((NOW - age).timestamp() * 1e9)
    file = OrphanFile(folder, name_of(plot_id), 5, 1, 1, modified)
    return Left(plot_id, 32, file, ours=ours)


def at_work(
    *plot_ids: str, folder: str | None = "/t", sure: bool = False, age: timedelta = HOUR
) -> Tenant:
    folders = None if folder is None else (folder,)
    return Tenant("pid 7", NOW - age, frozenset(plot_ids), folders, sure)


def known(*tenants: Tenant, **more: object) -> Knowledge:
    return Knowledge(NOW, tenants, **more)  # type: ignore[arg-type]


def put(folder: str, *names: str, age: timedelta = 5 * HOUR) -> None:
    for name in names:
        path = Path(folder, name)
        path.write_bytes(b"12345")
        when = time.time() - age.total_seconds()
        os.utime(path, (when, when))


def names_in(folder: str | Path) -> list[str]:
    return [entry.name for entry in Path(folder).iterdir()]


def scene(drives: Sequence[Drive], *tenants: Tenant, **more: object) -> Scene:
    return Scene(drives, Knowledge(datetime.now(UTC), tenants, **more))  # type: ignore[arg-type]


async def keep(plot_id: str, entries: Sequence[DeleteEntry]) -> None:
    """A journal that takes everything."""
