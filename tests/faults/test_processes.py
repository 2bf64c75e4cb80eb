"""The bot is killed at random moments, shims and machines go down: no plot is lost or repeated."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from plotobot.engine.models import EventKind, JobState
from plotobot.engine.shelf import read_jobs
from plotobot.engine.supervision.finding import State, inspect
from plotobot.engine.supervision.jobdir import read_record, write_record
from tests.app.live import LiveFarm
from tests.engine.farm import Farm, ended, running, told
from tests.faults.signals import signal_job
from tests.loopback import LoopbackDiscord

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="supervision on Linux")

SMALL_BOT = Path(__file__).parents[1] / "engine/small_bot.py"
JOBS, PLOTS, KILLS = 300, 3, 100
PLOT = """
import sys, chiapos
temp, name = sys.argv[1:]
plot_id, memo = bytes.fromhex(name.split("-")[-1].split(".")[0]), bytes(128)
chiapos.DiskPlotter().create_plot_disk(
    temp, temp, temp, name, 20, memo, plot_id, 512, 16, 2000, 2, False
)
"""


def short_jobs(marks: Path, dice: random.Random) -> list[dict[str, Any]]:
    """Jobs that each leave one mark for every time they run, and end with a code of their own."""
    marks.mkdir(parents=True)

    def script(n: int) -> str:
        nap, code = dice.random() * 0.35, dice.randrange(120)
        return f"printf x >> {marks}/job-{n:03}; sleep {nap:.3f}; exit {code}"

    return [
        {
            "id": f"job-{n:03}",
            "argv": ["/bin/sh", "-c", script(n)],
            "cwd": "/",
        }
        for n in range(JOBS)
    ]


def real_plots(folder: Path) -> list[dict[str, Any]]:
    folder.mkdir()
    return [
        {
            "id": f"plot-{n}",
            "argv": [
                sys.executable,
                "-c",
                PLOT,
                str(folder),
                f"plot-k20-2026-11-25-14-30-{n:064x}.plot",
            ],
            "cwd": "/",
        }
        for n in range(1, PLOTS + 1)
    ]


def last_job(root: Path) -> dict[str, Any]:
    """One that waits for a file, so that a fast machine is not done before all the kills."""
    script = f"until [ -e {root}/enough ]; do sleep 0.05; done; exit 0"
    return {"id": "last", "argv": ["/bin/sh", "-c", script], "cwd": "/"}


def test_three_plots_and_300_jobs_outlive_100_kills_of_the_bot(
    seeds: Iterator[int], tmp_path: Path
) -> None:
    for seed in seeds:
        dice, root = random.Random(seed), tmp_path / str(seed)
        jobs, marks, plots = root / "jobs", root / "marks", root / "plots"
        short = short_jobs(marks, dice)
        plan = [*real_plots(plots), *short]
        dice.shuffle(plan)
        plan.append(last_job(root))
        (root / "plan.json").write_text(json.dumps(plan))

        kills, adopted = live_and_die(root, dice)

        found = {job["id"]: inspect(jobs / job["id"]) for job in plan}
        codes = {job["id"]: int(job["argv"][-1].rpartition(" ")[2]) for job in [*short, plan[-1]]}
        codes |= {f"plot-{n}": 0 for n in range(1, PLOTS + 1)}
        assert {name: one.state for name, one in found.items()} == dict.fromkeys(
            found, State.EXITED
        )
        assert {name: one.code for name, one in found.items()} == codes
        assert Counter(file.read_text() for file in marks.iterdir()) == {"x": JOBS}
        assert [file.suffix for file in plots.iterdir()] == [".plot"] * PLOTS
        print(f"seed {seed}: {kills} kills, {adopted} adoptions")
        assert kills >= KILLS, "too few kills to have shown anything"


def live_and_die(root: Path, dice: random.Random) -> tuple[int, int]:
    """Let small bots work on the plan, killing each at a random moment, until one gets done."""
    files = [str(root / "jobs"), str(root / "plan.json")]
    command = [sys.executable, str(SMALL_BOT), *files, "again and again"]
    kills = adopted = 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as bots:
        assert bots.stdin is not None
        assert bots.stdout is not None
        for _ in range(10 * KILLS):
            if kills >= KILLS:
                (root / "enough").touch()
            patience = dice.random() * 0.45 if kills < KILLS + 5 else 60
            print(patience, file=bots.stdin, flush=True)
            said: dict[str, Any] = {}
            while "life" not in said:
                said = json.loads(bots.stdout.readline())
                adopted += "adopted" in said
            if said["life"] == 0:
                return kills, adopted
            assert said["life"] == -signal.SIGKILL
            kills += 1
    raise AssertionError("the plan was never done")


async def test_the_whole_bot_is_killed_20_times_and_each_plot_is_made_and_told_once(
    live_farm: LiveFarm, loopback: LoopbackDiscord, seeds: Iterator[int]
) -> None:
    plots = 6
    live_farm.set_up(count=plots)
    dice = random.Random(next(seeds))
    for _ in range(20):
        bot = await live_farm.start()
        await asyncio.sleep(0.4 + dice.random() * 1.3)
        await bot.kill()
    await live_farm.start()
    made = await live_farm.made(plots)
    await live_farm.told("plot finished", times=plots)
    await asyncio.sleep(1)
    await live_farm.all_told()

    assert {(job.state, job.exit_code) for job in made} == {(JobState.COMPLETED, 0)}
    assert len(live_farm.jobs()) == plots
    for job in made:
        started = live_farm.about(job, "plot started")
        assert len(started) == len(live_farm.about(job, "plot finished")) == 1
    assert len(live_farm.finished_on_out()) == plots
    assert [file.name for file in live_farm.root.rglob("*.tmp")] == []


# --- shims and machines ----------------------------------------------------------------------


def shims_of(farm: Farm) -> dict[str, int]:
    """The shims' process ids, by job."""
    records = {one.name: read_record(one, "shim.json") for one in farm.jobs.iterdir()}
    return {name: int(record["pid"]) for name, record in records.items() if record}


async def test_a_plot_whose_shim_is_killed_lives_on_and_is_judged_by_what_it_made(
    farm: Farm,
) -> None:
    async with farm.running(count=2) as engine:
        jobs = await running(engine, 2)
        for pid in shims_of(farm).values():
            os.kill(pid, signal.SIGKILL)
        assert all(psutil.pid_exists(job.pid or 0) for job in jobs)
        done = await ended(engine, 2)

    assert len(list((farm.root / "out").glob("*.plot"))) == 2
    for job in done:  # the code came from the kernel, or nobody knows it; the plot is proven
        assert job.exit_code in (0, None)
        assert job.state is JobState.COMPLETED


async def test_a_plotter_killed_together_with_its_shim_while_the_bot_is_down_is_no_success(
    farm: Farm,
) -> None:
    async with farm.running(count=1) as engine:
        (job,) = await running(engine)
        signal_job(job, signal.SIGSTOP)
    for pid in shims_of(farm).values():
        os.kill(pid, signal.SIGKILL)
    signal_job(job, signal.SIGKILL)

    async with farm.running(count=1) as engine:
        after = next(one for one in await ended(engine, 1) if one.id == job.id)
        alerts = [e for e in await told(engine, EventKind.JOB_FAILED) if e.job]
    assert after.state in (JobState.LOST, JobState.FAILED)
    assert after.exit_code in (None, -9)
    assert [alert.job.id for alert in alerts if alert.job] == [job.id]


async def test_after_a_reboot_jobs_are_interrupted_told_once_and_nothing_is_deleted(
    farm: Farm,
) -> None:
    async with farm.running(count=2) as engine:
        jobs = await running(engine, 2)
        for job in jobs:
            signal_job(job, signal.SIGSTOP)
    for pid in shims_of(farm).values():
        os.kill(pid, signal.SIGKILL)
    for job in jobs:
        signal_job(job, signal.SIGKILL)
    for job in jobs:  # as the records of another boot look
        for name in ("child.json", "shim.json"):
            record = read_record(farm.jobs / job.id, name) or {}
            write_record(farm.jobs / job.id, name, record | {"boot_id": "another"})
    before = farm.leftovers()
    assert before

    for _ in range(2):
        async with farm.running(count=2) as engine:
            after = {job.id: job for job in await ended(engine, 2)}
            alerts = await told(engine, EventKind.JOB_FAILED)
    assert {job.state for job in after.values()} == {JobState.LOST}
    assert all("reboot" in (job.reason or "") for job in after.values())
    assert len(alerts) == 2
    assert sorted(farm.leftovers()) == sorted(before)


async def test_job_directories_of_earlier_versions_are_adopted(farm: Farm) -> None:
    """Job directories as they are on disk, one for each version that there was; see `earlier/`."""
    earlier = Path(__file__).with_name("earlier")
    for version in earlier.iterdir():
        for folder in version.iterdir():
            (farm.jobs / folder.name).mkdir(parents=True)
            for file in folder.iterdir():
                (farm.jobs / folder.name / file.name).write_bytes(file.read_bytes())
    known = {job.id: job.state for job in read_jobs(farm.jobs)}
    assert known

    async with farm.running(count=0) as engine:
        taken_up = {job.id: job for job in await ended(engine, 3)}
        alerts = await told(engine, EventKind.TROUBLE)
    assert taken_up.keys() == known.keys()
    assert alerts == []
    assert {job.id: job.state.value for job in taken_up.values()} == {
        "0018eb5028ca34cb0f9494d34b": "completed",
        "0018eb5028ca34cb0f9494d34c": "failed",
        "0018eb5028ca34cb0f9494d34d": "lost",
    }
