"""What the spawner tells the planner of the past, and what it takes up while it starts plots."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from plotobot.app import specs_of
from plotobot.engine.config import EngineConfig
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, Job
from plotobot.errors import Refusal
from tests.engine.farm import Farm, ended, stand_in, until


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


# --- what changes while plots are being started ---------------------------------------------------

a_shell = pytest.mark.skipif(sys.platform == "win32", reason="the plotter is a shell script")
SLEEPS = "#!/bin/sh\nexec sleep 300\n"


def many_drives(farm: Farm, **limits: object) -> EngineConfig:
    """Four temp drives and a plotter that is never done; nothing starts unasked."""
    config = farm.config(**({"count": None, "max_parallel": 9} | limits))
    folders = tuple(farm.root / f"t{number}" for number in range(4))
    for folder in folders:
        folder.mkdir()
    return replace(
        config,
        spawn_on_start=False,
        plot=replace(config.plot, program=stand_in(farm.root, SLEEPS)),
        drives={**config.drives, DriveKind.TEMP: tuple(map(str, folders))},
    )


def after_the_first_launch(engine: PlottingEngine, do: Callable[[], Awaitable[None]]) -> None:
    launcher: Any = engine._parts.launcher
    launch, launched = launcher.launch, []

    async def launch_and_do(*what: object) -> Job:
        launched.append(await launch(*what))
        if len(launched) == 1:
            await do()
        return cast(Job, launched[-1])

    launcher.launch = launch_and_do


async def live(engine: PlottingEngine) -> list[Job]:
    return [job for job in await engine.jobs() if job.state.live]


async def stop_all(engine: PlottingEngine) -> None:
    await engine.pause_spawning()
    for job in await live(engine):
        with suppress(Refusal):  # it has ended
            await engine.stop(job.id, "me")


@a_shell
async def test_a_pause_amid_a_pass_lets_no_more_plots_start(farm: Farm) -> None:
    async with farm.running(many_drives(farm)) as engine:
        after_the_first_launch(engine, engine._parts.spawner.pause)
        await engine.start_spawning()
        begun = len(await live(engine))
        await stop_all(engine)
    assert begun == 1


@a_shell
async def test_a_forced_pass_goes_on_whatever_becomes_of_the_order(farm: Farm) -> None:
    async with farm.running(many_drives(farm)) as engine:
        after_the_first_launch(engine, engine._parts.spawner.pause)
        begun = len(await engine.spawn_once())
        await stop_all(engine)
    assert begun == 4


@a_shell
async def test_settings_that_come_amid_a_pass_hold_for_the_rest_of_it(farm: Farm) -> None:
    config = many_drives(farm)
    fewer = replace(config, limits=replace(config.limits, max_parallel=2))
    async with farm.running(config) as engine:
        after_the_first_launch(engine, lambda: engine._parts.reconfigure(fewer, specs_of(fewer)))
        view = await engine.start_spawning()
        begun = len(await live(engine))
        await engine.spawn_once()
        after = len(await live(engine))
        await stop_all(engine)
    assert view.running
    assert begun <= 2
    assert after == 2


@a_shell
async def test_a_limit_that_is_lowered_amid_a_pass_holds_for_the_rest_of_it(farm: Farm) -> None:
    async with farm.running(many_drives(farm)) as engine:

        async def lower() -> None:
            engine._parts.spawner.change_limits({"max_parallel": 2})

        after_the_first_launch(engine, lower)
        await engine.start_spawning()
        await engine.spawn_once()
        begun = len(await live(engine))
        await stop_all(engine)
    assert begun == 2


@a_shell
async def test_a_program_that_an_update_moved_is_looked_for_anew(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (farm.root / f"app-2.7.{number}" / "chia" for number in (5, 6))
    for program in (old, new):
        program.parent.mkdir()
        monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    a_chia(old)
    config = many_drives(farm)
    config = replace(config, plot=replace(config.plot, plotter="chia", k=25, program=None))
    async with farm.running(config) as engine:
        engine._parts.spawner.change_limits({"max_parallel": 1})
        await engine.spawn_once()
        old.rename(new)
        engine._parts.spawner.change_limits({"max_parallel": 9})

        async def runs() -> bool:
            await engine.spawn_once()
            return any(new.parent.glob("*.ran"))

        await until(engine, runs)
        await stop_all(engine)


def a_chia(path: Path) -> None:
    path.write_text(
        SLEEPS.replace("\n", '\n[ "$1" = version ] && { echo 2.7.5; exit; }\n: > "$0.ran"\n', 1)
    )
    path.chmod(0o755)
