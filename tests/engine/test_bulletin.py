"""The regular summary: what it counts, and when it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.bulletin import bulletin, period
from plotobot.engine.models import Job, JobState, Summary
from plotobot.ui.alerts import alert_text
from tests.engine.farm import Farm, ended, told

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def job(number: int, seconds: float | None = None) -> Job:
    return Job(
        id=str(number), plotter="chia", k=32, temp="/t", out="/o", total_seconds=seconds,
        final_size=2 * 1024**3, state=JobState.COMPLETED,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("finished", "words"),
    [
        pytest.param((), "0 plots finished, 1 failed, 2 running", id="none"),
        pytest.param((job(1),), "1 plot finished (2 GiB), 1 failed, 2 running", id="no-time"),
        pytest.param(
            (job(1, 3600), job(2, 7200)), "2 plots finished (4 GiB), 1 h 30 m each", id="two"
        ),
    ],
)
def test_what_it_says(finished: tuple[Job, ...], words: str) -> None:
    summary = Summary("m", NOW - DAY, NOW, finished, failed=(job(3),), running=(job(4), job(5)))
    assert words in alert_text(bulletin(summary), "m", NOW)


@pytest.mark.parametrize(
    ("told_hours_ago", "since", "due"),
    [
        pytest.param(None, 0, 24, id="never-told"),
        pytest.param(10, -10, 14, id="the-rest-of-the-day"),
        pytest.param(60, -60, 0, id="missed-ones-are-one-and-due-now"),
    ],
)
def test_when_it_is_due(told_hours_ago: float | None, since: float, due: float) -> None:
    told = None if told_hours_ago is None else (NOW - timedelta(hours=told_hours_ago)).isoformat()
    hours = timedelta(hours=1)
    assert period(told, DAY, NOW) == (NOW + since * hours, NOW + due * hours)


async def test_two_summaries_in_a_row_leave_no_gap_and_count_nothing_twice(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        await engine.summary_due(DAY)
        await ended(engine, 1)
        await engine.tell_summary()
        await engine.tell_summary()
        first, second = [e for e in await told(engine) if e.kind.value == "summary"]
    assert (first.data["finished"], second.data["finished"]) == (1, 0)
    assert datetime.fromisoformat(second.data["since"]) == first.at
