"""The regular summary of a whole engine on real plots, and its words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.models import Event, EventKind, Job, JobState, Move, MoveState
from plotobot.engine.reporting.figures import figures_of, told_data
from plotobot.engine.reporting.painting import NoChart
from plotobot.engine.summary import Summary, summary_adapter
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
def test_what_its_notification_says(finished: tuple[Job, ...], words: str) -> None:
    summary = Summary("m", NOW - DAY, NOW, finished, failed=(job(3),), running=(job(4), job(5)))
    event = Event(EventKind.SUMMARY, NOW, None, told_data(summary))
    assert words in alert_text(event, "m", NOW)


def test_the_figures_of_a_day() -> None:
    moves = [Move(str(n), "/s", "/d", 100, state=MoveState.DONE) for n in range(3)]
    moves.append(Move("9", "/s", "/d", 100, state=MoveState.FAILED))
    finished = tuple(job(n, 3600.0 * n) for n in range(1, 5))
    figures = figures_of(Summary("m", NOW - 2 * DAY, NOW, finished, moved=tuple(moves)))
    assert (figures.plots_per_day, figures.bytes_per_day) == (2.0, 4 * 1024**3)
    assert (figures.average, figures.fastest, figures.slowest) == (9000.0, 3600.0, 14400.0)
    assert (figures.moved, figures.moved_bytes, figures.moves_failed) == (3, 300, 1)
    assert figures_of(Summary("m", NOW, NOW)).plots_per_day is None


async def test_two_summaries_in_a_row_leave_no_gap_and_count_nothing_twice(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        await engine.tell_summary_if_due()
        (made,) = await ended(engine, 1)
        await engine.tell_summary()
        await engine.tell_summary()
        first, second = [e for e in await told(engine) if e.kind.value == "summary"]
        again = await engine.past_summary(1)
        perf = await engine.perf()
    assert (first.data["finished"], second.data["finished"]) == (1, 0)
    assert datetime.fromisoformat(second.data["since"]) == first.at
    assert [j.id for j in again.finished] == [made.id]
    assert again.days[-1].plots + again.days[-2].plots == 1
    assert {drive.drive.kind.value for drive in again.drives} == {"temp", "out"}
    assert all(fill.points for fill in again.fills)
    assert summary_adapter().validate_json(summary_adapter().dump_json(again)) == again
    assert perf.keys() <= {made.id}


async def test_what_ran_while_the_bot_was_away_is_told_after_the_restart(farm: Farm) -> None:
    async with farm.running(count=1) as engine:
        await engine.tell_summary_if_due()
        await ended(engine, 1)
    async with farm.running(count=1) as engine:
        await engine.tell_summary()
        (event,) = await told(engine, EventKind.SUMMARY)
    assert event.data["finished"] == 1


async def test_a_chart_that_is_switched_off_is_refused_in_words(farm: Farm) -> None:
    async with farm.running(count=0) as engine:
        summary = await engine.summary(NOW - DAY)
        with pytest.raises(NoChart, match="switched off"):
            await engine.chart("pie", summary)


async def test_the_plan_is_changed_until_the_next_start(farm: Farm) -> None:
    async with farm.running(count=0) as engine:
        changed = await engine.change_report_plan(hours=6.0)
        assert (changed.hours, changed.written_hours) == (6.0, 24.0)
    async with farm.running(count=0) as engine:
        assert (await engine.report_plan()).hours == 24.0
