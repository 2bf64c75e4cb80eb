"""The state folder is full, read-only, gone or damaged: plots go on, and the farmer is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.shelf import read_jobs
from plotobot.engine.store import Store
from plotobot.engine.supervision.finding import State, inspect
from plotobot.engine.supervision.jobdir import Spec, create
from plotobot.engine.supervision.launching import shim_command
from plotobot.errors import Refusal
from tests.app.live import LiveFarm
from tests.engine.farm import Farm, ended, running, told, trouble, until
from tests.faults.signals import signal_job
from tests.loopback import LoopbackDiscord

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CORRUPTIONS = 200


@pytest.fixture
def state_disk(tmp_path: Path) -> Iterator[Path]:
    """The state folder as a small disk of its own."""
    disk = tmp_path / "state"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        if os.environ.get("CI"):
            pytest.fail("CI must be able to mount")
        pytest.skip("no mounts here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


@pytest.mark.mounts
@pytest.mark.usefixtures("quick_looks")
async def test_a_full_state_disk_stops_no_plot_loses_no_exit_code_and_is_told(
    farm: Farm, state_disk: Path
) -> None:
    async with farm.running(count=2) as engine:
        jobs = await running(engine, 2)
        for job in jobs:
            signal_job(job, signal.SIGSTOP)
        ballast = fill(state_disk)
        for job in jobs:
            signal_job(job, signal.SIGCONT)
        done = await ended(engine, 2)
        assert {(job.state, job.exit_code) for job in done} == {(JobState.COMPLETED, 0)}

        alert, *_ = await trouble(engine, "the state folder cannot be written")
        await engine.delivered([alert.id])
        await engine.remember("alerts.begun", "[7]")
        assert await engine.recall("alerts.begun") == "[7]"
        assert alert not in await told(engine)

        ballast.unlink()
        await trouble(engine, "can be written again")
        finished = await told(engine, EventKind.JOB_FINISHED)
        assert len(finished) == 2
        assert (await engine.audit()).broken is None
    for one in read_jobs(farm.jobs):
        assert (one.state, one.exit_code) == (JobState.COMPLETED, 0)
    async with farm.running(count=2) as engine:  # it was all written in the end
        assert len(await told(engine, EventKind.JOB_FINISHED)) == 2
        assert await engine.recall("alerts.begun") == "[7]"


async def test_a_stop_that_was_refused_while_the_state_folder_was_away_is_not_carried_out_later(
    farm: Farm,
) -> None:
    state, elsewhere = farm.root / "state", farm.root / "elsewhere"
    async with farm.running(count=1) as engine:
        (job,) = await running(engine)
        signal_job(job, signal.SIGSTOP)
        state.rename(elsewhere)
        state.mkdir()
        with pytest.raises(Refusal, match="its disk was taken away, or another one is there"):
            await engine.stop(job.id, "somebody")
        assert list(state.iterdir()) == []
        state.rmdir()
        elsewhere.rename(state)
    async with farm.running(count=1) as engine:
        await asyncio.sleep(0.5)  # what is left of stops is carried out at a start
        assert [one.pid for one in await engine.jobs() if one.state.live] == [job.pid]
        signal_job(job, signal.SIGCONT)
        (done,) = await ended(engine, 1)
        assert (done.id, done.state) == (job.id, JobState.COMPLETED)


async def test_a_database_deleted_while_plots_run_is_told_and_rebuilt(farm: Farm) -> None:
    async with farm.running(count=2) as engine:
        jobs = await running(engine, 2)
        for file in (farm.root / "state").glob("plotobot.db*"):
            file.unlink()
        await trouble(engine, "was removed or replaced")
        done = await ended(engine, 2)
        assert {job.state for job in done} == {JobState.COMPLETED}
    async with farm.running(count=0) as engine:
        after = {job.id: job.state for job in await engine.jobs()}
    assert after == dict.fromkeys((job.id for job in jobs), JobState.COMPLETED)


@pytest.mark.parametrize("damage", ["empty", "garbage", "header", "half"])
async def test_a_damaged_database_is_put_aside_while_plots_run_on(farm: Farm, damage: str) -> None:
    async with farm.running(count=1) as engine:
        (job,) = await running(engine)
        signal_job(job, signal.SIGSTOP)
    database = farm.root / "state/plotobot.db"
    data = database.read_bytes()
    database.write_bytes(
        {
            "empty": b"",
            "garbage": random.Random(1).randbytes(len(data)),
            "header": b"x" * 16 + data[16:],
            "half": data[: len(data) // 2],
        }[damage]
    )
    async with farm.running(count=1) as engine:
        live = [one for one in await engine.jobs() if one.state.live]
        assert [(one.id, one.pid) for one in live] == [(job.id, job.pid)]
        if damage != "empty":
            await trouble(engine, "the database was damaged; it is kept as plotobot.db.damaged-")
        signal_job(job, signal.SIGCONT)

        async def over() -> bool:  # with the database the count was lost: another may be made, too
            return not (await engine.job(job.id)).state.live

        await until(engine, over)
        assert (await engine.job(job.id)).state is JobState.COMPLETED


# --- 500 damaged files -----------------------------------------------------------------------


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Cut, overwritten, or with bits flipped."""
    way = dice.randrange(4)
    at = dice.randrange(len(data))
    if way == 0:
        return data[:at]
    if way == 1:
        return data[:at] + dice.randbytes(dice.randrange(1, 200)) + data[at + 100 :]
    changed = bytearray(data)
    for _ in range(1 if way == 2 else 20):
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(changed)


async def test_200_damaged_databases_are_read_as_far_as_they_go_or_put_aside(
    in_memory: Path,
) -> None:
    good = in_memory / "good.db"
    store = await Store.open(good)
    for n in range(20):
        job = Job(f"job-{n}", "chiapos", 18, "/t", "/o", state=JobState.COMPLETED, created_at=NOW)
        await store.record([job], [Event(EventKind.JOB_FINISHED, NOW, job)], {f"n{n}": "{}"})
    await store.close()
    data, dice = good.read_bytes(), random.Random(1)
    aside = 0
    for n in range(CORRUPTIONS):
        path = in_memory / str(n) / "plotobot.db"
        path.parent.mkdir()
        path.write_bytes(damaged(data, dice))
        store = await Store.open(path)
        aside += store.recovered is not None
        with contextlib.suppress(sqlite3.Error):  # a page that opens well and reads badly
            assert len(await store.jobs(100)) <= 20
            await store.count_started(NOW)
            for event in await store.undelivered(100):
                await store.delivered([event.id])
            await store.recall("n3")
            await store.record([], [Event(EventKind.TROUBLE, NOW)])
        await store.close()
        shutil.rmtree(path.parent)
    print(f"{aside} of {CORRUPTIONS} were put aside")
    assert aside >= CORRUPTIONS // 5


async def test_an_engine_starts_on_40_damaged_databases(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        (job,) = await ended(engine, 1)
    database, dice = farm.root / "state/plotobot.db", random.Random(2)
    data = database.read_bytes()
    for _ in range(40):
        for file in (farm.root / "state").glob("plotobot.db*"):
            file.unlink()
        database.write_bytes(damaged(data, dice))
        async with farm.running(count=0) as engine:
            known = {one.id: one.state for one in await engine.jobs()}
            assert known in ({job.id: JobState.COMPLETED}, {}) or known[job.id]
            assert known.get(job.id, JobState.COMPLETED) is JobState.COMPLETED


@pytest.mark.skipif(sys.platform != "linux", reason="supervision on Linux")
def test_260_damaged_records_give_no_wrong_answer_about_a_living_job(tmp_path: Path) -> None:
    jobs, dice = tmp_path / "jobs", random.Random(3)
    env = {"PATH": "/usr/bin:/bin"}
    directory = create(jobs, "job", Spec(("/bin/sleep", "120"), "/", env))
    shim = subprocess.Popen(shim_command(directory), start_new_session=True)
    try:
        while inspect(directory).state is not State.RUNNING:
            assert shim.poll() is None
        records = {
            name: (directory / name).read_bytes()
            for name in ("spec.json", "child.json", "shim.json")
        }
        for n in range(260):
            name = dice.choice([*records, "exit.json"])
            good = records.get(name, records["child.json"])
            (directory / name).write_bytes(damaged(good, dice))
            found = inspect(directory)
            # Never that it has ended, and never that it may be started (again) or removed.
            assert found.state not in (State.EXITED, State.PENDING, State.VOID), (n, name, found)
            assert found.code is None
            if name in ("spec.json", "shim.json"):
                assert found.state is State.RUNNING
            for job in read_jobs(jobs):
                assert job.state is not JobState.COMPLETED
            (directory / "exit.json").unlink(missing_ok=True)
            for kept, text in records.items():
                (directory / kept).write_bytes(text)
    finally:
        child = inspect(directory).child
        if child:
            os.kill(child.pid, signal.SIGKILL)
        shim.wait(timeout=30)


async def test_a_person_sees_no_traceback_whatever_is_damaged(
    live_farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    """The whole bot on damaged files; its command line as well."""
    live_farm.set_up(count=1)
    bot = await live_farm.start()
    await loopback.connected()
    await live_farm.made(1)
    await live_farm.all_told()
    await bot.terminate()
    (folder,) = (live_farm.state / "jobs").iterdir()
    dice = random.Random(4)
    for name in ("spec.json", "child.json", "exit.json", "verdict.json", "out.log"):
        (folder / name).write_bytes(damaged((folder / name).read_bytes(), dice))
    (live_farm.state / "bot.lock").write_bytes(b"[" * 100_000)

    command = [sys.executable, "-m", "plotobot", "jobs", "--state", str(live_farm.state)]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (listed.returncode, "Traceback" in listed.stderr) == (0, False)
    again = await live_farm.start()
    await loopback.identified(2)
    shown = await loopback.slash("jobs", user=loopback.viewer)
    await shown.settled()
    assert "not through your doing" not in shown.text
    _, said = await again.terminate()
    assert "Traceback" not in said


# --- cancelled at any await ------------------------------------------------------------------


async def test_cancelling_at_any_moment_loses_no_write_and_leaves_no_transaction(
    in_memory: Path, seeds: Iterator[int]
) -> None:
    store = await Store.open(in_memory / "plotobot.db")
    number = 0
    for seed in seeds:
        dice = random.Random(seed)
        asked: list[asyncio.Task[object]] = []
        for _ in range(300):
            number += 1
            job = Job(f"job-{number}", "chiapos", 18, "/t", "/o", created_at=NOW)
            event = Event(EventKind.JOB_SPAWNED, NOW, job, {"n": number})
            work: Callable[[], object] = [
                lambda j=job, e=event: store.record([j], [e]),  # type: ignore[misc]
                lambda n=number: store.remember(f"note-{n}", "x"),  # type: ignore[misc]
                lambda n=number: store.journal([(f"/t/{n}", 1, "ab", "test")]),  # type: ignore[misc]
            ][dice.randrange(3)]
            asked.append(asyncio.ensure_future(work()))  # type: ignore[arg-type]
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)
            if dice.random() < 0.5:
                dice.choice(asked).cancel()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert all(o is None or isinstance(o, list | asyncio.CancelledError) for o in outcomes)
        assert not await store.run(lambda db: False)
        jobs = {job.id for job in await store.jobs(10_000)}
        events = {e.job.id for e in await store.undelivered(100_000) if e.job}
        assert jobs == events, "a job without its event, or the other way round"
        done = [o for o in outcomes if isinstance(o, list)]
        assert len(jobs) >= len(done)
    await store.close()
    check = sqlite3.connect(in_memory / "plotobot.db")
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()
