"""Stops that cannot be finished at once go on by themselves, and are told once."""

from __future__ import annotations

import asyncio
import signal
import threading
from pathlib import Path

import pytest

from plotobot.engine import endings, stopping
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import EventKind, Job, JobState
from plotobot.engine.supervision.ending import NotEnded
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.verdict import Ending, judge
from plotobot.errors import Refusal
from tests.engine.farm import Farm, running, told, until
from tests.faults.signals import signal_job


class Resisting:
    """Processes that wait for a drive: nothing ends them until it answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.resist = True
        real = Supervisor.end

        async def end(supervisor: Supervisor, job_id: str, grace: float = 5.0) -> int:
            self.asked += 1
            if self.resist:
                raise NotEnded("processes 1 do not end")
            return await real(supervisor, job_id, grace)

        monkeypatch.setattr(Supervisor, "end", end)
        self.really_end = real


@pytest.fixture
def resisting(monkeypatch: pytest.MonkeyPatch) -> Resisting:
    monkeypatch.setattr(stopping, "AGAIN", 0.1)
    return Resisting(monkeypatch)


async def held_still(engine: PlottingEngine) -> Job:
    """A job that is not done before it is stopped."""
    (job,) = await running(engine)
    signal_job(job, signal.SIGSTOP)
    return job


def left(farm: Farm, job: Job) -> list[str]:
    return [name for name in farm.leftovers() if job.plot_id and job.plot_id in name]


async def gone(engine: PlottingEngine, farm: Farm, job: Job) -> None:
    """Wait until a job's temp files are removed."""

    async def none_left() -> bool:
        return not left(farm, job) and not engine._parts.endings.stop_asked

    await until(engine, none_left)


async def test_a_stop_whose_processes_do_not_end_goes_on_once_they_have(
    farm: Farm, resisting: Resisting
) -> None:
    async with farm.running(count=1) as engine:
        job = await held_still(engine)
        with pytest.raises(Refusal, match="do not end; the stop goes on by itself"):
            await engine.stop(job.id, "farmer (1)")
        assert (await engine.job(job.id)).state.live
        assert left(farm, job), "as long as they live, their files stay"

        await resisting.really_end(engine._parts.supervisor, job.id)  # the drive answers
        resisting.resist = False
        await gone(engine, farm, job)
        assert (await engine.job(job.id)).state is JobState.STOPPED
        assert len(await told(engine, EventKind.JOB_STOPPED)) == 1
        assert await told(engine, EventKind.TROUBLE) == []


async def test_a_stop_is_carried_out_again_until_the_last_process_has_ended(
    farm: Farm, resisting: Resisting
) -> None:
    async with farm.running(count=1) as engine:
        job = await held_still(engine)
        with pytest.raises(NotEnded):
            await engine.stop(job.id, "farmer (1)")
        await resisting.really_end(engine._parts.supervisor, job.id)  # its plotter, that is

        async def tried() -> bool:
            return resisting.asked > 3

        await until(engine, tried)
        assert left(farm, job)
        resisting.resist = False
        await gone(engine, farm, job)


async def test_a_second_stop_takes_the_place_of_the_unfinished_one(
    farm: Farm, resisting: Resisting
) -> None:
    async with farm.running(count=1) as engine:
        job = await held_still(engine)
        with pytest.raises(NotEnded):
            await engine.stop(job.id, "farmer (1)")
        resisting.resist = False
        result = await engine.stop(job.id, "farmer (2)")
        assert (result.job.state, result.files > 0) == (JobState.STOPPED, True)
        (event,) = await told(engine, EventKind.JOB_STOPPED)
        assert event.data == {"by": "farmer (2)"}
        assert left(farm, job) == []


async def test_an_unfinished_stop_goes_on_after_a_restart_and_is_told_once(
    farm: Farm, resisting: Resisting
) -> None:
    async with farm.running(count=1) as engine:
        job = await held_still(engine)
        with pytest.raises(NotEnded):
            await engine.stop(job.id, "farmer (1)")
    async with farm.running(count=1) as engine:

        async def complained() -> bool:
            return bool(await told(engine, EventKind.TROUBLE))

        await until(engine, complained)
        await resisting.really_end(engine._parts.supervisor, job.id)
        resisting.resist = False
        await gone(engine, farm, job)
        (trouble,) = await told(engine, EventKind.TROUBLE)
        assert "do not end; the stop goes on by itself" in trouble.data["what"]


async def test_a_stop_does_not_wait_for_ever_for_a_drive_that_hangs(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def judges(job: Job, ending: Ending) -> Job:
        answers.wait(120)
        return judge(job, ending)

    monkeypatch.setattr(endings, "judge", judges)
    monkeypatch.setattr(endings, "PATIENCE", 0.1, raising=False)
    monkeypatch.setattr(stopping, "PATIENCE", 2.0, raising=False)
    try:
        async with farm.running(count=1) as engine:
            job = await held_still(engine)
            async with asyncio.timeout(60):
                with pytest.raises(Refusal, match="its out drive does not answer"):
                    await engine.stop(job.id, "farmer (1)")
            answers.set()
            await gone(engine, farm, job)
            assert (await engine.job(job.id)).state is JobState.STOPPED
            assert not list(Path(job.temp).glob("plotobot-*"))
    finally:
        answers.set()
