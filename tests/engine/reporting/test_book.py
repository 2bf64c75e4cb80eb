"""Each ended job is in exactly one summary, whatever stops, jumps or comes late."""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.engine.config import ReportRules
from plotobot.engine.models import EventKind, Job, JobState, Move, MoverView, MoveState
from plotobot.engine.moving.shelf import MoveShelf
from plotobot.engine.reporting.book import ANCHOR, BEGUN, Book
from plotobot.engine.reporting.reporter import Reporter, Sources
from plotobot.engine.store import MIGRATIONS, Store
from plotobot.engine.summary import Summary
from plotobot.errors import Refusal

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def job(number: int, ended: datetime | None = NOW, **changes: object) -> Job:
    state = JobState.RUNNING if ended is None else JobState.COMPLETED
    made = Job(
        id=f"job-{number}", plotter="madmax", k=32, temp="/t", out="/o", state=state,
        created_at=NOW - 9 * HOUR, ended_at=ended, total_seconds=7200.0, final_size=2 * 10**9,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def move(number: int, ended: datetime = NOW) -> Move:
    return Move(
        id=f"move-{number}", source=f"/o/{number}.plot", destination="/farm", size=10**9,
        state=MoveState.DONE, ended_at=ended,
    )  # fmt: skip


class Machine:
    """A store that is opened and closed, and a clock that is set."""

    def __init__(self, path: Path) -> None:
        self.path, self.now = path, NOW
        self.rules = ReportRules()
        self.live: list[Job] = []
        self.store: Store

    async def up(self) -> None:
        self.store = await Store.open(self.path)
        sources = Sources(lambda: "m", lambda: self.live, list, lambda: MoverView(False))
        self.reporter = Reporter(self.store, self.rules, sources, lambda: None, lambda: self.now)

    async def down(self) -> None:
        await self.store.close()

    async def __aenter__(self) -> Machine:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()  # a connection that is left open hangs the interpreter

    async def again(self) -> None:
        await self.down()
        await self.up()

    async def told(self) -> list[Summary]:
        """All summaries that are told as events, read back."""
        events = await self.store.undelivered(100_000)
        told = [event for event in events if event.kind is EventKind.SUMMARY]
        return [await self.reporter.read(event.data["number"]) for event in told]

    async def jobs_told(self) -> Counter[str]:
        return Counter(j.id for s in await self.told() for j in (*s.finished, *s.failed))


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    async with Machine(tmp_path / "plotobot.db") as machine:
        await machine.reporter.plan()  # the book begins
        yield machine


async def test_a_job_is_told_once_and_the_next_summary_is_empty(machine: Machine) -> None:
    await machine.store.record([job(1), job(2, None), job(3, state=JobState.FAILED)])
    await MoveShelf(machine.store).put(move(1))
    await machine.reporter.tell()
    machine.now += HOUR
    await machine.again()
    await machine.reporter.tell()

    first, second = await machine.told()

    assert ([j.id for j in first.finished], [j.id for j in first.failed]) == (["job-1"], ["job-3"])
    assert [m.id for m in first.moved] == ["move-1"]
    assert (second.finished, second.failed, second.moved) == ((), (), ())
    assert (first.number, second.number) == (1, 2)
    assert second.since == first.until == NOW


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(NOW - 30 * HOUR, id="stored-a-day-late"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), id="ended-in-1970"),
        pytest.param(NOW + 9000 * HOUR, id="ended-next-year"),
    ],
)
async def test_when_it_ended_does_not_matter(machine: Machine, ended: datetime) -> None:
    await machine.reporter.tell()
    await machine.store.record([job(1, ended)])
    machine.now += HOUR
    await machine.reporter.tell()
    await machine.reporter.tell()
    assert await machine.jobs_told() == {"job-1": 1}


async def test_what_ended_before_the_book_began_is_in_no_summary(tmp_path: Path) -> None:
    """As after a lost database, which is rebuilt from the job directories."""
    async with Machine(tmp_path / "plotobot.db") as machine:
        await machine.store.record([job(1)])
        assert await machine.reporter.tell_if_due() is False
        await machine.store.record([job(2)])
        await machine.reporter.tell()
        assert await machine.jobs_told() == {"job-2": 1}


async def test_the_book_of_an_older_plotobot_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "plotobot.db"
    with sqlite3.connect(path) as db:
        for statement in (one for some in MIGRATIONS[:2] for one in some):
            db.execute(statement)
        db.execute("PRAGMA user_version = 2")
        db.execute("INSERT INTO notes VALUES (?, ?)", (BEGUN, NOW.isoformat()))
    db.close()
    async with Machine(path) as machine:
        machine.now = NOW + 2 * HOUR
        plan = await machine.reporter.plan()
    assert plan.next == NOW + 24 * HOUR


async def test_a_summary_its_marks_and_its_event_are_stored_together_or_not_at_all(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await machine.store.record([job(1)])

    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("plotobot.engine.reporting.book.put_events", broken)
        with pytest.raises(sqlite3.OperationalError):
            await machine.reporter.tell()
    assert await machine.reporter.past() == []
    await machine.reporter.tell()
    assert await machine.jobs_told() == {"job-1": 1}


async def test_two_at_once_tell_one(machine: Machine) -> None:
    await machine.store.record([job(1)])
    machine.now += 25 * HOUR
    await asyncio.gather(*(machine.reporter.tell_if_due() for _ in range(5)))
    assert len(await machine.told()) == 1


async def test_missed_ones_come_as_one_that_covers_all(machine: Machine) -> None:
    await machine.store.record([job(n, NOW + n * HOUR) for n in range(70)])
    machine.now += 72 * HOUR + HOUR / 2
    await machine.again()
    assert await machine.reporter.tell_if_due()
    assert not await machine.reporter.tell_if_due()
    (summary,) = await machine.told()
    assert len(summary.finished) == 70
    assert (await machine.reporter.plan()).next == NOW + 96 * HOUR


@pytest.mark.parametrize("wrong", [24 * HOUR, 9000 * HOUR], ids=["a-day", "a-year"])
async def test_a_clock_that_went_ahead_and_was_set_right_puts_nothing_off(
    machine: Machine, wrong: timedelta
) -> None:
    machine.now += wrong
    assert await machine.reporter.tell_if_due()
    machine.now -= wrong
    told = 0
    for _ in range(49):
        machine.now += HOUR
        await machine.again()
        told += await machine.reporter.tell_if_due()
    assert told == 2


async def test_a_clock_that_fell_back_to_1970_puts_nothing_off(machine: Machine) -> None:
    await machine.store.record([job(1)])
    machine.now = datetime(1970, 1, 1, 6, tzinfo=UTC)
    assert not await machine.reporter.tell_if_due()
    machine.now += 24 * HOUR
    assert await machine.reporter.tell_if_due()
    machine.now = NOW + HOUR
    assert await machine.reporter.tell_if_due()
    assert await machine.jobs_told() == {"job-1": 1}


async def test_the_history_lists_the_newest_first_and_knows_no_others(machine: Machine) -> None:
    await machine.store.record([job(1)])
    await machine.reporter.tell()
    machine.now += HOUR
    await machine.reporter.tell()
    second, first = await machine.reporter.past()
    assert (first.number, first.finished, first.average, first.bytes) == (1, 1, 7200.0, 2 * 10**9)
    assert (second.number, second.finished) == (2, 0)
    with pytest.raises(Refusal, match="no summary 3"):
        await machine.reporter.read(3)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
async def test_three_days_with_a_restart_every_five_hours_tell_each_job_once(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Jobs end all the time, some are stored late; the clock jumps by an hour, a day, to 1970."""
    chance = random.Random(seed)
    machine = Machine(tmp_path_factory.mktemp("days") / "plotobot.db")
    machine.rules = ReportRules(every=chance.choice([3600.0, 4 * 3600.0, None]), at=("07:30",))
    async with machine:
        await three_days(machine, chance)


async def three_days(machine: Machine, chance: random.Random) -> None:
    await machine.reporter.plan()
    number, late = 0, list[Job]()
    jumps = [HOUR, -HOUR, 24 * HOUR, -24 * HOUR, datetime(1970, 1, 1, tzinfo=UTC) - NOW]
    for quarter in range(3 * 24 * 4):
        machine.now += timedelta(minutes=15)
        for _ in range(chance.choice([0, 0, 1, 2])):
            number += 1
            made = job(number, machine.now - timedelta(minutes=chance.randrange(300)))
            late.append(made) if chance.random() < 0.2 else await machine.store.record([made])
        if late and chance.random() < 0.1:
            await machine.store.record([late.pop()])
        if chance.random() < 0.04:
            machine.now += (jump := chance.choice(jumps))
            if jump.days < -1000 or chance.random() < 0.5:  # somebody sets it right again
                await machine.reporter.tell_if_due()
                machine.now -= jump
        if quarter % 20 == 19:
            await machine.again()
        await machine.reporter.tell_if_due()
    await machine.store.record(late)
    machine.now += 25 * HOUR
    await machine.reporter.tell_if_due()

    assert await machine.jobs_told() == {f"job-{n + 1}": 1 for n in range(number)}
    summaries = await machine.told()
    assert summaries
    assert all(one.since <= one.until for one in summaries)
    assert all(
        then.since == min(first.until, then.until) for first, then in itertools.pairwise(summaries)
    )


async def test_the_anchor_is_kept(machine: Machine) -> None:
    await machine.reporter.tell()
    assert await machine.store.recall(ANCHOR) == NOW.isoformat()
    assert await Book(machine.store).anchor(NOW + HOUR) == NOW
