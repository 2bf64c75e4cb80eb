"""A drive that does not answer keeps its own jobs waiting, and nobody else."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from plotobot.engine import endings, launcher
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import EventKind, Job, JobState
from plotobot.engine.own_folders import make_own_folders
from plotobot.engine.verdict import Ending, judge
from plotobot.plotters.base import Plotter
from tests.engine.farm import Farm, ended, running, told, until


class Hung:
    """A drive that answers no question until it is let go."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._free = threading.Event()

    def ask(self, job: Job) -> None:
        """Wait where this job is on the drive."""
        if job.temp.endswith(self._folder):
            self._free.wait(120)

    def answer(self) -> None:
        """Answer from now on."""
        self._free.set()


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hung]:
    """The first temp drive hangs where a job on it is judged or begun."""
    drive = Hung("temp1")

    def judges(job: Job, ending: Ending) -> Job:
        drive.ask(job)
        return judge(job, ending)

    monkeypatch.setattr(endings, "judge", judges)
    monkeypatch.setattr(endings, "PATIENCE", 0.1, raising=False)
    yield drive
    drive.answer()


async def test_a_job_whose_drive_hangs_waits_alone_and_shows_why(
    farm: Farm, hung: Hung, caplog: pytest.LogCaptureFixture
) -> None:
    async with farm.running(count=3) as engine:
        made = await ended(engine, 2)
        assert {job.state for job in made} == {JobState.COMPLETED}
        assert all(job.temp.endswith("temp2") for job in made), "passes went on as well"

        async def shown() -> bool:
            return any(job.stuck for job in await engine.jobs())

        await until(engine, shown)
        (waiting,) = [job for job in await engine.jobs() if job.state.live]
        assert waiting.stuck == "its plotter has ended; its out drive does not answer"
        await asyncio.sleep(2)
        warnings = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert len([one for one in warnings if waiting.id in one.getMessage()]) == 1

        hung.answer()
        assert len(await ended(engine, 3)) == 3
        done = await engine.job(waiting.id)
        assert (done.state, done.stuck) == (JobState.COMPLETED, None)


async def test_an_engine_ends_while_a_drive_hangs_and_the_next_one_judges(
    farm: Farm, hung: Hung
) -> None:
    async with asyncio.timeout(120):
        async with farm.running(count=2) as engine:
            await ended(engine, 1)
        hung.answer()
        async with farm.running(count=2) as engine:
            assert {job.state for job in await ended(engine, 2)} == {JobState.COMPLETED}
            assert len(await told(engine, EventKind.JOB_FINISHED)) == 2


async def test_a_drive_that_hangs_at_a_start_keeps_no_other_drive_from_plotting(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = Hung("temp1")

    def makes(job: Job, plotter: Plotter) -> None:
        drive.ask(job)
        make_own_folders(job, plotter)

    monkeypatch.setattr(launcher, "make_own_folders", makes)
    monkeypatch.setattr(launcher, "PATIENCE", 0.1, raising=False)
    try:
        async with farm.running(count=2) as engine:
            states = {job.temp[-5:]: job.state for job in await ended(engine, 2)}
            assert states == {"temp1": JobState.FAILED, "temp2": JobState.COMPLETED}
            (event,) = await told(engine, EventKind.JOB_NOT_SPAWNED)
            assert event.data["what"] == "its temp drive does not answer"
    finally:
        drive.answer()


async def waiting(engine: PlottingEngine, job_id: str) -> Job:
    """Wait until a job shows what it waits for."""

    async def shown() -> bool:
        return bool((await engine.job(job_id)).stuck)

    await until(engine, shown)
    return await engine.job(job_id)


async def made_unjudged(farm: Farm) -> str:
    """Have a plot made by a bot that is gone before it sees that; the job's id."""
    async with farm.running(count=1) as engine:
        (job,) = await running(engine)
        engine._parts.endings.settle = partial(asyncio.sleep, 0, False)  # type: ignore[method-assign]
        async with asyncio.timeout(60):
            while not (farm.jobs / job.id / "exit.json").exists():
                await asyncio.sleep(0.1)
    return job.id


async def test_a_plot_that_was_made_waits_for_its_out_drive_over_a_restart(farm: Farm) -> None:
    job_id = await made_unjudged(farm)
    out = farm.root / "out"
    config = farm.config(count=1)
    away = out.rename(farm.root / "away")
    for _ in range(2):
        async with farm.running(config) as engine:
            job = await waiting(engine, job_id)
            assert job.state.live
            assert job.stuck == f"its plotter has ended; its out drive {out} is away"
            assert await told(engine, EventKind.JOB_FAILED) == []
    async with farm.running(config) as engine:
        away.rename(out)
        (made,) = await ended(engine, 1)
        assert (made.id, made.state, made.stuck) == (job_id, JobState.COMPLETED, None)
        assert await told(engine, EventKind.JOB_FAILED) == []


async def test_an_out_drive_that_stays_away_is_not_waited_for_for_ever(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made_unjudged(farm)
    config = farm.config(count=1)
    (farm.root / "out").rename(farm.root / "away")
    monkeypatch.setattr(endings, "OUT_AWAY", 3.0)
    async with farm.running(config) as engine:
        (job,) = await ended(engine, 1)
        assert job.state is JobState.FAILED
        assert "its out drive was away" in (job.reason or "")


async def test_a_stop_ends_the_wait_for_an_out_drive(farm: Farm) -> None:
    job_id = await made_unjudged(farm)
    config = farm.config(count=1)
    (farm.root / "out").rename(farm.root / "away")
    async with farm.running(config) as engine:
        await waiting(engine, job_id)
        result = await engine.stop(job_id, "farmer (1)")
        assert result.job.state is JobState.STOPPED
