"""The store keeps what it was given, whole or not at all, whatever happens to the asker."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.store import MIGRATIONS, Store, StoreError

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def job(number: int, **changes: object) -> Job:
    values: dict[str, object] = {
        "id": f"job-{number}",
        "plotter": "chiapos",
        "k": 18,
        "temp": "/mnt/temp",
        "out": "/mnt/out",
        "created_at": NOW + timedelta(minutes=number),
    }
    return Job(**(values | changes))  # type: ignore[arg-type]


def spawned(of: Job) -> Event:
    return Event(EventKind.JOB_SPAWNED, NOW, of, {"why": "room"})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


async def test_a_job_comes_back_as_it_was(store: Store) -> None:
    stored = job(
        1, state=JobState.RUNNING, phase_seconds=(1.5, None, None, None), exit_code=-9, pid=12
    )
    await store.record([stored])
    assert await store.jobs(recent=10) == [stored]


async def test_an_event_is_undelivered_until_it_is_told(store: Store) -> None:
    first, second = await store.record([job(1)], [spawned(job(1)), spawned(job(2))])
    assert [event.id for event in await store.undelivered(10)] == [first.id, second.id]
    assert first.nonce
    assert first.nonce != second.nonce
    assert len(first.nonce) <= 25

    await store.delivered([first.id])

    assert await store.undelivered(10) == [second]


async def test_events_can_be_asked_for_by_kind(store: Store) -> None:
    finished = Event(EventKind.JOB_FINISHED, NOW, job(1))
    first, second = await store.record([job(1)], [spawned(job(1)), finished])

    assert await store.undelivered(1, [EventKind.JOB_FINISHED]) == [second]
    assert await store.undelivered(9, [EventKind.JOB_SPAWNED]) == [first]
    assert await store.undelivered(9, []) == []


async def test_the_pragmas_that_keep_commits_over_a_power_cut(store: Store) -> None:
    pragmas = {
        name: (await store.run(lambda db, n=name: db.execute(f"PRAGMA {n}").fetchone()))[0]  # type: ignore[misc]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_a_job_and_its_event_are_stored_together_or_not_at_all(store: Store) -> None:
    unstorable = Event(EventKind.JOB_SPAWNED, NOW, job(1), {"no": object()})
    with pytest.raises(TypeError):
        await store.record([job(1)], [unstorable])
    assert await store.jobs(recent=10) == []
    assert await store.undelivered(10) == []
    await store.record([job(1)])  # no transaction was left open


async def test_cancelled_writes_are_whole_or_absent_and_leave_nothing_open(store: Store) -> None:
    chance = random.Random(7)

    async def write(number: int) -> None:
        await store.record([job(number)], [spawned(job(number))])

    tasks = [asyncio.create_task(write(number)) for number in range(120)]
    for task in tasks:
        if chance.random() < 0.5:
            await asyncio.sleep(0)
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    jobs = {stored.id for stored in await store.jobs(recent=500)}
    told = {event.job.id for event in await store.undelivered(500) if event.job}
    assert jobs == told
    uncancelled = {f"job-{n}" for n, task in enumerate(tasks) if not task.cancelled()}
    assert uncancelled <= jobs
    assert not store._connection.in_transaction


async def test_ended_jobs_are_found_by_their_end_and_live_ones_always(store: Store) -> None:
    ended = [job(n, state=JobState.COMPLETED, ended_at=NOW + timedelta(hours=n)) for n in range(5)]
    await store.record([*ended, job(9, state=JobState.RUNNING)])
    assert [stored.id for stored in await store.jobs(recent=2)] == ["job-9", "job-4", "job-3"]
    since = await store.ended_since(NOW + timedelta(hours=3))
    assert [stored.id for stored in since] == ["job-3", "job-4"]
    assert await store.ended_ids() == {f"job-{n}" for n in range(5)}


async def test_notes_are_kept_and_replaced(store: Store) -> None:
    assert await store.recall("board") is None
    await store.remember("board", "1")
    await store.remember("board", "2")
    assert await store.recall("board") == "2"


async def test_a_newer_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "plotobot.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE future (x)")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(StoreError, match="newer Plotobot"):
        await Store.open(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("future",)]
    db.close()


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 400], ids=["header", "garbage"])
async def test_a_damaged_database_is_put_aside_and_a_new_one_begun(
    tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "plotobot.db"
    store = await Store.open(path)
    await store.record([job(1)])
    await store.close()
    whole = path.read_bytes()
    path.write_bytes(damage or b"\0" * 100 + whole[100:])

    store = await Store.open(path)

    assert store.recovered is not None
    assert store.recovered.exists()
    assert await store.jobs(recent=1) == []
    await store.record([job(2)])
    await store.close()


async def test_acknowledged_writes_survive_kill_9(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from plotobot.engine.models import Event, EventKind, Job
        from plotobot.engine.store import Store
        async def main():
            store = await Store.open(Path(sys.argv[1]))
            n = 0
            while True:
                job = Job(id=f"j{n}", plotter="p", k=18, temp="t", out="o")
                await store.record([job], [Event(EventKind.JOB_SPAWNED, datetime.now(UTC), job)])
                print(n, flush=True)
                n += 1
        asyncio.run(main())
        """
    )
    path = tmp_path / "plotobot.db"
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        last = max(int(child.stdout.readline()) for _ in range(20))
        child.kill()
        rest = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        last = max([last, *(int(word) for word in rest)])
        store = await Store.open(path)
        assert f"j{last}" in {stored.id for stored in await store.jobs(0)}
        told = {event.job.id for event in await store.undelivered(10_000) if event.job}
        assert told >= {f"j{n}" for n in range(last + 1)}
        await store.close()
