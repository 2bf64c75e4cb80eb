"""`/report`: one glance, and everything behind buttons, with 0 and with 200 jobs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plotobot.engine.models import (
    GIB,
    Drive,
    DriveKind,
    DriveView,
    EventKind,
    Job,
    JobState,
    Move,
    MoveState,
)
from plotobot.engine.reporting.painting import NoChart
from plotobot.engine.summary import CHARTS, Summary
from plotobot.ui.report import detail_lines, details_text, report_embed
from plotobot.ui.report_buttons import chart_buttons, report_buttons
from plotobot.ui.text import weight
from tests.charts.farms import NOW


def finished(make_job, number, **changes):
    values = {"state": JobState.COMPLETED, "status": "Completed", "fraction": 1.0}
    values |= {"total_seconds": 20000.0 + number, "final_size": 101 * GIB}
    return make_job(number, **(values | changes))


def fields(embed):
    return {field.name: field.value for field in embed.fields}


def within_discords_limits(embed):
    assert len(embed) <= 6000
    assert weight(embed.title) <= 256
    assert len(embed.fields) <= 25
    assert all(0 < weight(field.value) <= 1024 for field in embed.fields)


async def press(farm, message, label):
    return await farm.viewer.click(message, label=label)


async def test_the_summary_tells_what_was_made_and_what_failed(farm, make_job, make_drive):
    done = [finished(make_job, n) for n in range(3)]
    bad = make_job(9, state=JobState.FAILED, status="Failed", reason="No space left\nlog")
    farm.engine.all_jobs = [make_job(10), *done, bad]
    farm.engine.all_drives = [make_drive()]

    result = await farm.slash("viewer", "report now")

    embed = result.response.embeds[0]
    told = fields(embed)
    assert embed.title == "rig1: 3 plots finished, 1 without"
    assert "**3 plots**, 303 GiB · 3.0 plots, 0.30 TiB a day" in told["Finished"]
    assert "5 h 33 m each, on average (fastest 5 h 33 m, slowest 5 h 33 m)" in told["Finished"]
    assert "phases 1 h 06 m · 33 m 20 s · … · …" in told["Finished"]
    assert "No space left" in told["Ended without a plot"]
    assert "42% in 3 h 05 m" in told["Running"]
    assert "350 GiB free, takes 2" in told["Drives"]
    assert "Moved" not in told
    assert result.ephemeral
    assert [chart for chart, _ in farm.engine.drawn] == ["overview"]
    assert embed.image.url.endswith("summary.png")
    assert [a.filename for a in result.response.attachments] == ["summary.png"]


async def test_what_is_on_its_way_has_its_end_and_drives_have_theirs(farm, make_job, make_drive):
    job = make_job(1)
    now = farm.env.now()
    moves = (Move("1", "/o/a.plot", "/d", GIB, state=MoveState.DONE),)
    view = make_drive(2, kind=DriveKind.OUT)
    summary = Summary(
        "rig1", now - timedelta(hours=24), now, running=(job,), drives=(view,), moved=moves,
        ends={job.id: now + timedelta(hours=4)}, waiting=3, waiting_bytes=303 * GIB,
        farm={"Eligible plots": 1234.0}, number=12,
    )  # fmt: skip
    farm.engine.past[12] = summary

    result = await farm.slash("viewer", "report history", number=12)

    told = fields(result.response.embeds[0])
    assert f"done <t:{int((now + timedelta(hours=4)).timestamp())}:R>" in told["Running"]
    assert told["Moved"] == "1 plot moved (1 GiB), 3 to be moved (303 GiB)"
    assert told["Farm"] == "Eligible plots: **1,234**"
    assert result.response.embeds[0].footer.text == "Summary 12"


@pytest.mark.parametrize("number", [0, 1, 11, 200])
async def test_every_button_works_with_any_number_of_jobs(farm, make_job, make_drive, number):
    farm.engine.all_jobs = [finished(make_job, n) for n in range(number)]
    farm.engine.all_drives = [make_drive(n) for n in range(number)]
    result = await farm.slash("viewer", "report now")
    within_discords_limits(result.response.embeds[0])

    details = await press(farm, result.response, "Details")
    assert details.ephemeral
    pages = max(1, -(-2 * number // 10))
    assert f"page 1 of {pages}" in details.response.content
    seen = 1
    while seen < pages:
        details = await press(farm, details.response, "▶")
        seen += 1
        assert f"page {seen} of {pages}" in details.response.content
        assert weight(details.response.content) <= 2000
    if pages > 1:
        back = await press(farm, details.response, "◀")
        assert f"page {pages - 1} of {pages}" in back.response.content

    chart = await press(farm, result.response, "Charts")
    assert [a.filename for a in chart.response.attachments] == ["timeline.png"]
    for label, name in (("Days", "days"), ("Drives", "drives"), ("Phases", "phases")):
        chart = await press(farm, chart.response, label)
        assert [a.filename for a in chart.response.attachments] == [f"{name}.png"]


async def test_buttons_of_a_told_summary_show_that_one_after_a_restart(farm, make_job):
    now = farm.env.now()
    old = Summary("rig1", now, now, finished=(finished(make_job, 77),), number=5)
    farm.engine.past[5] = old
    message = await farm.bot.get_channel(farm.channel.id).send("📊", view=report_buttons(old))

    details = await press(farm, message, "Details")
    chart = await press(farm, message, "Charts")

    assert "#004d" in details.response.content
    assert chart.ephemeral
    assert farm.engine.drawn == [("timeline", old)]


async def test_a_button_of_a_summary_that_is_gone_says_so(farm):
    now = farm.env.now()
    view = report_buttons(Summary("rig1", now, now, number=9))
    message = await farm.bot.get_channel(farm.channel.id).send("📊", view=view)

    details = await press(farm, message, "Details")

    assert details.response.content == "There is no summary 9."


async def test_strangers_press_for_nothing(farm):
    now = farm.env.now()
    view = report_buttons(Summary("rig1", now, now, number=9))
    message = await farm.bot.get_channel(farm.channel.id).send("📊", view=view)

    for label in ("Details", "Charts"):
        result = await farm.stranger.click(message, label=label)
        assert result.response.content == "Only people named in the farm's settings may look here."


async def test_without_a_chart_the_summary_comes_all_the_same(farm):
    farm.engine.picture = NoChart("the chart was not drawn within 30 s")

    result = await farm.slash("viewer", "report now")
    chart = await press(farm, result.response, "Charts")

    assert result.response.embeds[0].title == "rig1: 0 plots finished"
    assert result.response.attachments == []
    assert chart.response.content == "the chart was not drawn within 30 s"


async def test_a_span_can_be_said(farm):
    result = await farm.slash("viewer", "report now", hours=48.0)

    ((_, summary),) = farm.engine.drawn
    assert farm.env.now() - summary.since >= timedelta(hours=48)
    assert result.ephemeral


async def test_the_history_comes_in_pages(farm):
    now = farm.env.now()
    farm.engine.past = {n: Summary("rig1", now, now, number=n) for n in range(1, 25)}

    first = await farm.slash("viewer", "report history")
    assert "**24 summaries** · page 1 of 3" in first.response.content
    assert "`  24`" in first.response.content

    second = await press(farm, first.response, "▶")
    assert "`  14`" in second.response.content


async def test_an_empty_history_and_an_unknown_number_say_so(farm):
    empty = await farm.slash("viewer", "report history")
    unknown = await farm.slash("viewer", "report history", number=3)

    assert "No summary has been told yet" in empty.response.content
    assert unknown.response.content == "There is no summary 3."


async def test_an_idle_farm_has_a_report(farm):
    result = await farm.slash("viewer", "report now")

    assert result.response.embeds[0].title == "rig1: 0 plots finished"
    details = await press(farm, result.response, "Details")
    assert "Nothing happened" in details.response.content


NAMES = st.text(min_size=1, max_size=300)


@settings(max_examples=60, deadline=None)
@example("/" + "@*_`" * 99, "\\" * 900, 200, 10**12)
@given(NAMES, NAMES, st.integers(0, 250), st.sampled_from([0, 1, 10**12]))
def test_whatever_the_names_discord_takes_it(path, reason, number, many):
    jobs = tuple(
        Job(
            f"id{n}{path}", path, 32, path, path, state=state, reason=reason, total_seconds=9e9,
            started_at=NOW, status=path, copy_seconds=9e9, final_size=many, ended_at=NOW,
            phase_seconds=(9e9, None, 9e9, 9e9),
        )
        for n in range(number)
        for state in [list(JobState)[n % 6]]
    )  # fmt: skip
    views = tuple(DriveView(Drive(DriveKind.OUT, path, total=9, free=many)) for _ in jobs)
    move = Move("1", path, path, many, state=MoveState.FAILED, reason=reason)
    summary = Summary(
        path, NOW, NOW, jobs, jobs, jobs, views, number=10**6, moved=(move,) * 9,
        farm={f"{n}{path}": 1e300 for n in range(20)},
    )  # fmt: skip

    within_discords_limits(report_embed(summary, "summary.png"))
    pages, lines = details_text(summary, 0)[1], detail_lines(summary)
    for page in {0, pages // 3, pages // 2, pages - 1, pages + 7}:
        text = details_text(summary, page)[0]
        assert weight(text) <= 2000
        assert text.count("\n") == min(10, len(lines) - 10 * min(page, pages - 1))
    assert pages == max(1, -(-len(lines) // 10))


async def test_ids_of_buttons_fit_and_every_chart_has_one():
    buttons = [
        *report_buttons(
            Summary(
                "m", *[__import__("datetime").datetime.now().astimezone()] * 2, number=999_999_999
            )
        ).children
    ]
    for chart in CHARTS:
        buttons += chart_buttons("s999999999999", chart).children
    assert all(len(button.custom_id) <= 100 for button in buttons)
    assert {b.chart for b in buttons if hasattr(b, "chart")} | {"overview"} == set(CHARTS)


async def test_a_told_summary_comes_with_its_chart_and_its_buttons(farm, make_job, make_event):
    now = farm.env.now()
    farm.engine.past[3] = Summary("rig1", now, now, finished=(finished(make_job, 1),), number=3)
    data = {"number": 3, "since": now.isoformat(), "finished": 1}
    farm.engine.happen(make_event(1, EventKind.SUMMARY, job=None, data=data))
    await farm.env.settle()

    [message] = farm.env.backend.messages[farm.alerts.id].values()
    assert "1 plot finished" in message.content
    assert message.embeds
    assert len(message.attachments) == 1
    assert farm.engine.told == [1]
