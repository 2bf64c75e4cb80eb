"""What the spawner tells the planner of the past."""

from __future__ import annotations

from datetime import timedelta

from plotobot.engine.engine import PlottingEngine
from tests.engine.farm import Farm, ended, until


async def looked(engine: PlottingEngine) -> bool:
    return (await engine.spawner()).looked_at is not None


async def test_a_wait_between_starts_outlasts_the_plots_and_a_restart(farm: Farm) -> None:
    config = farm.config(count=9, wait_same_drive=3600.0)
    async with farm.running(config) as engine:
        jobs = await ended(engine, 2)
    async with farm.running(config) as engine:
        await until(engine, lambda: looked(engine))
        view, after = await engine.spawner(), await engine.jobs()

    assert len(after) == len(jobs)
    assert {hold.rule for hold in view.holds} == {"wait_same_drive"}
    assert {hold.drive: hold.until for hold in view.holds} == {
        job.temp: job.started_at + timedelta(hours=1) for job in jobs if job.started_at
    }
