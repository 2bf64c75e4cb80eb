from __future__ import annotations

from datetime import timedelta

import pytest

from plotobot.engine.models import Job, JobState
from plotobot.engine.replot.rate import measured_rate
from tests.engine.plot_files import NOW


def job(days_ago: float, hours: float = 6, state: JobState = JobState.COMPLETED) -> Job:
    ended = NOW - timedelta(days=days_ago)
    return Job(
        "x", "chia", 32, "/t", "/o", state=state,
        started_at=ended - timedelta(hours=hours), ended_at=ended,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("jobs", "rate"),
    [
        ([], None),
        ([job(1)], None),
        ([job(1), job(1, state=JobState.FAILED)], None),
        ([job(8), job(9), job(10)], None),
        ([job(0), job(0.1)], 2.0),
        ([job(n * 0.5, hours=0) for n in range(1, 9)], 2.0),
        ([job(n * 0.5, hours=0) for n in range(100)], 15 / 7),
    ],
    ids=["none", "one", "a failed one", "long ago", "since today", "four days", "for weeks"],
)
def test_plots_a_day(jobs: list[Job], rate: float | None) -> None:
    assert measured_rate(jobs, NOW) == (None if rate is None else pytest.approx(rate))
