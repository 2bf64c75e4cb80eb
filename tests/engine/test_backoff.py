"""A drive whose plots fail rests, longer each time; a plot that is made ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.backoff import LONGEST_REST, resting
from plotobot.engine.models import Job, JobState

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def ended(minutes_ago: float, state: JobState = JobState.FAILED, temp: str = "/a") -> Job:
    at, name = NOW - timedelta(minutes=minutes_ago), f"{temp}{minutes_ago}"
    return Job(id=name, plotter="", k=32, temp=temp, out="/o", state=state, ended_at=at)


@pytest.mark.parametrize(
    ("jobs", "rests"),
    [
        pytest.param([], {}, id="nothing-failed"),
        pytest.param([ended(0.5)], {"/a": 0.5}, id="a-minute-after-the-first"),
        pytest.param([ended(2)], {}, id="over"),
        pytest.param([ended(5), ended(1)], {"/a": 1}, id="two-minutes-after-the-second"),
        pytest.param([ended(9), ended(5), ended(1)], {"/a": 3}, id="four-after-the-third"),
        pytest.param(
            [ended(5), ended(3, JobState.COMPLETED), ended(0.5)], {"/a": 0.5}, id="a-plot-resets"
        ),
        pytest.param([ended(0.5, JobState.STOPPED)], {}, id="a-stopped-one-is-no-failure"),
        pytest.param([ended(-0.5)], {"/a": 1.5}, id="a-clock-set-back-a-little"),
        pytest.param([ended(-300)], {}, id="a-clock-set-back-by-hours"),
        pytest.param([ended(-300), ended(0.5, JobState.COMPLETED)], {}, id="and-a-plot-since"),
        pytest.param([ended(0.5, temp="/b")], {"/b": 0.5}, id="other-drives-go-on"),
    ],
)
def test_resting(jobs: list[Job], rests: dict[str, float]) -> None:
    expected = {temp: NOW + timedelta(minutes=left) for temp, left in rests.items()}
    assert resting(jobs, NOW) == expected


def test_the_longest_rest_is_an_hour_however_often_it_failed() -> None:
    jobs = [ended(minutes / 100) for minutes in range(1, 2000)]
    assert resting(jobs, NOW)["/a"] - NOW <= LONGEST_REST
