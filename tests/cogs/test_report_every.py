"""`/report every`: when summaries come, until the next start or for good."""

from __future__ import annotations

import discord
import pytest

from plotobot.ui.report_plan import KeepPlanButton, times_typed


async def test_without_anything_it_shows_the_plan(farm):
    result = await farm.slash("operator", "report every")

    assert "A summary is told every 24 hours." in result.response.content
    assert "The next one comes <t:" in result.response.content
    assert result.ephemeral
    assert farm.engine.deeds == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param({"hours": 6.0}, "told every 6 hours.", id="hours"),
        pytest.param({"hours": 1.0}, "told every 1 hour.", id="one"),
        pytest.param({"at": "19:00, 7:30"}, "told at 07:30, 19:00.", id="times"),
        pytest.param({"hours": 1.5, "at": "7.30"}, "told every 1.5 h and at 07:30.", id="both"),
        pytest.param({"hours": 0.0}, "No summary is told.", id="none"),
    ],
)
async def test_a_change_holds_until_the_next_start(farm, typed, words):
    result = await farm.slash("operator", "report every", **typed)

    assert words in result.response.content
    assert "until the next start; the settings say: A summary is told every 24 hours." in (
        result.response.content
    )
    assert not result.ephemeral


async def test_for_good_takes_a_second_press_by_an_owner(farm):
    shown = await farm.slash("owner", "report every", at="07:30")

    done = await farm.owner.click(shown.response, label="Keep for good")

    assert farm.engine.deeds[-1] == ("keep plan",)
    assert "wrote it into the settings. 📊 A summary is told at 07:30." in done.response.content


async def test_an_operator_may_not_keep_it(farm):
    shown = await farm.slash("operator", "report every", hours=6.0)

    done = await farm.operator.click(shown.response, label="Keep for good")

    assert done.response.content == "Only the farm's owners may do that."
    assert ("keep plan",) not in farm.engine.deeds


async def test_a_ticket_for_limits_keeps_no_plan(farm):
    view = discord.ui.View(timeout=None)
    view.add_item(KeepPlanButton(farm.bot.seals.issue("limits", farm.owner.id, farm.env.now())))
    message = await farm.bot.get_channel(farm.channel.id).send("look", view=view)

    done = await farm.owner.click(message)

    assert "is not one for summaries" in done.response.content
    assert farm.engine.deeds == []


async def test_what_is_no_time_gets_its_sentence(farm):
    result = await farm.slash("operator", "report every", at="noon")

    assert result.response.content == "'noon' is no time of day; write one such as 07:30."
    assert farm.engine.deeds == []


@pytest.mark.parametrize(
    ("typed", "times"),
    [
        (None, None), ("none", []), ("07:30", ["07:30"]), (" 7:30 ,19:00;20:00 ",
        ["7:30", "19:00", "20:00"]), ("-", []),
    ],
)  # fmt: skip
def test_how_times_are_typed(typed, times):
    assert times_typed(typed) == times
