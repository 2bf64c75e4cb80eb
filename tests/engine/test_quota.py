"""The spawner's standing order over restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from plotobot.engine.quota import Quota
from plotobot.engine.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


async def test_an_order_survives(store: Store) -> None:
    quota = Quota(running=False, since=NOW, count=7, told=True)
    await quota.save(store)
    assert await Quota.load(store, running=True, now=NOW + timedelta(days=1)) == quota


@pytest.mark.parametrize(
    "note",
    [None, "", "{", "[]", '{"running": true}', '{"running": 7, "since": "then"}', "\x00\ud7ff"],
)
@pytest.mark.parametrize("running", [True, False])
async def test_a_damaged_note_counts_as_none(store: Store, note: str | None, running: bool) -> None:
    if note is not None:
        await store.remember("spawner", note)
    here = NOW.astimezone(timezone(timedelta(hours=5)))
    loaded = await Quota.load(store, running=running, now=here)
    assert loaded == Quota(running, NOW, enabled=running)
    assert loaded.since.tzinfo is UTC


def test_a_pause_keeps_the_rest_and_a_new_quota_counts_from_now() -> None:
    quota = Quota(running=True, since=NOW, count=7, told=True, enabled=True)
    assert quota.paused() == replace(quota, running=False)
    later = NOW + timedelta(1)
    opened = Quota(running=True, since=later, count=3, enabled=True)
    assert quota.paused().opened(3, later) == opened


def test_going_on_takes_the_end_that_was_asked_for_and_drains_no_more() -> None:
    paused = Quota(running=True, since=NOW, count=7).paused(drain=True)
    on = paused.resumed(NOW + timedelta(hours=1))

    assert (paused.running, paused.draining) == (False, True)
    assert (on.running, on.draining, on.until) == (True, False, NOW + timedelta(hours=1))
    assert (on.since, on.count) == (NOW, 7)
    assert on.resumed(None).until is None
