from __future__ import annotations

import discord

from plotobot.engine.limits import KNOBS
from plotobot.ui.limits import KeepButton


async def test_the_limits_are_shown_without_those_that_say_nothing(farm):
    result = await farm.slash("operator", "spawn limits")

    assert "`max_parallel`: **2**" in result.response.content
    assert "max_phase_3" not in result.response.content
    assert result.ephemeral
    assert result.response.components == []


async def test_a_change_holds_and_is_told_with_what_the_settings_say(farm):
    result = await farm.slash("operator", "spawn limits", limit="max_parallel", value=7)

    assert farm.engine.deeds == [("limits", {"max_parallel": 7.0})]
    assert "`max_parallel` is 7 until the next start" in result.response.content
    assert "`max_parallel`: **7** (the settings say 2)" in result.response.content
    assert not result.ephemeral


async def test_for_good_takes_a_second_press_by_an_owner(farm):
    shown = await farm.slash("owner", "spawn limits", limit="max_phase_1", value=3)

    done = await farm.owner.click(shown.response, label="Keep for good")

    assert farm.engine.deeds[-1] == ("keep",)
    assert "wrote the limits into the settings" in done.response.content


async def test_an_operator_may_not_keep_them(farm):
    shown = await farm.slash("operator", "spawn limits", limit="max_phase_1", value=3)

    done = await farm.operator.click(shown.response, label="Keep for good")

    assert done.response.content == "Only the farm's owners may do that."
    assert ("keep",) not in farm.engine.deeds


async def test_a_ticket_for_a_job_keeps_no_limits(farm):
    view = discord.ui.View(timeout=None)
    view.add_item(KeepButton(farm.bot.seals.issue("1234", farm.owner.id, farm.env.now())))
    message = await farm.bot.get_channel(farm.channel.id).send("look", view=view)

    done = await farm.owner.click(message)

    assert "is not one for limits" in done.response.content
    assert farm.engine.deeds == []


async def test_a_value_that_will_not_do_gets_its_sentence(farm):
    result = await farm.slash("operator", "spawn limits", limit="max_parallel", value=0)

    assert "max_parallel is 0, but must be a whole number from 1 to 1000" in result.response.content
    assert farm.engine.deeds == []


def test_there_are_no_more_limits_than_a_choice_can_offer():
    assert len(KNOBS) <= 25


async def test_an_end_is_given_as_a_time(farm):
    result = await farm.slash("operator", "spawn start", count=3, until="2h")

    assert "until <t:" in result.response.content
    assert farm.engine.view.until is not None


async def test_a_time_that_is_none_starts_nothing(farm):
    result = await farm.slash("operator", "spawn start", until="whenever")

    assert "is no time" in result.response.content
    assert farm.engine.deeds == []


async def test_a_drain_says_so(farm):
    result = await farm.slash("operator", "spawn pause", drain=True)

    assert "The end of the last one will be told" in result.response.content


async def test_who_keeps_limits_too_late_is_told_how_to_be_asked_again(farm):
    shown = await farm.slash("owner", "spawn limits", limit="max_parallel", value=3)
    await farm.env.advance_time(61)
    done = await farm.owner.click(shown.response, label="Keep for good")

    assert "Use `/spawn limits` again" in done.response.content
