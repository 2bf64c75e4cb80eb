from __future__ import annotations

import asyncio
import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.engine.config import FarmSettings
from plotobot.engine.farm import FarmWatch
from plotobot.engine.models import EventKind
from plotobot.engine.store import Store
from plotobot.errors import Refusal
from plotobot.farmlog import tail
from plotobot.farmlog.report import Kind
from tests.engine.farm import Farm as EngineFarm
from tests.engine.farm import told, until

KEY = "8f" * 48


def local(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%dT%H:%M:%S}.000 2.7.5 harvester"


def eligible(at: datetime, proofs: int = 0, total: int = 100) -> str:
    return (
        f"{local(at)} chia.harvester.harvester: INFO     challenge_hash: 122c597083 ...1 plots "
        f"were eligible for farming challengeFound {proofs} V1 proofs and 0 V2 qualities. "
        f"Time: 0.50000 s. Total {total} plots\n"
    )


class Farm:
    """A log, a store that outlasts the watches on it, and a clock."""

    def __init__(self, log: Path, store: Store) -> None:
        self.log, self.store = log, store
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.woken = 0

    async def watch(self) -> FarmWatch:
        """A watch after a (re)start."""
        watch = FarmWatch(FarmSettings(log=self.log), self.store, self._wake, lambda: self.now)
        await watch.load()
        return watch

    def _wake(self) -> None:
        self.woken += 1

    def write(self, *lines: str) -> None:
        with self.log.open("a") as file:
            file.writelines(lines)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def told(self) -> list[EventKind]:
        return [event.kind for event in await self.store.undelivered(500)]


@pytest.fixture
async def farm(tmp_path: Path):
    store = await Store.open(tmp_path / "plotobot.db")
    yield Farm(tmp_path / "debug.log", store)
    await store.close()


async def test_what_comes_is_told_and_what_was_there_is_not(farm):
    farm.write(*(eligible(farm.now, proofs=1) for _ in range(50)))
    watch = await farm.watch()
    await watch.step()
    assert await farm.told() == []

    farm.write(eligible(farm.now, proofs=1))
    await watch.step()
    await watch.step()

    assert await farm.told() == [EventKind.FARM_PROOF]
    assert farm.woken == 1


async def test_a_restart_reads_no_byte_twice(farm, monkeypatch):
    read = []
    real = tail.look

    def counted(path, place):
        found = real(path, place)
        read.append(found.data)
        return found

    monkeypatch.setattr("plotobot.engine.farm.look", counted)
    farm.write(eligible(farm.now))
    first = await farm.watch()
    await first.step()
    farm.write(eligible(farm.now, proofs=3))
    await first.step()
    await first.close()
    farm.log.rename(farm.log.with_name("debug.log.1"))
    farm.write(eligible(farm.now, proofs=5))
    second = await farm.watch()
    while await second.step():
        pass
    farm.wait(3601)
    await second.step()

    assert b"".join(read).count(b"\n") == 3
    events = await farm.store.undelivered(10)
    assert [event.data.get("proofs") for event in events] == [3, 5]


async def test_a_killed_bot_tells_nothing_twice_and_passes_nothing_over(farm):
    """The place is stored with the events, so a watch that was never closed changes nothing."""
    await (await farm.watch()).step()
    for number in range(1, 6):
        farm.write(eligible(farm.now, proofs=number))
        await (await farm.watch()).step()
        farm.wait(3600)

    events = await farm.store.undelivered(10)
    assert [event.data["proofs"] for event in events] == [1, 2, 3, 4, 5]


async def test_a_full_disk_loses_no_event(farm, monkeypatch):
    watch = await farm.watch()
    await watch.step()
    record = farm.store.record

    async def refused(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(farm.store, "record", refused)
    farm.write(eligible(farm.now, proofs=1))
    await watch.step()
    monkeypatch.setattr(farm.store, "record", record)
    assert await farm.told() == []
    await watch.step()

    assert await farm.told() == [EventKind.FARM_PROOF]


async def test_a_missing_log_is_silence_and_not_an_error(farm):
    farm.write(eligible(farm.now))
    watch = await farm.watch()
    await watch.step()
    farm.log.unlink()
    for _ in range(30):
        farm.wait(30)
        await watch.step()

    assert await farm.told() == [EventKind.FARM_SILENT]


async def test_a_machine_that_slept_is_not_silent_at_once(farm):
    farm.write(eligible(farm.now))
    watch = await farm.watch()
    await watch.step()
    farm.wait(8 * 3600)
    await watch.step()

    assert await farm.told() == []


async def test_a_log_that_cannot_be_read_is_one_line_and_no_silence(farm, caplog):
    farm.write(eligible(farm.now))
    watch = await farm.watch()
    await watch.step()
    farm.log.unlink()
    os.mkfifo(farm.log)
    for _ in range(30):
        farm.wait(30)
        await watch.step()

    assert await farm.told() == []
    assert caplog.text.count("cannot be read") == 1


async def test_a_long_log_is_taken_up_in_bounded_steps(farm):
    watch = await farm.watch()
    await watch.step()
    farm.write(*(eligible(farm.now) for _ in range(12_000)))

    steps = [await watch.step() for _ in range(4)]

    assert steps == [True, True, False, False]


async def test_what_is_stored_and_of_no_use_is_left(farm, caplog):
    await farm.store.remember("farm", "{")

    assert await (await farm.watch()).step() is False
    assert "beginning anew" in caplog.text


async def test_a_watch_switched_off_reads_nothing(farm):
    watch = FarmWatch(FarmSettings(watch=False, log=farm.log), farm.store, farm._wake, lambda: 0)

    await asyncio.wait_for(watch.run(), 30)
    await watch.close()

    assert await farm.store.recall("farm") is None


async def test_the_report_is_of_one_day_with_keys_cut_short(farm):
    error = "chia.plotting.manager: ERROR    no farmer key"
    farm.write(
        f"{local(farm.now - timedelta(hours=25))} {error} old\n",
        eligible(farm.now),
        f"{local(farm.now)} {error} {KEY}\n",
    )

    report = await (await farm.watch()).report(Kind.ERROR)

    assert [one.message for one in report.records] == [f"no farmer key {KEY[:6]}…"]
    assert KEY not in repr(report)
    assert report.stats.challenges == 1


async def test_a_report_of_no_log_is_a_refusal(farm):
    with pytest.raises(Refusal, match="There is no log"):
        await (await farm.watch()).report(Kind.ERROR)


async def test_the_engine_watches_beside_its_plotting(tmp_path):
    place = EngineFarm(tmp_path)
    log = tmp_path / "debug.log"
    config = replace(place.config(count=0), farm=FarmSettings(log=log))
    now = datetime.now(UTC)
    async with place.running(config) as engine:

        async def proof() -> bool:
            with log.open("a") as file:  # what is there before the first look is no news
                file.write(eligible(now, proofs=2))
            return bool(await told(engine, EventKind.FARM_PROOF))

        await until(engine, proof)
        report = await engine.farm_log(Kind.ELIGIBLE)
    assert report.stats.proofs == 2 * len(report.records) > 0


async def test_the_default_is_where_chia_puts_it(farm, monkeypatch, tmp_path):
    monkeypatch.setenv("CHIA_ROOT", str(tmp_path))

    watch = FarmWatch(FarmSettings(), farm.store, farm._wake, lambda: farm.now)

    assert watch.path == tmp_path / "log" / "debug.log"
