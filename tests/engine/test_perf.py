"""What jobs take, children included, and what they took when they have ended."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from plotobot.engine import perf as perf_module
from plotobot.engine.models import Job, JobState
from plotobot.engine.perf import Counters, PerfMeter, Tally, members_of
from plotobot.engine.processes import Processes, Row, Usage, native_processes
from plotobot.engine.processes.portable import PortableProcesses
from plotobot.engine.store import Store

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
BUSY = """
import subprocess, sys, time
mine = bytearray(30_000_000)
code = "import os; x = bytearray(50_000_000); print(os.getpid(), flush=True)\\nwhile True: pass"
subprocess.Popen([sys.executable, "-c", code])
time.sleep(600)
"""


@pytest.fixture
def plotter() -> Iterator[tuple[int, int]]:
    """A process that waits, with a child that works: their pids."""
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process.pid, child
    psutil.Process(child).kill()
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


def job(pid: int = 1, **changes: object) -> Job:
    made = Job(
        id="job", plotter="madmax", k=32, temp="/t", out="/o", state=JobState.RUNNING, pid=pid,
        started_at=NOW - timedelta(seconds=100), temp_used=500, out_used=7,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def meter(store: Store) -> PerfMeter:
    return PerfMeter(store, native_processes(), lambda: NOW)


async def test_the_child_counts_and_so_does_its_memory(
    store: Store, plotter: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perf_module, "APART", 0.2)
    look = meter(store)
    await look.note([job(plotter[0])])
    time.sleep(0.6)
    perf = (await look.of([job(plotter[0])]))["job"]
    assert perf.processes == 2
    assert perf.memory > 80_000_000
    assert perf.cpu is not None
    assert 5 < perf.cpu < 150
    assert (perf.temp, perf.out) == (500, 7)


async def test_a_stranger_does_not_count(plotter: tuple[int, int]) -> None:
    counters = Counters(native_processes())
    assert counters.read({"job": plotter[0]})["job"].processes == 2
    assert counters.read({"gone": 2**22 - 1}) == {}
    assert counters.read({"child": plotter[1]})["child"].processes == 1


async def test_an_ended_job_has_its_averages_over_a_restart(
    store: Store, plotter: tuple[int, int]
) -> None:
    await meter(store).note([job(plotter[0])])
    ended = job(state=JobState.COMPLETED)
    perf = (await meter(store).of([ended]))["job"]
    assert perf.processes == 0
    assert perf.cpu is not None
    assert perf.memory > 80_000_000
    assert (perf.temp, perf.out) == (500, 7)
    assert await meter(store).of([job(state=JobState.FAILED, id="unseen")]) == {}


def test_averages_are_over_its_whole_time_and_counters_never_shrink() -> None:
    tally, running = Tally(), job()
    for seconds, cpu, rss in ((10, 20.0, 100), (20, 50.0, 300), (30, 40.0, 200)):
        now = NOW - timedelta(seconds=100 - seconds)
        tally = tally.with_look(running, Usage(1, cpu, rss, 1000, 3000), now)
    perf = perf_module.average("job", tally)
    assert perf.cpu == pytest.approx(50.0 / 30 * 100)
    assert (perf.memory, perf.peak) == (200, 300)
    assert perf.write_rate == pytest.approx(100)


def test_members_are_found_in_one_walk() -> None:
    rows = [
        Row(1, 0, 1, 1), Row(10, 1, 10, 5), Row(11, 10, 10, 6), Row(12, 11, 12, 7),
        Row(13, 12, 12, 8, zombie=True), Row(20, 1, 20, 5), Row(30, 31, 30, 5), Row(31, 30, 31, 5),
        Row(40, 1, 10, 9),
    ]  # fmt: skip
    members = members_of({row.pid: row for row in rows}, {10: "a", 20: "b"})
    assert {job: sorted(pids) for job, pids in members.items()} == {
        "a": [10, 11, 12, 40],
        "b": [20],
    }


@pytest.mark.parametrize(
    "processes", [native_processes(), PortableProcesses()], ids=["native", "psutil"]
)
def test_the_counters_are_those_that_psutil_tells(
    processes: Processes, plotter: tuple[int, int]
) -> None:
    pid = plotter[1]
    row = processes.table()[pid]
    found, asked = processes.usage(row), psutil.Process(pid)

    assert found is not None
    assert found.rss == pytest.approx(asked.memory_info().rss, rel=0.05)
    times = asked.cpu_times()
    assert 0 <= times.user + times.system - found.cpu_seconds < 2
    counters = asked.io_counters()
    assert (found.read_bytes, found.write_bytes) == (counters.read_bytes, counters.write_bytes)
    assert processes.usage(replace(row, ticks=row.ticks - 1)) is None
    assert processes.usage(replace(row, pid=2**22 - 1)) is None
