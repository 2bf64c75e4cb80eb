"""The jobs in memory, and what is written of them while the disk refuses."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.roster import REMEMBERED, Roster
from plotobot.engine.store import Store
from plotobot.errors import Refusal

START = datetime(2026, 1, 1, tzinfo=UTC)


def job(number: int, state: JobState = JobState.RUNNING) -> Job:
    at = START + timedelta(hours=number)
    ended = None if state.live else at
    return Job(
        id=f"{number:04}", plotter="chia", k=32, temp="/t", out="/o", state=state, created_at=at,
        ended_at=ended,
    )  # fmt: skip


def event(number: int) -> Event:
    return Event(EventKind.JOB_SPAWNED, START, None, {"number": number})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


class Disk:
    """Lets a store's writes wait or fail."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.go = asyncio.Event()
        self.go.set()
        self._record = store.record
        monkeypatch.setattr(store, "record", self.record)

    async def record(self, jobs: Iterable[Job] = (), events: Iterable[Event] = ()) -> list[Event]:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        written = await self._record(jobs, events)
        await self.go.wait()
        return written


@pytest.fixture
def disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(store, monkeypatch)


async def told(store: Store) -> list[object]:
    return [one.data["number"] for one in await store.undelivered(99)]


async def test_a_change_and_its_event_are_stored_and_wake_those_who_wait(store: Store) -> None:
    roster = Roster(store)
    waiting = asyncio.create_task(roster.changed())
    await asyncio.sleep(0)
    await roster.put(job(1), events=[event(1)])
    await asyncio.wait_for(waiting, 30)

    again = Roster(store)
    await again.load()
    assert again.all() == roster.all() == [job(1)]
    assert await told(store) == [1]


async def test_what_a_full_disk_refuses_stands_in_memory_and_is_written_later_in_order(
    store: Store, disk: Disk
) -> None:
    roster = Roster(store)
    disk.full = True
    for number in (1, 2):
        await roster.put(replace(job(1), status=f"{number}.1"), events=[event(number)])
    assert roster.job("0001").status == "2.1"
    assert await store.jobs(9) == []

    disk.full = False
    await roster.put(job(2), events=[event(3)])

    assert await told(store) == [1, 2, 3]
    assert [one.status for one in await store.jobs(9)] == ["Initializing", "2.1"]
    await roster.flush()
    assert await told(store) == [1, 2, 3]


async def test_puts_at_the_same_time_are_each_written_once(store: Store, disk: Disk) -> None:
    roster = Roster(store)
    await asyncio.gather(*(roster.put(job(n), events=[event(n)]) for n in range(5)))
    assert await told(store) == [0, 1, 2, 3, 4]
    assert len(await store.jobs(9)) == 5


async def test_a_put_that_is_cancelled_while_it_is_written_is_written_once(
    store: Store, disk: Disk
) -> None:
    """So it is when the bot ends in the middle of a step: its last act is a flush."""
    roster = Roster(store)
    disk.go.clear()
    putting = asyncio.create_task(roster.put(job(1), events=[event(1)]))
    async with asyncio.timeout(30):
        while not await store.undelivered(1):
            await asyncio.sleep(0.01)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    disk.go.set()

    await roster.flush()

    assert await told(store) == [1]


async def test_old_ended_jobs_are_forgotten_and_live_ones_never(store: Store) -> None:
    roster = Roster(store)
    await roster.put(job(0), *(job(n, JobState.COMPLETED) for n in range(1, REMEMBERED + 4)))

    kept = {one.id for one in roster.all()}

    assert len(kept) == REMEMBERED + 1
    assert "0000" in kept
    assert {"0001", "0002", "0003"}.isdisjoint(kept)
    assert len(await store.jobs(9999)) == REMEMBERED + 4


async def test_orders_and_unknown_jobs(store: Store) -> None:
    roster = Roster(store)
    roster.note(job(1), job(3, JobState.FAILED), job(2))
    assert [one.id for one in roster.all()] == ["0003", "0002", "0001"]
    assert [one.id for one in roster.live()] == ["0001", "0002"]
    assert roster.get("x") is None
    with pytest.raises(Refusal, match="There is no job x"):
        roster.job("x")
    assert await store.jobs(9) == []
