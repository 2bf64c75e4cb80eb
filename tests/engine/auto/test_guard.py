"""The guard, with real processes and a real engine."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import psutil
import pytest

from plotobot.engine.auto.guard import Guard
from plotobot.engine.models import Job, JobState
from plotobot.engine.supervision.jobdir import Spec
from plotobot.engine.supervision.supervisor import Supervisor
from tests.engine.auto.plots import NOW
from tests.engine.farm import Farm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="supervision on Linux")
ID = "20260101-0001"


class Roster:
    """The jobs, as the guard knows them."""

    def __init__(self, *jobs: Job) -> None:
        self.jobs = {job.id: job for job in jobs}
        self.stored: list[Job] = []

    def live(self) -> list[Job]:
        return list(self.jobs.values())

    def get(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)

    async def put(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.stored.append(job)


@pytest.fixture
async def supervisor(tmp_path) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "jobs")
    yield supervisor
    await supervisor.end(ID, grace=1)
    await supervisor.close()


async def sleeping(supervisor: Supervisor, tmp_path) -> Job:
    argv = ("/bin/sh", "-c", "sleep 100 & sleep 100; wait")
    spec = Spec(argv=argv, cwd=str(tmp_path), env={}, job={}, window="hidden")
    launched = await supervisor.launch(ID, spec)
    await asyncio.sleep(0.2)
    return Job(ID, "chia", 32, "/t1", "/out", state=JobState.RUNNING, pid=launched.pid)


def tree(job: Job) -> list[psutil.Process]:
    leader = psutil.Process(job.pid)
    return [leader, *leader.children(recursive=True)]


def states(job: Job) -> set[str]:
    return {one.status() for one in tree(job)}


async def test_a_job_held_still_stands_with_all_its_processes_and_goes_on(supervisor, tmp_path):
    job = await sleeping(supervisor, tmp_path)
    roster = Roster(job)
    guard = Guard(supervisor, roster, lambda: NOW)

    await guard.hold({ID})
    assert len(tree(job)) >= 2
    assert states(job) == {psutil.STATUS_STOPPED}
    assert roster.get(ID).paused == NOW

    await guard.hold(())
    assert psutil.STATUS_STOPPED not in states(job)
    assert roster.get(ID).paused is None


async def test_the_next_run_lets_go_whom_the_last_one_held(supervisor, tmp_path):
    job = await sleeping(supervisor, tmp_path)
    await supervisor.pause(ID)
    roster = Roster(replace(job, paused=NOW))

    await Guard(supervisor, roster, lambda: NOW).hold(())

    assert psutil.STATUS_STOPPED not in states(job)
    assert [one.paused for one in roster.stored] == [None]


async def test_a_foreign_job_is_never_touched(supervisor, tmp_path):
    job = await sleeping(supervisor, tmp_path)
    roster = Roster(replace(job, foreign=True))

    await Guard(supervisor, roster, lambda: NOW).hold({ID})

    assert psutil.STATUS_STOPPED not in states(job)
    assert roster.stored == []


async def test_a_job_that_stands_still_can_be_ended_within_its_grace(supervisor, tmp_path):
    job = await sleeping(supervisor, tmp_path)
    await supervisor.pause(ID)

    await asyncio.wait_for(supervisor.end(ID, grace=30), 15)

    assert not psutil.pid_exists(job.pid) or psutil.Process(job.pid).status() == "zombie"


async def test_an_engine_in_auto_mode_makes_real_plots(tmp_path):
    farm = Farm(tmp_path)
    config = replace(farm.config(count=3, max_parallel=3, max_parallel_per_drive=2), mode="auto")

    async with farm.running(config) as engine:
        async with asyncio.timeout(90):
            while sum(job.state is JobState.COMPLETED for job in await engine.jobs()) < 3:
                await asyncio.sleep(0.2)
        view = await engine.spawner()

    assert view.spawned == 3
