"""The whole engine on real chiapos plots: start, follow, judge, tell, stop, and take up again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from plotobot.app import specs_of
from plotobot.engine.config import EngineConfig, PlotSettings, SpaceRules
from plotobot.engine.models import GIB, DriveKind, EventKind, JobState
from plotobot.engine.recovery import GONE
from plotobot.engine.shelf import read_jobs
from plotobot.errors import Refusal
from plotobot.plots.headers import read_header
from tests.engine.farm import Farm, ended, running, told, until

BOT = textwrap.dedent(
    """
    import asyncio, pathlib, sys
    from tests.engine.farm import Farm
    async def main():
        farm = Farm(pathlib.Path(sys.argv[1]))
        async with farm.running(count=int(sys.argv[2]), max_parallel=4, max_parallel_per_drive=2):
            print("up", flush=True)
            await asyncio.sleep(600)
    asyncio.run(main())
    """
)


def start_bot(farm: Farm, count: int) -> subprocess.Popen[bytes]:
    """An engine as its own process, to be killed."""
    command = [sys.executable, "-c", BOT, str(farm.root), str(count)]
    bot = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert bot.stdout is not None
    assert bot.stdout.readline() == b"up\n"
    return bot


def kill(bot: subprocess.Popen[bytes]) -> None:
    bot.kill()
    bot.wait()
    assert bot.stdout is not None
    bot.stdout.close()


def in_the_database(state: Path) -> int:
    """How many jobs the database knows."""
    with contextlib.closing(sqlite3.connect(f"file:{state}/plotobot.db?mode=ro", uri=True)) as base:
        return int(base.execute("SELECT count(*) FROM jobs").fetchone()[0])


def wait_for(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


async def test_plots_are_made_on_both_drives_and_proven(farm: Farm) -> None:
    async with farm.running(count=4, max_parallel=4, max_parallel_per_drive=2) as engine:
        jobs = await ended(engine, 4)
        kinds = Counter(event.kind for event in await told(engine))
        view = await engine.spawner()

    assert {job.state for job in jobs} == {JobState.COMPLETED}
    assert Counter(Path(job.temp).name for job in jobs) == {"temp1": 2, "temp2": 2}
    for job in jobs:
        header = read_header(Path(job.final_path or ""))
        assert (header.id, header.truncated) == (job.plot_id, False)
        assert header.expected_size == job.final_size
        assert job.exit_code == 0
        assert all(job.phase_seconds)
    assert kinds == {
        EventKind.JOB_SPAWNED: 4,
        EventKind.JOB_FINISHED: 4,
        EventKind.QUOTA_REACHED: 1,
    }
    assert {hold.rule for hold in view.holds} == {"quota"}
    assert farm.leftovers() == []


async def test_events_of_one_job_come_in_order(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        await ended(engine, 1)
        kinds = [event.kind for event in await told(engine) if event.job]
    assert kinds == [EventKind.JOB_SPAWNED, EventKind.JOB_FINISHED]


async def test_a_stopped_job_leaves_no_process_and_none_of_its_temp_files(farm: Farm) -> None:
    """The other plot's files stay, and so does everything that is not a plot's."""
    async with farm.running(max_parallel_per_drive=2, max_parallel=2) as engine:
        first, second = await running(engine, 2)
        stranger = Path(first.temp, f"plot-k32-2026-01-01-00-00-{'ab' * 32}.plot.sort.tmp")
        stranger.write_bytes(b"x")
        pids = [first.pid or 0]

        result = await engine.stop(first.id, "farmer (1)")

        assert result.job.state is JobState.STOPPED
        assert result.processes >= 1
        assert result.files > 0
        assert result.left == ()
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert [name for name in farm.leftovers() if first.plot_id and first.plot_id in name] == []
        assert stranger.exists()
        assert (await engine.job(second.id)).state.live
        with pytest.raises(Refusal, match="has ended already"):
            await engine.stop(first.id, "farmer (1)")
        await ended(engine, 2)
        kinds = Counter(event.kind for event in await told(engine) if event.job)
        (stop,) = await told(engine, EventKind.JOB_STOPPED)
        deletions = await engine._parts.store.run(
            lambda db: db.execute("SELECT path, why FROM deletions").fetchall()
        )
    assert kinds[EventKind.JOB_STOPPED] == 1
    assert stop.data == {"by": "farmer (1)"}
    assert kinds[EventKind.JOB_FAILED] == 0
    assert len(deletions) == result.files
    assert {why for _, why in deletions} == {"stopped by farmer (1)"}


async def test_a_plotter_killed_from_outside_fails_with_the_signal_and_its_last_words(
    farm: Farm,
) -> None:
    async with farm.running(count=1) as engine:
        (job,) = await running(engine)
        os.kill(job.pid or 0, signal.SIGKILL)
        (job,) = await ended(engine, 1)
        (event,) = await told(engine, EventKind.JOB_FAILED)
        view = await engine.spawner()
    assert job.state is JobState.FAILED
    assert job.exit_code == -9
    assert job.reason is not None
    assert job.reason.startswith("killed by SIGKILL; no finished plot of it stands in")
    assert "\n" in job.reason  # the log's last lines
    assert event.job == job
    assert {hold.drive: hold.rule for hold in view.holds}[job.temp] in ("resting", "quota")


@pytest.mark.parametrize("plots", [3])
async def test_kill_9_while_plots_run_then_every_plot_is_adopted(farm: Farm, plots: int) -> None:
    bot = start_bot(farm, plots)
    wait_for(lambda: sum(job.plot_id is not None for job in read_jobs(farm.jobs)) == plots)
    kill(bot)
    before = {job.id: job.pid for job in read_jobs(farm.jobs)}

    config = farm.config(count=plots, max_parallel=4, max_parallel_per_drive=2)
    async with farm.running(config) as engine:
        adopted = {job.id: job.pid for job in await engine.jobs() if job.state.live}
        jobs = await ended(engine, plots)
        events = await told(engine)

    assert adopted.items() <= before.items()
    assert {job.id for job in jobs} == before.keys()
    assert {(job.state, job.exit_code) for job in jobs} == {(JobState.COMPLETED, 0)}
    kinds = Counter(event.kind for event in events)
    assert kinds[EventKind.JOB_SPAWNED] == plots
    assert kinds[EventKind.JOB_FINISHED] == plots
    assert len(list((farm.root / "out").glob("*.plot"))) == plots


async def test_plots_that_ended_while_the_bot_was_down_are_known_and_told_once(farm: Farm) -> None:
    bot = start_bot(farm, 2)
    wait_for(lambda: sum(job.pid is not None for job in read_jobs(farm.jobs)) == 2)
    kill(bot)
    wait_for(lambda: all(not job.state.live for job in read_jobs(farm.jobs)))
    down = datetime.now(UTC)

    for _ in range(2):  # the second start has nothing left to tell
        async with farm.running(count=2) as engine:
            jobs = await ended(engine, 2)
            events = await told(engine)

    assert {(job.state, job.exit_code) for job in jobs} == {(JobState.COMPLETED, 0)}
    assert all(job.ended_at and job.ended_at < down for job in jobs)
    assert Counter(e.kind for e in events)[EventKind.JOB_FINISHED] == 2


async def test_a_job_that_was_prepared_and_never_ran_is_started_after_all(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        (done,) = await ended(engine, 1)
    # As a death between the durable spec and the start of the shim leaves it.
    folder = farm.jobs / done.id
    for file in folder.iterdir():
        if file.name != "spec.json":
            file.unlink()
    for file in (farm.root / "state").glob("plotobot.db*"):
        file.unlink()
    async with farm.running(max_parallel=0) as engine:
        (job,) = await ended(engine, 1)
        kinds = [event.kind for event in await told(engine) if event.job]
    assert (job.id, job.state) == (done.id, JobState.COMPLETED)
    assert job.plot_id != done.plot_id
    assert kinds == [EventKind.JOB_SPAWNED, EventKind.JOB_FINISHED]


def stored_jobs(farm: Farm) -> int:
    database = f"file:{farm.root}/state/plotobot.db?mode=ro"
    with closing(sqlite3.connect(database, uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM jobs").fetchone()[0])


async def test_a_job_whose_directory_was_removed_while_the_bot_was_down_is_told_as_lost(
    farm: Farm,
) -> None:
    bot = start_bot(farm, 1)
    wait_for(lambda: any(job.pid is not None for job in read_jobs(farm.jobs)))
    wait_for(lambda: stored_jobs(farm) == 1)  # it runs a moment before the database knows it
    kill(bot)
    (job,) = read_jobs(farm.jobs)
    wait_for(lambda: all(not one.state.live for one in read_jobs(farm.jobs)))
    shutil.rmtree(farm.jobs / job.id)

    for _ in range(2):  # the second start has nothing left to tell
        async with farm.running(count=0) as engine:
            (lost,) = await ended(engine, 1)
            news = [event for event in await told(engine) if event.kind is EventKind.JOB_FAILED]

    assert (lost.id, lost.state, lost.reason) == (job.id, JobState.LOST, GONE)
    assert [event.job and event.job.id for event in news] == [job.id]


async def test_a_verdict_that_never_reached_the_database_is_taken_from_the_job_directory(
    farm: Farm, tmp_path: Path
) -> None:
    bot = start_bot(farm, 1)
    state, kept = farm.root / "state", tmp_path / "as it was at the kill"
    wait_for(lambda: in_the_database(state))
    kill(bot)
    kept.mkdir()
    for file in state.glob("plotobot.db*"):
        shutil.copy(file, kept)
    async with farm.running(count=0) as engine:
        (judged,) = await ended(engine, 1)
    for file in state.glob("plotobot.db*"):
        file.unlink()
    shutil.copytree(kept, state, dirs_exist_ok=True)

    for _ in range(2):  # the second start has nothing left to tell
        async with farm.running(count=0) as engine:
            (job,) = await engine.jobs()
            news = await told(engine, EventKind.JOB_FINISHED)

    assert (job.id, job.state, job.ended_at) == (judged.id, judged.state, judged.ended_at)
    assert len(news) == 1


async def test_a_lost_database_is_rebuilt_from_the_job_directories(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        (before,) = await ended(engine, 1)
    for file in (farm.root / "state").glob("plotobot.db*"):
        file.unlink()
    async with farm.running(count=0) as engine:
        (after,) = await engine.jobs()
        assert await told(engine, EventKind.JOB_FINISHED) == []
    assert after == replace(before, temp_used=after.temp_used, out_used=after.out_used)


async def test_the_quota_is_exact_over_a_restart(farm: Farm) -> None:
    async with farm.running(count=3, max_parallel=1) as engine:
        await ended(engine, 1)
    async with farm.running(count=3, max_parallel=1) as engine:
        await ended(engine, 3)
        await asyncio.sleep(1.5)
        assert len(await engine.jobs()) == 3
        await engine.start_spawning(1)
        assert len(await ended(engine, 4)) == 4


async def test_a_pause_holds_new_plots_lets_running_ones_go_on_and_survives_a_restart(
    farm: Farm,
) -> None:
    async with farm.running(count=9, max_parallel=1) as engine:
        await running(engine)
        view = await engine.pause_spawning()
        assert not view.running
        assert (await ended(engine, 1))[0].state is JobState.COMPLETED
    async with farm.running(count=9, max_parallel=1) as engine:
        await asyncio.sleep(1.2)
        assert len(await engine.jobs()) == 1
        assert {hold.rule for hold in (await engine.spawner()).holds} == {"paused"}
        started = await engine.spawn_once()
        assert len(started) == 1
        await ended(engine, 2)


async def test_a_changed_setting_has_the_last_word_on_spawning_and_an_unchanged_one_has_not(
    farm: Farm,
) -> None:
    on = farm.config(count=None, max_parallel=1)
    off = replace(on, spawn_on_start=False)
    async with farm.running(on) as engine:
        await engine.reconfigure(off, specs_of(off))
        assert not (await engine.spawner()).running
        await engine.start_spawning(None)
        await engine.reconfigure(
            replace(off, limits=replace(off.limits, interval=2.0)), specs_of(off)
        )
        assert (await engine.spawner()).running, "only its interval was changed"
    async with farm.running(off) as engine:
        assert (await engine.spawner()).running, "a command holds over restarts"
        await engine.reconfigure(on, specs_of(on))
        await engine.pause_spawning()
    async with farm.running(on) as engine:
        assert not (await engine.spawner()).running
    async with farm.running(off) as engine:  # changed while it was down, and back again
        assert not (await engine.spawner()).running
    async with farm.running(on) as engine:
        assert (await engine.spawner()).running


async def test_a_full_out_drive_holds_the_plots_and_is_told_once(farm: Farm) -> None:
    config = farm.config()
    huge = replace(config, space=SpaceRules(out=10**15))
    # One file system is one room: put the out folder elsewhere, on tmpfs.
    async with farm.running(
        replace(huge, drives={**config.drives, DriveKind.OUT: ("/dev/shm",)})
    ) as engine:
        await asyncio.sleep(2.5)
        view = await engine.spawner()
        events = await told(engine)
    assert {hold.rule for hold in view.holds} == {"no_out_drive"}
    assert [event.kind for event in events] == [EventKind.NO_OUT_DRIVE]


async def test_a_drive_that_vanishes_is_news_and_so_is_its_return(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plotobot.engine.pulse.DRIVES_EVERY", 0.2)
    async with farm.running(count=None, max_parallel=0) as engine:
        (farm.root / "temp1").rename(farm.root / "away")

        async def held() -> bool:
            holds = {Path(h.drive).name: h.rule for h in (await engine.spawner()).holds}
            return holds.get("temp1") == "drive_problem"

        async def missing() -> bool:
            return bool(await told(engine, EventKind.DRIVE_MISSING))

        await until(engine, missing, 15)
        await until(engine, held, 15)
        (farm.root / "away").rename(farm.root / "temp1")

        async def back() -> bool:
            return bool(await told(engine, EventKind.DRIVE_BACK))

        await until(engine, back, 15)
        assert len(await told(engine, EventKind.DRIVE_MISSING)) == 1


async def test_a_missing_plotter_is_told_once_and_holds_everything(farm: Farm) -> None:
    config = farm.config()
    plot = PlotSettings(plotter="chia", k=25, program=farm.root / "no-such-chia")
    async with farm.running(replace(config, plot=plot)) as engine:
        await asyncio.sleep(2.5)
        view = await engine.spawner()
        (event,) = await told(engine)
    assert {hold.rule for hold in view.holds} == {"plotter_missing"}
    assert event.kind is EventKind.JOB_NOT_SPAWNED
    assert "no-such-chia" in event.data["what"]


async def test_a_step_that_fails_is_told_and_does_not_end_the_engine(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with farm.running(count=0) as engine:
        real = engine._parts.watcher.progress
        monkeypatch.setattr(engine._parts.watcher, "progress", _broken)

        async def troubled() -> bool:
            return bool(await told(engine, EventKind.TROUBLE))

        await until(engine, troubled, 20)
        monkeypatch.setattr(engine._parts.watcher, "progress", real)
        (event,) = await told(engine, EventKind.TROUBLE)
        await engine.start_spawning(1)
        assert (await ended(engine, 1))[0].state is JobState.COMPLETED
    assert "RuntimeError" in event.data["what"]


async def _broken() -> None:
    raise RuntimeError("out of luck")


async def test_the_drives_show_what_is_reserved_and_what_fits(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        await running(engine)
        views = {view.drive.path: view for view in await engine.drives()}
        out = await engine.drives(DriveKind.OUT)
    assert [view.drive.kind for view in out] == [DriveKind.OUT]
    assert sum(view.jobs for view in views.values() if view.drive.kind is DriveKind.TEMP) == 1
    assert all(view.takes > 0 for view in views.values())
    assert all(view.drive.total > GIB for view in views.values())


def test_the_config_of_the_farm_is_whole(farm: Farm) -> None:
    assert isinstance(farm.config(), EngineConfig)


async def test_a_plot_that_was_started_but_never_stored_counts_for_the_quota(farm: Farm) -> None:
    """As after a kill between the start of a plotter and the note of it."""
    async with farm.running(count=1) as engine:
        await ended(engine, 1)
        await engine._parts.store.run(lambda db: db.execute("DELETE FROM jobs").fetchall())
        await engine._parts.store.run(lambda db: db.execute("DELETE FROM events").fetchall())
    async with farm.running(count=1) as engine:
        assert await engine.spawn_once() == []
        view = await engine.spawner()
        assert (view.spawned, view.count) == (1, 1)


async def test_the_engine_knows_its_plots_and_checks_them(tmp_path: Path) -> None:
    farm = Farm(tmp_path)
    async with farm.running(count=1) as engine:
        (job,) = await ended(engine, 1)

        (plot,) = (await engine.rescan()).plots
        check = await engine.check_plot(plot.path, 20)

        assert (plot.id, plot.path, plot.size) == (job.plot_id, job.final_path, job.final_size)
        assert check.result.proofs > 0
        assert (await engine.plots()).checks == (check,)
    async with farm.running(count=1) as engine:
        assert [known.id for known in (await engine.plots()).plots] == [job.plot_id]
