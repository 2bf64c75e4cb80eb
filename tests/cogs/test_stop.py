"""Stopping takes two presses by one person within a minute."""

from __future__ import annotations

from datetime import UTC, datetime

import discord
import pytest

from plotobot.bot import PlotoBot
from plotobot.engine.models import JobState
from plotobot.ui.buttons import ConfirmStop
from plotobot.ui.pages import PageButton

ID = "20260101-0001"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def engine(engine, make_job):
    engine.all_jobs = [make_job()]
    return engine


async def ask(farm, person="operator"):
    return await farm.slash(person, "stop", job=ID)


async def test_the_first_press_tells_what_would_be_lost_and_stops_nothing(farm):
    asked = await ask(farm)

    assert "loses **3 h 05 m** of plotting (42% done)" in asked.response.content
    assert "180 GiB" in asked.response.content
    assert asked.ephemeral
    assert farm.engine.deeds == []


async def test_the_second_press_stops_and_tells_the_channel(farm):
    asked = await ask(farm)

    done = await farm.operator.click(asked.response, label="Stop it")

    assert [deed[:2] for deed in farm.engine.deeds] == [("stop", ID)]
    assert str(farm.operator.id) in farm.engine.deeds[0][2]
    told = done.followups[-1]
    assert "3 processes ended, 12 temp files removed (180 GiB)" in told.content
    assert not told.ephemeral
    assert asked.response.components == []


async def test_the_button_below_a_job_asks_first_too(farm):
    shown = await farm.slash("operator", "job", job=ID)

    asked = await farm.operator.click(shown.response, label="Stop")

    assert "loses" in asked.response.content
    assert farm.engine.deeds == []


async def test_another_person_cannot_confirm(farm):
    ticket = farm.bot.seals.issue(ID, farm.operator.id, farm.env.now())
    message = await send(farm, ConfirmStop(ticket))

    result = await farm.owner.click(message)

    assert "Only the person who asked" in result.response.content
    assert farm.engine.deeds == []


async def test_a_minute_later_is_too_late(farm):
    asked = await ask(farm)
    await farm.env.advance_time(61)

    result = await farm.operator.click(asked.response, label="Stop it")

    assert "Too late" in result.response.content
    assert result.ephemeral
    assert farm.engine.deeds == []


async def test_a_press_counts_once(farm, make_job):
    ticket = farm.bot.seals.issue(ID, farm.operator.id, farm.env.now())
    first, second = await send(farm, ConfirmStop(ticket)), await send(farm, ConfirmStop(ticket))
    await farm.operator.click(first)
    farm.engine.all_jobs = [make_job()]

    result = await farm.operator.click(second)

    assert "used already" in result.response.content
    assert len(farm.engine.deeds) == 1


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda t: t.replace(ID, "20260101-0002"), id="another-job"),
        pytest.param(lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), id="another-mac"),
        pytest.param(lambda t: t.rpartition(":")[0], id="no-mac"),
        pytest.param(lambda _: "x", id="garbage"),
        pytest.param(lambda _: "ä:ö:ü:ß", id="not-ascii"),
    ],
)
async def test_a_forged_button_gets_a_clear_no(farm, forge):
    ticket = farm.bot.seals.issue(ID, farm.operator.id, farm.env.now())
    message = await send(farm, ConfirmStop(forge(ticket)))

    result = await farm.operator.click(message)

    assert "did not make it" in result.response.content
    assert farm.engine.deeds == []


async def test_a_restart_ends_all_tickets(farm, engine):
    message = await send(farm, ConfirmStop(farm.bot.seals.issue(ID, farm.operator.id, NOW)))
    old, new = farm.bot, PlotoBot(engine, farm.bot.access)
    await farm.env.restart_bot(new)

    result = await farm.operator.click(message)

    assert "did not make it" in result.response.content
    await old.close()
    await new.close()


async def test_a_job_that_has_ended_is_not_asked_about(farm, make_job):
    farm.engine.all_jobs = [make_job(state=JobState.COMPLETED, status="Completed")]

    assert "has ended already (Completed)" in (await ask(farm)).response.content


async def test_a_job_that_ended_between_the_presses_is_told_privately(farm):
    asked = await ask(farm)
    farm.engine.all_jobs = []

    done = await farm.operator.click(asked.response, label="Stop it")

    assert done.followups[-1].content == "There is no such job."
    assert done.followups[-1].ephemeral


async def test_a_failure_becomes_a_code_and_keeps_its_words_to_the_log(farm, caplog):
    asked = await ask(farm)
    farm.engine.broken = RuntimeError("secret path")

    done = await farm.operator.click(asked.response, label="Stop it")

    text = done.followups[-1].content
    number = text.split("`")[1]
    assert "not through your doing" in text
    assert "secret" not in text
    assert number in caplog.text
    assert "secret path" in caplog.text


async def test_an_unknown_list_is_refused(farm):
    message = await send(farm, PageButton("nothing", "all", 0))

    result = await farm.viewer.click(message)

    assert "does not exist" in result.response.content


async def send(farm, item):
    view = discord.ui.View(timeout=None)
    view.add_item(item)
    return await farm.bot.get_channel(farm.channel.id).send("look", view=view)


FOREIGN = {"id": "pid-4242-99887766", "foreign": True, "pid": 4242, "temp_used": 0}


async def test_a_foreign_plot_is_stopped_only_after_it_was_said_whose_it_is(farm, make_job):
    farm.engine.all_jobs = [make_job(**FOREIGN)]
    asked = await farm.slash("operator", "stop", job=FOREIGN["id"])
    assert "**Plotobot did not start this plot**" in asked.response.content
    assert "process 4242 and all below it" in asked.response.content
    assert "temp files stay" in asked.response.content
    assert farm.engine.deeds == []

    done = await farm.operator.click(asked.response, label="Stop it")

    assert [deed[:2] for deed in farm.engine.deeds] == [("stop", FOREIGN["id"])]
    told = done.followups[-1].content
    assert "which Plotobot had not started" in told
    assert "`/clean`" in told


async def test_foreign_plots_are_told_apart(farm, make_job):
    farm.engine.all_jobs = [make_job(1), make_job(2, **FOREIGN, status="Unknown", fraction=0.0)]

    shown = (await farm.slash("viewer", "jobs")).response.content
    full = (await farm.slash("viewer", "job", job=FOREIGN["id"])).response.content

    assert "1 of them not started by Plotobot" in shown
    assert "#7766*" in shown
    assert "Unknown" in shown
    assert "not started by Plotobot" in full
    assert "phase is unknown" in full
