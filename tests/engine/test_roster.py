"""The roster writes each change once, whoever asks for it meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from plotobot.engine.models import Event, EventKind
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store


class SlowStore:
    """Takes its time as a thread does: what it began, it ends. Notes what it was given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    async def record(self, jobs: Any, events: Any) -> list[Event]:
        return await asyncio.shield(asyncio.create_task(self._record(events)))

    async def _record(self, events: Any) -> list[Event]:
        await asyncio.sleep(0.01)
        self.given += [event.data["number"] for event in events]
        return list(events)


def news(number: int) -> Event:
    return Event(EventKind.TROUBLE, datetime.now(UTC), data={"number": number})


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def roster(store: SlowStore) -> Roster:
    return Roster(cast(Store, store))


async def test_changes_at_the_same_time_are_each_written_once_and_in_order(
    roster: Roster, store: SlowStore
) -> None:
    await asyncio.gather(*(roster.put(events=[news(number)]) for number in range(5)))
    assert store.given == [0, 1, 2, 3, 4]


async def test_a_change_whose_caller_is_cancelled_is_still_written_once(
    roster: Roster, store: SlowStore
) -> None:
    putting = asyncio.create_task(roster.put(events=[news(0)]))
    await asyncio.sleep(0.005)
    putting.cancel()
    await roster.flush()
    assert store.given == [0]
