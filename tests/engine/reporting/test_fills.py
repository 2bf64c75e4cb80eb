"""How drives filled: a row for each half hour, later one for each day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.reporting.days import days_of
from plotobot.engine.reporting.fills import FillBook, thin
from plotobot.engine.store import Store

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def drive(free: int, path: str = "/mnt/hdd1", **changes: object) -> Drive:
    return Drive(DriveKind.OUT, path, total=1000, free=free, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


async def test_a_drive_has_one_row_in_half_an_hour_over_restarts(store: Store) -> None:
    for minutes in range(0, 121, 5):
        book = FillBook(store)  # as after a restart
        await book.note([drive(1000 - minutes)], NOW + timedelta(minutes=minutes))
    points = await book.since(NOW, NOW + timedelta(days=1))
    at = int(NOW.timestamp())
    expected = tuple((at + m * 60, 1000 - m) for m in (0, 30, 60, 90, 120))
    assert tuple(points["/mnt/hdd1"]) == expected


async def test_it_writes_only_when_there_is_something_to_write(store: Store) -> None:
    book = FillBook(store)
    assert await book.note([drive(5)], NOW)
    assert not await book.note([drive(4)], NOW + timedelta(minutes=20))
    assert not await book.note([], NOW + timedelta(hours=1))
    away = drive(0, "/mnt/away", missing=True)
    assert not await book.note([away], NOW + timedelta(hours=2))
    assert await book.note([away, drive(3)], NOW + timedelta(hours=3))
    assert (await book.since(NOW, NOW + timedelta(days=1))).keys() == {"/mnt/hdd1"}


async def test_after_two_months_a_day_keeps_its_first_row(store: Store) -> None:
    book = FillBook(store)
    for hours in range(0, 72 * 24, 3):
        await book.note([drive(5), drive(6, "/b")], NOW + timedelta(hours=hours))
    points = (await book.since(NOW, NOW + timedelta(days=90)))["/b"]
    days = [datetime.fromtimestamp(at, UTC).date() for at, _ in points]
    fine = [day for day in days if days.count(day) > 1]
    assert len(set(days)) == 72 + 1
    assert {days.count(day) for day in fine} <= {4, 8}
    assert 59 <= len(set(fine)) <= 62


def test_thinned_points_keep_the_latest_and_the_order() -> None:
    points = {"/a": [(n, n) for n in range(1000)], "/b": [(1, 1)], "/c": []}
    few = thin(points, 96)
    assert len(few["/a"]) <= 96
    assert few["/a"][-1] == (999, 999)
    assert list(few["/a"]) == sorted(few["/a"])
    assert (list(few["/b"]), list(few["/c"])) == ([(1, 1)], [])


def test_days_without_plots_are_there_too() -> None:
    made = [(NOW, 10), (NOW - timedelta(days=2), 7), (NOW - timedelta(days=99), 1)]
    days = days_of(made, NOW, 4, UTC)
    assert [(d.day[-2:], d.plots, d.bytes) for d in days] == [
        ("22", 0, 0), ("23", 1, 7), ("24", 0, 0), ("25", 1, 10),
    ]  # fmt: skip
