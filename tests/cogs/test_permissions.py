"""Every command and every button, by every kind of person."""

from __future__ import annotations

import discord
import pytest
from discord import app_commands

from plotobot.access import Level
from plotobot.ui.buttons import job_buttons
from plotobot.ui.clean_buttons import ConfirmClean, ConfirmRescue
from plotobot.ui.guards import level_of_command
from plotobot.ui.pages import jobs_page

LOOK = {"jobs": {}, "job": {"job": "20260101-0001"}, "drives": {}, "help": {}}
LOOK |= {"report now": {}, "spawn why": {}, "spawn advise": {}, "farmlog": {"level": "Error"}}
ACT = {"spawn start": {}, "spawn pause": {}, "spawn once": {}, "stop": {"job": "20260101-0001"}}
LOOK |= {"report history": {}, "move status": {}}
LOOK |= {"plots show": {}, "plots csv": {}, "plots rescan": {}, "plots check": {"plot": "a"}}
ACT |= {"move start": {}, "move stop": {}, "move once": {}, "move pause": {"destination": "/f"}}
ACT |= {"report every": {"hours": 6.0}}
ACT |= {"spawn limits": {"limit": "max_parallel", "value": 3}}
ACT |= {"clean": {}}
LOOK |= {"replot plan": {}, "replot status": {}}
ACT |= {"replot disarm": {}}
OWN = {"replot arm": {}, "audit": {}}
ALL = LOOK | ACT | OWN
ALLOWED = {"owner": ALL, "operator": LOOK | ACT, "viewer": LOOK}
PEOPLE = ("owner", "operator", "viewer", "stranger", "namesake", "robot")


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("command", sorted(ALL))
async def test_who_may_type_what(farm, make_job, person, command):
    farm.engine.all_jobs = [make_job()]

    result = await farm.slash(person, command, **ALL[command])

    if command in ALLOWED.get(person, {}):
        answers = [result.response, *result.followups]
        assert not any("Only" in (answer.content or "") for answer in answers if answer)
    else:
        assert result.response.content.startswith("Only ")
        assert result.ephemeral
        assert farm.engine.deeds == []


def test_the_matrix_has_every_command(farm):
    leaves = {
        c.qualified_name
        for c in farm.bot.tree.walk_commands(guild=farm.bot.home)
        if not is_group(c)
    }

    assert leaves == set(ALL)


def is_group(command):
    return isinstance(command, app_commands.Group)


async def test_the_operator_has_no_say_in_another_server(farm):
    """Were the commands ever synced elsewhere, they would be refused there."""
    for command in farm.bot.tree.get_commands(guild=farm.bot.home):
        farm.bot.tree.add_command(command)
    await farm.bot.tree.sync()

    result = await farm.slash("abroad", "spawn pause")

    assert result.response.content == "Plotobot answers only in its farm's own server."
    assert farm.engine.deeds == []


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(
    ("label", "allowed"),
    [("Stop", {"owner", "operator"}), ("Log", {"owner", "operator", "viewer"})],
)
async def test_who_may_press_a_button_of_a_public_message(farm, make_job, person, label, allowed):
    farm.engine.all_jobs = [make_job()]
    message = await public(farm, job_buttons(make_job()))

    result = await farm.who(person)[0].click(message, label=label)

    assert result.response.content.startswith("Only ") is (person not in allowed)
    assert result.ephemeral


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("make", [ConfirmClean, ConfirmRescue])
async def test_who_may_press_what_is_below_a_list_of_orphans(farm, make_orphan, person, make):
    listed = farm.bot.listings.keep([make_orphan()])
    who = farm.who(person)[0]
    view = discord.ui.View(timeout=None)
    view.add_item(make(farm.bot.seals.issue(listed, who.id, farm.env.now())))
    message = await public(farm, view)

    result = await who.click(message)

    assert bool(farm.engine.deeds) is (person in ("owner", "operator"))
    if not farm.engine.deeds:
        assert result.response.content.startswith("Only ")


async def test_pages_are_not_turned_for_strangers(farm, make_job):
    farm.engine.all_jobs = [make_job(n) for n in range(30)]
    message = await public(farm, (await jobs_page(farm.engine)).view)

    result = await farm.stranger.click(message, label="▶")

    assert result.response.content.startswith("Only ")


async def test_autocomplete_tells_strangers_nothing(farm, make_job):
    farm.engine.all_jobs = [make_job()]

    assert await farm.stranger.autocomplete(farm.channel, "job", "job", "") == []
    assert len(await farm.viewer.autocomplete(farm.channel, "job", "job", "")) == 1


async def test_a_command_that_declares_no_level_is_refused_to_the_owner_too(farm):
    @app_commands.command(description="Forgotten")
    async def forgotten(interaction):
        await interaction.response.send_message("done")

    farm.bot.tree.add_command(forgotten, guild=farm.bot.home)
    await farm.bot.sync()

    result = await farm.slash("owner", "forgotten")

    assert "nobody may" in result.response.content


def test_every_command_is_described_and_bound(farm):
    for command in farm.bot.tree.walk_commands(guild=farm.bot.home):
        root = command.root_parent or command
        assert 1 < len(command.description) <= 100, command.qualified_name
        assert root.guild_only, command.qualified_name
        assert root.default_permissions is not None, command.qualified_name
        if not is_group(command):
            assert level_of_command(command) in (Level.VIEWER, Level.OPERATOR, Level.OWNER)
            assert all(len(p.description) > 1 for p in command.parameters), command.qualified_name


async def public(farm, view):
    """A message with buttons that all in the channel can see."""
    channel = farm.bot.get_channel(farm.channel.id)
    return await channel.send("look", view=view)


async def test_a_check_that_breaks_is_a_no_with_a_code(farm, monkeypatch, caplog):
    """Nothing handles what a check raises, unless the check itself does."""

    def broken(_):
        raise RuntimeError("the roles are gone")

    monkeypatch.setattr("plotobot.ui.guards.level_of", broken)

    result = await farm.slash("owner", "spawn pause")

    assert "not through your doing" in result.response.content
    assert "the roles are gone" in caplog.text
    assert farm.engine.deeds == []
