"""The spawner's standing order over restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
    assert loaded == Quota(running, NOW)
    assert loaded.since.tzinfo is UTC


def test_a_pause_keeps_the_rest_and_a_new_quota_counts_from_now() -> None:
    quota = Quota(running=True, since=NOW, count=7, told=True)
    assert quota.paused() == Quota(running=False, since=NOW, count=7, told=True)
    later = NOW + timedelta(1)
    assert quota.paused().opened(3, later) == Quota(running=True, since=later, count=3)
