"""The audit holds what was put down, in order, and tells of every later change."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.engine.audit import Audit
from plotobot.engine.models import Deed, Event, EventKind, Job, Outcome
from plotobot.engine.store import Store
from tests.engine.farm import Farm, ended

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


@pytest.fixture
def audit(store: Store) -> Audit:
    return Audit(store, lambda: NOW)


def deed(number: int = 1, **changes: object) -> Deed:
    values: dict[str, object] = {"who": f"anna ({number})", "what": "/stop job=1a2b"}
    return Deed(**({"outcome": Outcome.DONE} | values | changes))  # type: ignore[arg-type]


async def test_entries_come_back_as_they_were_put_down_the_newest_first(audit: Audit) -> None:
    for number in range(1, 6):
        await audit.note(deed(number, door="Discord", result="gone"))

    view = await audit.view(None, 2)

    assert [entry.id for entry in view.entries] == [5, 4]
    assert view.entries[0].deed == deed(5, door="Discord", result="gone", at=NOW)
    assert (view.newest, view.broken) == (5, None)
    assert [entry.id for entry in (await audit.view(2, 8)).entries] == [2, 1]


async def test_no_statement_changes_or_removes_an_entry(store: Store, audit: Audit) -> None:
    await audit.note(deed())
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.Error, match="only added to"):
            await store.run(lambda db, sql=statement: db.execute(sql))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET who = 'nobody' WHERE id = 3", 3),
        ("UPDATE audit SET outcome = 'refused' WHERE id = 1", 1),
        ("UPDATE audit SET at = '2020-01-01T00:00:00+00:00' WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 4", 4),
        ("DELETE FROM audit WHERE id >= 4", 4),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET id = id + 10 WHERE id = 5", 5),
        ("UPDATE audit SET hash = (SELECT hash FROM audit WHERE id = 1) WHERE id = 5", 5),
    ],
)
async def test_whoever_gets_around_that_is_found_out(
    store: Store, audit: Audit, statement: str, broken: int
) -> None:
    for number in range(1, 6):
        await audit.note(deed(number))
    names = ("audit_unchanged", "audit_kept")
    await store.run(lambda db: [db.execute(f"DROP TRIGGER {name}") for name in names])
    await store.run(lambda db: db.execute(statement))

    assert (await audit.view(None, 8)).broken == broken
    await audit.note(deed(6))  # also once there is more after it
    assert (await audit.view(None, 8)).broken == broken


async def test_a_disk_that_refuses_holds_nothing_up_and_the_order_stays(
    store: Store, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, refusing = store.run, True

    async def on_a_full_disk(work: Callable[[sqlite3.Connection], object]) -> object:
        if refusing:
            raise sqlite3.OperationalError("database or disk is full")
        return await run(work)

    monkeypatch.setattr(store, "run", on_a_full_disk)
    await audit.note(deed(1))
    await audit.note(deed(2))
    refusing = False
    await audit.note(deed(3))

    view = await audit.view(None, 8)
    assert [entry.deed.who for entry in view.entries] == ["anna (3)", "anna (2)", "anna (1)"]
    assert view.broken is None


async def test_a_disk_that_hangs_holds_a_deed_up_for_a_second_at_most(
    store: Store, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, hung = store.run, asyncio.Event()

    async def on_a_hung_disk(work: Callable[[sqlite3.Connection], object]) -> object:
        await hung.wait()
        return await run(work)

    monkeypatch.setattr(store, "run", on_a_hung_disk)
    async with asyncio.timeout(30):
        await audit.note(deed(1))
    hung.set()
    await audit.note(deed(2))
    assert (await audit.view(None, 8)).newest == 2


async def test_one_who_gives_up_waiting_loses_no_entry(audit: Audit) -> None:
    asking = [asyncio.create_task(audit.note(deed(n))) for n in range(1, 51)]
    await asyncio.sleep(0)
    for task in asking[::2]:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await audit.flush()

    view = await audit.view(None, 100)
    assert sorted(int(one.deed.who[6:-1]) for one in view.entries) == list(range(1, 51))
    assert view.broken is None


async def test_keys_are_cut_short_and_words_of_no_encoding_are_kept(audit: Audit) -> None:
    key = "a" * 96
    await audit.note(deed(what=f"key {key} \udcff", result="x" * 5000))

    (one,) = (await audit.view(None, 1)).entries
    assert key not in one.deed.what
    assert "\\udcff" in one.deed.what
    assert len(one.deed.result) == 500


async def test_what_the_engine_does_is_put_down_with_the_event_that_tells_of_it(
    store: Store, audit: Audit
) -> None:
    job = Job("job-1a2b", "chiapos", 18, "/mnt/t", "/mnt/o", reason="no room\nlog", created_at=NOW)
    kinds = (EventKind.JOB_SPAWNED, EventKind.BOT_BACK, EventKind.JOB_FAILED)
    await store.record([job], [Event(kind, NOW, job) for kind in kinds])

    entries = (await audit.view(None, 8)).entries
    assert [(one.deed.what, one.deed.outcome) for one in entries] == [
        ("plot #1a2b k18 on /mnt/t", Outcome.FAILED),
        ("start #1a2b k18 on /mnt/t", Outcome.DONE),
    ]
    assert entries[0].deed.result == "no room"


async def test_a_delete_is_put_down_before_it_is_done(store: Store, audit: Audit) -> None:
    await store.journal([("/mnt/t\udcff/plot.tmp", 7, "ab" * 32, "stopped by anna (1)")])

    (one,) = (await audit.view(None, 8)).entries
    assert one.deed.outcome is Outcome.ALLOWED
    assert one.deed.what == "delete /mnt/t\\udcff/plot.tmp"
    assert one.deed.result == "7 bytes; stopped by anna (1)"


async def test_a_long_audit_is_proved_in_a_moment(audit: Audit) -> None:
    audit._backlog = [deed(n, at=NOW + timedelta(seconds=n)) for n in range(20_000)]
    await audit.flush()
    async with asyncio.timeout(30):
        assert (await audit.view(None, 8)).broken is None


async def test_an_engine_puts_down_its_life_and_what_is_changed(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        await ended(engine, 1)
        await engine.pause_spawning()
        await engine.change_limits({"max_parallel": 3})
        view = await engine.audit(None, 100)

    told = [f"{one.deed.what}: {one.deed.result}" for one in reversed(view.entries)]
    assert told[0].startswith("begin, version")
    assert any(line.startswith("start #") for line in told)
    assert any(line.startswith("plot #") for line in told)
    assert "spawning: True → False" in told
    assert "limit max_parallel: 2 → 3" in told
    assert view.broken is None
