"""A plot that is moved by a mere rename, while its plotter lives on after the last write."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from plotobot.engine.config import EngineConfig, MoveRules
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, EventKind, Job, JobState
from plotobot.engine.verdict import Ending, judge
from tests.engine.farm import Farm, ended, stand_in, told, until
from tests.little_plots import RealPlot

LIVES_ON = """#!/bin/sh
{python} "$@"; code=$?
while [ ! -e {go} ]; do sleep 0.1; done
exit $code
"""


def settings(farm: Farm) -> EngineConfig:
    """One plot; the destination is on the out folder's file system."""
    config = farm.config(count=1, max_parallel=1)
    (farm.root / "farm").mkdir()
    script = LIVES_ON.format(python=sys.executable, go=farm.root / "go")
    drives = {**config.drives, DriveKind.DESTINATION: (str(farm.root / "farm"),)}
    return replace(
        config,
        plot=replace(config.plot, program=stand_in(farm.root, script)),
        drives=drives,
        move=MoveRules(enabled=True, reserve=0),
    )


def plots(folder: Path) -> list[Path]:
    return list(folder.glob("*.plot"))


async def finished(engine: PlottingEngine, farm: Farm) -> None:
    async def stands() -> bool:
        return bool(plots(farm.root / "out") or plots(farm.root / "farm"))

    await until(engine, stands)


async def made_and_moved(engine: PlottingEngine, farm: Farm) -> Job:
    """The one job once it is judged, and its plot at the destination."""
    [job] = await ended(engine, 1)

    async def there() -> bool:
        return (farm.root / "farm" / Path(job.final_path or "none").name).exists()

    await until(engine, there)
    return job


async def test_a_plot_is_moved_after_its_job_is_judged_and_others_at_once(
    farm: Farm, pool_plot: RealPlot
) -> None:
    async with farm.running(settings(farm)) as engine:
        await finished(engine, farm)
        shutil.copyfile(pool_plot.path, farm.root / pool_plot.path.name)
        (farm.root / pool_plot.path.name).rename(farm.root / "out" / pool_plot.path.name)

        async def moved() -> bool:
            await engine.start_moving()  # which looks
            return (farm.root / "farm" / pool_plot.path.name).exists()

        await until(engine, moved)
        [job] = await engine.jobs()
        assert job.state.live
        assert len(plots(farm.root / "out")) == 1
        (farm.root / "go").touch()
        job = await made_and_moved(engine, farm)
        assert job.state is JobState.COMPLETED
        assert not await told(engine, EventKind.JOB_FAILED)


async def test_a_job_that_ended_while_nobody_watched_is_judged_before_its_plot_is_moved(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(job: Job, ending: Ending) -> Job:
        time.sleep(5)  # a mover that does not wait has long taken the plot
        return judge(job, ending)

    monkeypatch.setattr("plotobot.engine.endings.judge", slowly)
    config = settings(farm)
    async with farm.running(replace(config, move=replace(config.move, enabled=False))) as engine:
        await finished(engine, farm)
    (farm.root / "go").touch()
    async with asyncio.timeout(60):
        while not list(farm.jobs.glob("*/exit.json")):
            await asyncio.sleep(0.05)
    async with farm.running(config) as engine:
        job = await made_and_moved(engine, farm)
        assert job.state is JobState.COMPLETED
