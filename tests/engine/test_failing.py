"""A kind of plot that keeps failing is started no more until a person lets it go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine import backoff
from plotobot.engine.config import EngineConfig
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.failing import broken_off
from plotobot.engine.models import EventKind, Job, JobState
from plotobot.ui.alerts import alert_text
from tests.engine.farm import Farm, ended, stand_in, told, until

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DONE, STOPPED, LOST = JobState.COMPLETED, JobState.STOPPED, JobState.LOST


def job(
    ago: float,
    state: JobState = JobState.FAILED,
    plotter: str = "chia",
    profile: str = "default",
) -> Job:
    """One that ended so many minutes ago."""
    at = NOW - timedelta(minutes=ago)
    return Job(
        f"{plotter}{ago}", plotter, 32, f"/{ago}", "/o", state=state, ended_at=at, profile=profile
    )


def minutes_ago(ago: float) -> datetime:
    return NOW - timedelta(minutes=ago)


@pytest.mark.parametrize(
    ("jobs", "resumed_at", "since"),
    [
        pytest.param([], None, None, id="nothing"),
        pytest.param([job(2), job(1)], None, None, id="twice"),
        pytest.param([job(3), job(2), job(1)], None, 1, id="three-times"),
        pytest.param([job(1), job(3), job(2)], None, 1, id="in-any-order"),
        pytest.param([job(90), job(30), job(1)], None, None, id="too-far-apart"),
        pytest.param([job(900), job(30), job(20), job(1)], None, 1, id="an-older-one-before"),
        pytest.param([job(990), job(980), job(970)], None, 970, id="it-does-not-end-by-itself"),
        pytest.param([job(4), job(3), job(2, DONE), job(1)], None, None, id="one-made-between"),
        pytest.param([job(4), job(3), job(2), job(1, DONE)], None, 2, id="one-made-afterwards"),
        pytest.param([job(4), job(3, STOPPED), job(2)], None, None, id="stopped-is-no-failure"),
        pytest.param([job(4), job(3, LOST), job(2)], None, None, id="lost-is-no-failure"),
        pytest.param([job(4), job(3), job(2)], minutes_ago(1), None, id="resumed-after"),
        pytest.param([job(4), job(3), job(2)], minutes_ago(3.5), None, id="resumed-between"),
        pytest.param([job(9), job(4), job(3), job(2)], minutes_ago(8), 2, id="resumed-before"),
        pytest.param([job(3), job(2), job(1)], minutes_ago(-60), None, id="a-clock-set-back"),
        pytest.param([job(-7), job(-8), job(-9)], None, -9, id="before-it-was-set-back"),
        pytest.param([job(-7), job(-8), job(-9)], minutes_ago(1), None, id="and-resumed-since"),
    ],
)
def test_when_a_kind_is_broken_off(
    jobs: list[Job], resumed_at: datetime | None, since: float | None
) -> None:
    found = broken_off(jobs, NOW, resumed_at)
    assert [pause.since for pause in found.values()] == (
        [] if since is None else [minutes_ago(since)]
    )


def test_each_kind_by_itself() -> None:
    jobs = [job(n, profile=profile) for n in (3, 2, 1) for profile in ("pool", "solo")]
    jobs.append(job(1.5, DONE, profile="solo"))
    assert set(broken_off(jobs, NOW, None)) == {"pool"}


states = st.sampled_from(JobState)
minutes = st.floats(-1e5, 1e5, allow_nan=False)


@given(st.lists(st.tuples(minutes, states), max_size=12), st.none() | minutes)
def test_fewer_than_three_failures_never_break_it_off(rows, resumed) -> None:
    jobs = [job(ago, state) for ago, state in rows]
    found = broken_off(jobs, NOW, None if resumed is None else minutes_ago(resumed))
    failures = sum(one.state is JobState.FAILED for one in jobs)
    assert failures >= 3 or not found
    for pause in found.values():
        assert len(pause.failures) == 3


FAILS = """#!/bin/sh
echo "Caught plotting error: no key of that name"
kill -9 $$
"""


@pytest.fixture
def config(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> EngineConfig:
    """A farm whose Python ends at once, by a signal."""
    monkeypatch.setattr(backoff, "FIRST_REST", timedelta(seconds=0.2))
    real = farm.config(count=None, interval=0.2)
    return replace(real, plot=replace(real.plot, program=stand_in(farm.root, FAILS)))


def has_told(engine: PlottingEngine, number: int) -> Callable[[], object]:
    async def enough() -> bool:
        return len(await told(engine, EventKind.SPAWNING_PAUSED)) >= number

    return enough


async def held(engine: PlottingEngine) -> set[str]:
    return {hold.rule for hold in (await engine.spawner()).holds}


async def test_plots_that_fail_at_once_are_broken_off_told_and_resumed_by_a_person(
    farm: Farm, config: EngineConfig
) -> None:
    async with farm.running(config) as engine:
        await until(engine, has_told(engine, 1))
        (event,) = await told(engine, EventKind.SPAWNING_PAUSED)
        await engine.spawn_once()  # a person may try all the same
        before = len(await ended(engine, len(await engine.jobs())))
    assert event.job is not None
    text = alert_text(event, "rig1", event.at)
    assert "3 plots failed one after the other, so no more are started" in text
    assert "killed by SIGKILL, `Caught plotting error: no key of that name`" in text
    assert "`/spawn start`" in text

    async with farm.running(config) as engine:  # it outlasts a restart, and is not told again

        async def failing() -> bool:
            return await held(engine) == {"failing"}

        await until(engine, failing)
        assert len(await engine.jobs()) == before
        assert len(await told(engine, EventKind.SPAWNING_PAUSED)) == 1
        (reason,) = {hold.reason for hold in (await engine.spawner()).holds}
        assert "killed by SIGKILL" in reason
        assert "`/spawn start` lets it go on" in reason

        await engine.start_spawning()
        await until(engine, has_told(engine, 2))
        assert len(await engine.jobs()) >= before + 3
