"""Running jobs attended to: silences told once, ends foretold, whatever the clocks do."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plotobot.engine.config import EngineConfig
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.history import History
from plotobot.engine.launcher import log_of
from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.processes import Identity, Usage
from plotobot.engine.silence import Silence
from plotobot.engine.store import Store
from plotobot.engine.supervision.finding import Found, State
from plotobot.engine.vigil import Vigil
from plotobot.ui.alerts import alert_text
from tests.engine.farm import Farm, ended, running, stand_in, told, until

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
JOB = Job("job-1", "chia", 32, "/a", "/o", state=JobState.RUNNING, status="1.2", fraction=0.06)
STALLED, GOES_ON = EventKind.JOB_STALLED, EventKind.JOB_GOES_ON


@dataclass
class Bench:
    """A vigil over one job, without processes and without waiting."""

    vigil: Vigil
    wall: list[datetime]
    usage: Usage
    job: Job = JOB
    clock: float = 1000.0
    read: int = 100
    told: list[Event] = field(default_factory=list)

    async def step(self, seconds: float = 0.5, **changes: Any) -> Job:
        """A step of the engine, so much later by both clocks."""
        self.clock += seconds
        self.wall[0] += timedelta(seconds=seconds)
        before, self.job = self.job, replace(self.job, **changes)
        self.vigil.tick(self.clock, [self.job.id])
        self.job, events = await self.vigil.attend(before, self.job, self.read)
        self.told += events
        return self.job

    async def minutes(self, number: float) -> None:
        """Steps of ten seconds for so long, in which nothing moves."""
        for _ in range(round(number * 6)):
            await self.step(10)

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.told]


class Supervisor:
    """As much of one as a vigil needs: it gives the bench's answers."""

    def __init__(self) -> None:
        self.bench: Bench

    async def look(self, job_id: str) -> Found:
        return Found(State.RUNNING, child=Identity("boot", 4000, 1))

    async def usage(self, leader: Identity) -> Usage:
        return self.bench.usage


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store = await Store.open(tmp_path / "plotobot.db")
    supervisor, wall = Supervisor(), [NOW]
    vigil = Vigil(supervisor, History(store), tmp_path, 1800.0, lambda: wall[0])  # type: ignore[arg-type]
    supervisor.bench = Bench(vigil, wall, Usage(1, 50.0, 0, 0, 0))
    yield supervisor.bench
    await store.close()


async def test_a_silence_is_told_once_within_a_minute_and_so_is_its_end(bench: Bench) -> None:
    await bench.step()
    await bench.minutes(29.5)
    assert bench.told == []
    await bench.minutes(1.5)
    assert bench.kinds() == [STALLED]
    (event,) = bench.told
    assert 1800 <= event.data["silent_seconds"] <= 1860
    assert bench.job.stalled == event.at - timedelta(seconds=event.data["silent_seconds"])
    await bench.minutes(300)
    assert bench.kinds() == [STALLED]
    bench.read += 10
    assert (await bench.step()).stalled is None
    await bench.minutes(20)
    assert bench.kinds() == [STALLED, GOES_ON]
    await bench.minutes(20)  # another silence is another one to tell of
    assert bench.kinds() == [STALLED, GOES_ON, STALLED]


async def test_cpu_time_vouches_for_a_plotter_with_a_sparse_log_only_so_long(bench: Bench) -> None:
    await bench.step()
    for _ in range(85):
        bench.usage = replace(bench.usage, cpu_seconds=bench.usage.cpu_seconds + 60)
        await bench.minutes(1)
    assert bench.told == []
    for _ in range(10):
        bench.usage = replace(bench.usage, cpu_seconds=bench.usage.cpu_seconds + 60)
        await bench.minutes(1)
    (event,) = bench.told
    assert event.kind is STALLED
    assert event.data["busy"]


async def test_growing_files_are_a_sign(bench: Bench) -> None:
    for number in range(12):
        await bench.step(temp_used=number)
        await bench.minutes(10)
    assert bench.told == []


async def test_a_machine_that_slept_has_not_been_silent_meanwhile(bench: Bench) -> None:
    await bench.step()
    await bench.minutes(20)
    await bench.step(8 * 3600)
    await bench.minutes(9)
    assert bench.told == []
    await bench.minutes(2)
    assert bench.kinds() == [STALLED]


async def test_a_job_that_is_stuck_is_told_as_that_alone(bench: Bench) -> None:
    await bench.step()
    await bench.step(stuck="Retrying in five minutes.")
    await bench.minutes(120)
    assert bench.kinds() == [EventKind.JOB_STUCK]
    bench.read += 10
    await bench.step(stuck=None)
    assert bench.kinds() == [EventKind.JOB_STUCK, GOES_ON]


@pytest.mark.parametrize(
    "jump",
    [
        pytest.param(timedelta(hours=1), id="an-hour-ahead"),
        pytest.param(timedelta(hours=-1), id="an-hour-back"),
        pytest.param(timedelta(days=1), id="a-day-ahead"),
        pytest.param(timedelta(days=-1), id="a-day-back"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC) - NOW, id="to-1970"),
    ],
)
async def test_a_clock_that_is_set_moves_no_silence_and_no_time_left(
    bench: Bench, jump: timedelta
) -> None:
    await bench.step()
    await bench.minutes(10)
    before = (await bench.step(status="2.0", fraction=0.42)).eta
    assert before is not None
    left = before - bench.wall[0]
    assert left > timedelta()

    bench.wall[0] += jump
    after = (await bench.step()).eta

    assert after is not None
    assert abs(after - bench.wall[0] - left) < timedelta(seconds=30)
    await bench.minutes(15)
    assert bench.told == []
    assert bench.job.eta is not None
    assert bench.job.eta >= bench.wall[0]


async def test_steps_are_marked_with_the_time_at_work(bench: Bench) -> None:
    await bench.step(status="1.0")
    await bench.minutes(5)
    await bench.step(status="1.1")
    await bench.step(7200)  # asleep
    await bench.step(10, status="2.0")
    assert bench.job.marks == (("1.0", 0.0), ("1.1", 300.5), ("2.0", 310.5))


async def test_a_stall_shows_no_time_left(bench: Bench) -> None:
    await bench.step(status="2.0", fraction=0.42)
    await bench.minutes(32)
    await bench.step()
    assert bench.job.stalled
    assert (bench.job.eta, bench.job.eta_basis) == (None, None)


@pytest.fixture
def adopted(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The same after a restart of the bot: three hours at work, the log silent for two."""
    monkeypatch.setattr("plotobot.engine.vigil.age_of", lambda job: 3 * 3600.0)
    log = log_of(tmp_path / JOB.id)
    log.parent.mkdir()
    log.write_text("Computing table 3\n")
    os.utime(log, times=(time.time() - 7200,) * 2)
    return bench


async def test_a_silence_that_began_before_a_restart_is_told_within_a_minute(
    adopted: Bench,
) -> None:
    await adopted.step()
    assert adopted.told == []
    await adopted.minutes(1)
    (event,) = adopted.told
    assert event.kind is STALLED
    assert event.data["silent_seconds"] == pytest.approx(7200, abs=70)
    assert event.data["last_line"] == "Computing table 3"


async def test_a_silent_log_of_before_a_restart_says_nothing_against_a_busy_plotter(
    adopted: Bench,
) -> None:
    await adopted.step()
    adopted.vigil._attended[JOB.id].silence = Silence(4000, 4000)  # short of three times
    for _ in range(20):
        adopted.usage = replace(adopted.usage, cpu_seconds=adopted.usage.cpu_seconds + 10)
        await adopted.minutes(1)
    assert adopted.told == []


async def test_what_a_restart_finds_of_old_is_no_sign_and_gets_no_mark(adopted: Bench) -> None:
    await adopted.step(status="1.3")
    adopted.read += 1_000_000  # the rest of a long log
    await adopted.step(status="2.3", temp_used=10**9)
    await adopted.minutes(1)
    assert adopted.kinds() == [STALLED]
    assert adopted.job.marks == ()
    adopted.read += 10
    await adopted.step(status="2.4")
    assert adopted.job.marks == (("2.4", 3 * 3600 + 61.0),)


async def test_a_plot_told_as_stalled_stays_so_over_a_restart_until_it_works(
    adopted: Bench, tmp_path: Path
) -> None:
    adopted.job = replace(JOB, stalled=NOW - timedelta(hours=2))
    os.utime(log_of(tmp_path / JOB.id))  # as by a clock that was set back
    await adopted.step()
    await adopted.minutes(10)
    assert adopted.told == []
    adopted.read += 10
    await adopted.step()
    assert adopted.kinds() == [GOES_ON]


# --- the real engine --------------------------------------------------------------------------


def short(config: EngineConfig, seconds: float = 2.0) -> EngineConfig:
    return replace(config, stalled_after=seconds)


def has_told(engine: PlottingEngine, kind: EventKind) -> Callable[[], Any]:
    async def enough() -> bool:
        return bool(await told(engine, kind))

    return enough


async def test_a_real_plotter_that_is_paused_is_told_so_once_and_when_it_goes_on(
    farm: Farm,
) -> None:
    """With a restart of the bot between the two."""
    config = short(farm.config(count=1))
    async with farm.running(config) as engine:
        (job,) = await running(engine)
        os.kill(job.pid or 0, signal.SIGSTOP)
        await until(engine, has_told(engine, STALLED))
        (event,) = await told(engine, STALLED)
        assert (await engine.job(job.id)).stalled
    assert event.data["paused"]
    assert event.data["silent_seconds"] >= 2
    assert event.data["last_line"]
    text = alert_text(event, "rig1", event.at)
    assert "plot paused" in text
    assert f"`kill -CONT {job.pid}` on the machine lets it go on" in text

    async with farm.running(config) as engine:
        await asyncio.sleep(2.5)
        assert await told(engine, GOES_ON) == []
        os.kill(job.pid or 0, signal.SIGCONT)
        (job,) = await ended(engine, 1)
        kinds = [event.kind for event in await told(engine)]
    assert job.state is JobState.COMPLETED
    assert job.stalled is None
    assert kinds.count(STALLED) == 1
    assert kinds.count(GOES_ON) <= 1  # a little plot may be done before the next look


async def test_a_plotter_that_stopped_while_the_bot_was_down_is_told_at_once(farm: Farm) -> None:
    config = short(farm.config(count=1), 4.0)
    async with farm.running(config) as engine:
        (job,) = await running(engine)
        os.kill(job.pid or 0, signal.SIGSTOP)
    await asyncio.sleep(4)
    async with farm.running(config) as engine:
        await until(engine, has_told(engine, STALLED), 3.5)
        (event,) = await told(engine, STALLED)
        await engine.stop(job.id, "test")
    assert event.data["silent_seconds"] >= 4


HANGS = """#!/bin/sh
echo "Starting plotting progress into temporary dirs: /a and /a"
echo "Starting phase 1/4: Forward Propagation into tmp files... now"
"""


@pytest.mark.parametrize(
    ("last", "busy", "words"),
    [
        pytest.param("exec sleep 600", False, "no sign of work", id="hangs"),
        pytest.param("while :; do :; done", True, "busy, but neither log", id="turns-in-a-loop"),
    ],
)
async def test_a_plotter_without_signs_of_work_is_told_with_what_to_do(
    farm: Farm, last: str, busy: bool, words: str
) -> None:
    config = short(farm.config(count=1), 1.0)
    program = stand_in(farm.root, HANGS + last + "\n")
    config = replace(config, plot=replace(config.plot, program=program))
    async with farm.running(config) as engine:
        await until(engine, has_told(engine, STALLED))
        (event,) = await told(engine, STALLED)
        (job,) = await engine.jobs()
        await engine.stop(job.id, "test")
    text = alert_text(event, "rig1", event.at)
    assert not event.data["paused"]
    assert event.data["busy"] is busy
    assert f"{words}" in text
    assert "Last line: `Starting phase 1/4: Forward Propagation into tmp files... now`" in text
    assert "`/job` shows it, `/stop` ends it" in text
