"""Several kinds of plot on one machine, with real plots; limits and orders while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.app import running_engine, specs_of
from plotobot.engine import notice
from plotobot.engine.config import EngineConfig, PlotSettings, Profile, SpaceRules
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, EventKind
from plotobot.errors import Refusal
from plotobot.plots.headers import read_header
from tests.engine.farm import Farm, ended, running, told, until

LITTLE = PlotSettings(plotter="chiapos", k=18, buckets=16, buffer_mib=512)


def two_kinds(farm: Farm, **limits: object) -> EngineConfig:
    """A k18 kind on the first temp drive, a k19 kind on the second."""
    config = farm.config(count=None, **limits)
    first, second = config.drives[DriveKind.TEMP]
    kinds = (
        Profile("little", LITTLE, SpaceRules(), count=2, temp=(first,)),
        Profile("larger", replace(LITTLE, k=19), SpaceRules(), count=1, temp=(second,)),
    )
    return replace(config, profiles=kinds)


async def test_each_kind_is_made_on_its_own_drives_as_often_as_it_was_ordered(farm: Farm) -> None:
    config = two_kinds(farm)
    async with farm.running(config) as engine:
        jobs = await ended(engine, 3)
        await until(engine, lambda: _told(engine, EventKind.QUOTA_REACHED))
        events = await told(engine, EventKind.QUOTA_REACHED)
    async with farm.running(config) as engine:  # and no more after a restart
        await asyncio.sleep(1.5)
        again = await engine.jobs()

    first, second = config.drives[DriveKind.TEMP]
    made = sorted((job.profile, job.k, job.temp) for job in jobs)
    assert made == [("larger", 19, second), ("little", 18, first), ("little", 18, first)]
    assert {job.profile: read_header(Path(job.final_path or "")).k for job in jobs} == {
        "larger": 19,
        "little": 18,
    }
    assert [event.data["count"] for event in events] == [3]
    assert len(again) == 3


async def test_a_kind_whose_plotter_is_missing_holds_up_no_other(farm: Farm) -> None:
    config = two_kinds(farm)
    gone = replace(LITTLE, plotter="chia", program=farm.root / "no-such-chia")
    kinds = (replace(config.profiles[0], plot=gone), config.profiles[1])
    async with farm.running(replace(config, profiles=kinds)) as engine:
        [job] = await ended(engine, 1)
        view = await engine.spawner()
        [event] = await told(engine, EventKind.JOB_NOT_SPAWNED)

    assert job.profile == "larger"
    assert ("little", "plotter_missing") in {(hold.profile, hold.rule) for hold in view.holds}
    assert "no-such-chia" in event.data["what"]


async def test_a_drain_is_told_when_the_last_plot_is_done(farm: Farm) -> None:
    async with farm.running(count=9) as engine:
        await running(engine, 1)
        view = await engine.pause_spawning(drain=True)
        assert view.draining
        assert await told(engine, EventKind.DRAINED) == []
        await until(engine, lambda: _told(engine, EventKind.DRAINED))
        assert not any(job.state.live for job in await engine.jobs())
        assert not (await engine.spawner()).draining


async def test_spawning_ends_by_the_clock_and_a_new_order_opens_it(farm: Farm) -> None:
    async with farm.running(replace(farm.config(count=9), spawn_on_start=False)) as engine:
        over = await engine.start_spawning(2, datetime.now(UTC) - timedelta(seconds=1))
        assert {hold.rule for hold in over.holds} == {"until"}
        assert await engine.jobs() == []
        await engine.start_spawning(1, datetime.now(UTC) + timedelta(hours=1))
        assert len(await ended(engine, 1)) == 1


async def test_a_limit_holds_from_the_next_pass_and_until_the_next_start(farm: Farm) -> None:
    config = farm.config(count=9, max_parallel=1)
    async with farm.running(replace(config, spawn_on_start=False)) as engine:
        views = await engine.change_limits({"max_parallel": 2, "wait_same_drive_minutes": 60})
        changed = {view.name: view.value for view in views if view.value != view.written}
        assert changed == {"max_parallel": 2, "wait_same_drive_minutes": 60}
        started = (await engine.start_spawning(9)).spawned
        assert started == 2
        await ended(engine, 2)
        await until(engine, lambda: _held_by(engine, "wait_same_drive"))
    async with farm.running(replace(config, spawn_on_start=False)) as engine:
        assert all(view.value == view.written for view in await engine.limits())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"max_parallel": 0}, "max_parallel is 0, but must be", id="too-small"),
        pytest.param({"max_phase_2": 2.5}, "must be a whole number from 0", id="no-whole-number"),
        pytest.param({"interval_minutes": 2000}, "from 0.1 to 1440", id="too-long"),
        pytest.param({"max_paralel": 2}, "max_paralel is no limit", id="unknown"),
    ],
)
async def test_a_limit_that_will_not_do_changes_nothing(
    farm: Farm, changes: dict[str, float], sentence: str
) -> None:
    async with farm.running(replace(farm.config(), spawn_on_start=False)) as engine:
        with pytest.raises(Refusal, match=sentence):
            await engine.change_limits({"start_early_phase": 3, **changes})
        assert all(view.value == view.written for view in await engine.limits())


async def test_limits_are_kept_for_good_by_whoever_writes_the_settings(farm: Farm) -> None:
    written: list[dict[str, float]] = []
    config = replace(farm.config(), spawn_on_start=False)
    async with running_engine(config, keep=lambda changes: written.append(dict(changes))) as engine:
        await engine.change_limits({"max_phase_1": 4, "interval_minutes": 2.5})
        views = await engine.keep_limits()
        assert all(view.value == view.written for view in views)
    async with running_engine(config) as engine:
        with pytest.raises(Refusal, match="edit the settings file"):
            await engine.keep_limits()

    assert written == [{"spawn.max_phase_1": 4, "spawn.interval_minutes": 2.5}]


async def test_other_settings_hold_from_the_next_pass_on(farm: Farm) -> None:
    config = farm.config(count=9, max_parallel=1)
    (farm.root / "other-out").mkdir()
    new = replace(
        config,
        drives={**config.drives, DriveKind.OUT: (str(farm.root / "other-out"),)},
        limits=replace(config.limits, count=1, interval=7.0),
        plot=replace(LITTLE, k=19),
    )
    async with farm.running(replace(config, spawn_on_start=False)) as engine:
        await engine.change_limits({"max_parallel": 2, "interval_minutes": 3})
        await engine.reconfigure(new, specs_of(new))
        limits = {view.name: view.value for view in await engine.limits()}
        await engine.start_spawning()
        [job] = await ended(engine, 1)

    assert (job.k, job.out) == (19, str(farm.root / "other-out"))
    assert limits["max_parallel"] == 2, "what was changed by command stays so"
    assert limits["interval_minutes"] == pytest.approx(7 / 60, abs=1e-3), "the file set it anew"


async def test_each_pass_leaves_a_note_of_what_holds_the_drives(farm: Farm) -> None:
    async with farm.running(replace(farm.config(), spawn_on_start=False)) as engine:
        await until(engine, lambda: _noted(farm))
        view = await engine.spawner()

    left = notice.read(farm.root / "state")
    assert left is not None
    assert left.holds == view.holds
    assert {hold.rule for hold in left.holds} == {"paused"}


async def _told(engine: PlottingEngine, kind: EventKind) -> bool:
    return bool(await told(engine, kind))


async def _held_by(engine: PlottingEngine, rule: str) -> bool:
    return {hold.rule for hold in (await engine.spawner()).holds} == {rule}


async def _noted(farm: Farm) -> bool:
    return notice.read(farm.root / "state") is not None


async def test_a_quota_that_was_raised_is_told_of_again(farm: Farm) -> None:
    config = farm.config(count=1)
    more = replace(config, limits=replace(config.limits, count=2))
    async with farm.running(config) as engine:
        await until(engine, lambda: _told(engine, EventKind.QUOTA_REACHED))
        await engine.reconfigure(more, specs_of(more))
        await ended(engine, 2)

        async def twice() -> bool:
            return len(await told(engine, EventKind.QUOTA_REACHED)) == 2

        await until(engine, twice)
        events = await told(engine, EventKind.QUOTA_REACHED)
    assert [event.data["count"] for event in events] == [1, 2]
