"""Somebody sets the clock, the machine sleeps, summer time ends: nothing happens twice or never."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.models import EventKind, JobState
from tests.engine.farm import Farm, ended, running, told, until
from tests.faults.signals import signal_job

JUMPS = {
    "an hour ahead": timedelta(hours=1),
    "an hour back": timedelta(hours=-1),
    "a day ahead": timedelta(days=1),
    "a day back": timedelta(days=-1),
    "to 1970": datetime(1970, 1, 2, tzinfo=UTC) - datetime.now(UTC),
}
EXPECTED = {EventKind.JOB_SPAWNED: 2, EventKind.JOB_FINISHED: 2, EventKind.QUOTA_REACHED: 1}


class Clock:
    """The system's time, which somebody sets."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What every part of the engine takes for the time."""
    clock = Clock()
    monkeypatch.setattr("plotobot.engine.engine.utc_now", clock.now)
    defaults = {"now": clock.now, "keep": None}
    monkeypatch.setattr("plotobot.engine.engine.PlottingEngine.__init__.__kwdefaults__", defaults)
    return clock


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize("last", ["a day ahead", "to 1970"])
async def test_a_clock_that_is_set_while_plots_run_starts_none_twice_and_tells_nothing(
    farm: Farm, clock: Clock, last: str
) -> None:
    async with farm.running(count=2, interval=0.5) as engine:
        jobs = await running(engine, 2)
        for job in jobs:
            signal_job(job, signal.SIGSTOP)

        async def foretold() -> bool:
            """Whether every end that is foretold lies ahead, once it was looked at anew."""
            ends = [job.eta for job in await engine.jobs() if job.eta]
            return all(end >= clock.now() - timedelta(seconds=5) for end in ends)

        for jump in (*JUMPS, last):
            clock.ahead = JUMPS[jump]
            await asyncio.sleep(1.5)  # several looks and passes
            await until(engine, foretold)
            for job in await engine.jobs():
                assert job.state is JobState.RUNNING, jump
                assert job.stalled is None, jump
        for job in jobs:
            signal_job(job, signal.SIGCONT)
        done = await ended(engine, 2)
        await asyncio.sleep(1)
        events = Counter(event.kind for event in await told(engine))
        assert len(await engine.jobs()) == 2
        assert (await engine.spawner()).spawned == 2
    assert {(job.state, job.exit_code) for job in done} == {(JobState.COMPLETED, 0)}
    assert all((job.total_seconds or 0) >= 0 for job in done)
    assert events == EXPECTED


async def test_a_clock_that_was_set_while_the_bot_was_down_starts_none_twice(
    farm: Farm, clock: Clock
) -> None:
    async with farm.running(count=2) as engine:
        before = {job.id for job in await ended(engine, 2)}
    for jump in JUMPS:
        clock.ahead = JUMPS[jump]
        async with farm.running(count=2) as engine:
            await asyncio.sleep(1.5)
            after = {job.id for job in await engine.jobs()}
            back = await told(engine, EventKind.BOT_BACK)
        assert after == before, jump
        assert back, "the bot was away"
        assert all(event.data["away_seconds"] >= 0 for event in back), jump
        clock.ahead = timedelta()
        async with farm.running(count=2):  # the next jump is from the right time
            pass
