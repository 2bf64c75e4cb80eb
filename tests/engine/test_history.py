"""What is usual, learnt from completed jobs, and from no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.engine.history import LATEST, History, marks_of, usual
from plotobot.engine.models import DriveKind, Job, JobState
from plotobot.engine.store import Store
from plotobot.engine.time_left import OWN_PACE
from plotobot.plotters.record import CODES
from tests.engine.farm import Farm

BEGIN = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PHASES = (400.0, 200.0, 300.0, 50.0)


def made(seconds: float = 1000.0, number: int = 1, **changes: object) -> Job:
    """A completed plot; its phases take 95 % of it, unless told otherwise."""
    share = seconds / 1000
    values: dict[str, object] = {
        "id": f"job-{number}",
        "plotter": "chia",
        "k": 32,
        "temp": "/a",
        "out": "/o",
        "state": JobState.COMPLETED,
        "status": "Completed",
        "created_at": BEGIN,
        "started_at": BEGIN,
        "ended_at": BEGIN + timedelta(seconds=seconds),
        "phase_seconds": tuple(phase * share for phase in PHASES),
    }
    return Job(**(values | changes))  # type: ignore[arg-type]


SILENT = {"phase_seconds": (None,) * 4}
"""A plotter that tells no times."""
LIVE = made(state=JobState.RUNNING, ended_at=None, **SILENT)


def test_the_usual_plot_is_the_median_of_each_mark() -> None:
    found = usual(LIVE, [made(900), made(1000), made(5000)])
    assert found is not None
    assert found.marks == {
        "Initializing": 0.0,
        "2.0": 400.0,
        "3.0": 600.0,
        "4.0": 900.0,
        "Copying": 950.0,
        "Completed": 1000.0,
    }
    assert (found.total, found.copy, found.plots) == (1000.0, 50.0, 3)
    assert found.silence == 400.0
    assert found.basis == "from 3 plots on this drive"


def test_the_phases_are_those_of_the_plotter_where_the_first_was_seen_to_begin() -> None:
    found = usual(LIVE, [made(marks=(("1.0", 0.0),))])
    assert found is not None
    assert found.phases == PHASES


@pytest.mark.parametrize(
    ("completed", "basis"),
    [
        pytest.param([made(), made(temp="/b")], "from 1 plot on this drive", id="this-drive-first"),
        pytest.param([made(temp="/b")] * 2, "from 2 plots on other drives", id="else-others"),
        pytest.param([made()] * 50, f"from {LATEST} plots on this drive", id="the-latest-only"),
        pytest.param([], None, id="none-at-all"),
        pytest.param([made(k=33), made(plotter="madmax")], None, id="other-kinds"),
        pytest.param([made(state=JobState.FAILED), LIVE], None, id="not-made"),
        pytest.param([made(started_at=None, **SILENT)], None, id="nobody-knows-how-long"),
        pytest.param([made(-86400, **SILENT)], None, id="a-clock-set-back"),
    ],
)
def test_which_plots_count(completed: list[Job], basis: str | None) -> None:
    found = usual(LIVE, completed)
    assert (found.basis if found else None) == basis


@pytest.mark.parametrize(
    ("wall", "total"),
    [
        pytest.param(-86400.0, 1000.0, id="a-day-back"),
        pytest.param(1030.0, 1030.0, id="with-start-and-rename"),
        pytest.param(1000.0 + 3600, 1000.0, id="an-hour-ahead"),
        pytest.param(1000.0 - 3600, 1000.0, id="an-hour-back"),
        pytest.param(86400.0 * 20000, 1000.0, id="from-1970"),
    ],
)
def test_a_clock_that_was_set_meanwhile_is_not_believed(wall: float, total: float) -> None:
    job = made(wall, phase_seconds=PHASES, total_seconds=950.0, copy_seconds=50.0)
    assert marks_of(job)["Completed"] == total


def test_a_mark_that_few_plots_have_does_not_count() -> None:
    plots = [made(), made(), made(marks=(("1.3", 100.0),))]
    found = usual(LIVE, plots)
    assert found is not None
    assert "1.3" not in found.marks


@pytest.mark.parametrize(
    ("status", "step"), [("1.0", 400.0), ("1.4", 400.0), ("2.0", 200.0), ("Copying", 50.0)]
)
def test_how_long_a_step_takes(status: str, step: float) -> None:
    found = usual(LIVE, [made()])
    assert found is not None
    assert found.step(status) == step


seconds = st.floats(-1e9, 1e9)
any_job = st.builds(
    made,
    st.floats(-1e6, 1e9),
    marks=st.lists(st.tuples(st.sampled_from(CODES), seconds), max_size=30).map(tuple),
    phase_seconds=st.tuples(*[st.none() | st.floats(0, 1e9)] * 4),
    total_seconds=st.none() | st.floats(0, 1e9),
    copy_seconds=st.none() | st.floats(0, 1e9),
)


@settings(max_examples=50)
@given(st.lists(any_job, max_size=4))
def test_the_usual_plot_never_goes_back_whatever_the_jobs_say(jobs: list[Job]) -> None:
    found = usual(LIVE, jobs)
    if found is not None:
        assert found.marks["Initializing"] == 0.0
        assert all(a <= b for a, b in pairwise(found.marks.values()))
        assert found.total > 0
        assert found.silence >= 0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield store
    await store.close()


async def test_it_is_read_once_until_a_job_ends(store: Store) -> None:
    history = History(store)
    assert await history.of(LIVE) is None
    await store.record([made(number=n) for n in range(30)])
    assert await history.of(LIVE) is None
    history.forget()
    found = await history.of(LIVE)
    assert found is not None
    assert found.plots == LATEST


async def test_the_store_gives_the_latest_of_a_kind_by_its_indexes(store: Store) -> None:
    await store.record([made(n, n) for n in range(1, 6)])
    await store.record([made(9, 9, temp="/b"), made(8, 8, k=33), LIVE])
    here = await store.completed("chia", 32, 2, temp="/a")
    anywhere = await store.completed("chia", 32, 3)
    assert [job.id for job in here] == ["job-5", "job-4"]
    assert [job.id for job in anywhere] == ["job-9", "job-5", "job-4"]


async def test_the_query_searches_an_index_and_sorts_nothing(store: Store) -> None:
    asked: list[str] = []
    await store.run(lambda db: db.set_trace_callback(asked.append))
    await store.completed("chia", 32, 20)
    await store.completed("chia", 32, 20, temp="/a")
    await store.run(lambda db: db.set_trace_callback(None))
    for name, sql in zip(("kind", "drive"), (q for q in asked if "FROM jobs" in q), strict=True):
        plan = await store._rows(f"EXPLAIN QUERY PLAN {sql}")
        words = " ".join(str(row[3]) for row in plan)
        assert f"USING INDEX completed_by_{name}" in words
        assert "TEMP B-TREE" not in words


async def test_a_real_plot_is_foretold_from_the_one_before_it(farm: Farm) -> None:
    """Two real k18 plots, one after the other, in one life of the bot; then a third in the next."""
    config = farm.config(count=2, max_parallel=1)
    config = replace(config, drives={**config.drives, DriveKind.TEMP: (str(farm.root / "temp1"),)})
    bases: list[str | None] = []
    for count in (2, 3):
        limits = replace(config.limits, count=count)
        async with farm.running(replace(config, limits=limits)) as engine:
            while len(done := [job for job in await engine.jobs() if not job.state.live]) < count:
                bases += [job.eta_basis for job in await engine.jobs() if job.state.live]
                await engine.changed()

    assert {basis for basis in bases if basis} - {OWN_PACE} == {
        "from 1 plot on this drive",
        "from 2 plots on this drive",
    }
    assert all(marks_of(job)["Completed"] > 0 for job in done)
    assert all((job.eta, job.eta_basis) == (None, None) for job in done)
