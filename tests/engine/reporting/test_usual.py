"""What plots usually take here, and when running ones will be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.models import NO_PHASES, Job, JobState
from plotobot.engine.reporting.usual import LATEST, expected_ends, usual_times

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def done(number: int = 0, pace: float = 1.0, **changes: object) -> Job:
    job = Job(
        id=f"done-{number}", plotter="madmax", k=32, temp="/t", out="/o",
        state=JobState.COMPLETED, ended_at=NOW - timedelta(hours=number),
        phase_seconds=(4000 * pace, 2000 * pace, 3000 * pace, 1000 * pace),
        total_seconds=10_000 * pace, copy_seconds=500.0,
    )  # fmt: skip
    return replace(job, **changes)  # type: ignore[arg-type]


def running(elapsed: float, *phases: float, **changes: object) -> Job:
    job = Job(
        id="run", plotter="madmax", k=32, temp="/t", out="/o", state=JobState.RUNNING,
        started_at=NOW - timedelta(seconds=elapsed),
        phase_seconds=(*phases, *[None] * (4 - len(phases))),  # type: ignore[arg-type]
    )  # fmt: skip
    return replace(job, **changes)  # type: ignore[arg-type]


def left(job: Job, history: list[Job]) -> float | None:
    end = expected_ends([job], usual_times(history), NOW).get(job.id)
    return None if end is None else (end - NOW).total_seconds()


@pytest.mark.parametrize(
    ("job", "seconds"),
    [
        pytest.param(running(0), 10_500, id="just-begun"),
        pytest.param(running(1000), 9_500, id="within-phase-1"),
        pytest.param(running(4500, 4000), 6_000, id="as-usual"),
        pytest.param(running(8000, 8000), 12_500, id="twice-as-slow-as-usual"),
        pytest.param(running(9000, 4000), 4_500, id="overdue-phase-counts-as-over-soon"),
        pytest.param(running(10_100, 4000, 2000, 3000, 1000), 500, id="copying"),
    ],
)
def test_when_a_plot_is_to_be_expected(job: Job, seconds: float) -> None:
    assert left(job, [done(n) for n in range(9)]) == pytest.approx(seconds)


def test_the_median_is_usual_and_only_of_the_latest() -> None:
    history = [done(n) for n in range(LATEST)] + [done(LATEST + n, 9.0) for n in range(500)]
    history[3] = done(3, 50.0)
    (usual,) = usual_times(history).values()
    assert (usual.kind, usual.plots) == ("madmax k32", LATEST)
    assert usual.phases == (4000, 2000, 3000, 1000)
    assert usual.total == 10_000


def test_other_kinds_and_failures_teach_nothing() -> None:
    history = [done(1, k=25), done(2, plotter="chia"), done(3, state=JobState.FAILED)]
    assert left(running(600, fraction=0.0), history) is None


def test_a_first_plot_is_expected_by_its_own_pace() -> None:
    assert left(running(3600, fraction=0.25), []) == pytest.approx(3 * 3600)
    assert left(running(60, fraction=0.001), []) is None
    assert left(replace(running(60), started_at=None), []) is None


def test_plots_without_phases_are_expected_by_their_whole_time() -> None:
    history = [done(n, phase_seconds=NO_PHASES) for n in range(3)]
    assert left(running(4000), history) == pytest.approx(6000)
