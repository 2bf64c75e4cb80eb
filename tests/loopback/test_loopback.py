"""The unmodified discord.py client takes the loopback Discord for Discord."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import discord
import pytest

from tests.loopback.messages import COMPONENTS_V2
from tests.loopback.running import refused
from tests.loopback.sample_bot import SampleBot

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord

pytestmark = pytest.mark.usefixtures("point_at_loopback")


async def test_login_syncs_and_caches_the_guild(loopback: LoopbackDiscord, bot: SampleBot) -> None:
    assert bot.user
    assert bot.user.id == loopback.world.bot.id
    assert bot.application_id == loopback.world.application_id
    assert [guild.id for guild in bot.guilds] == [loopback.guild.id]
    assert {one["name"] for one in loopback.commands} >= {"ping", "job"}


async def test_a_second_sync_keeps_the_ids(loopback: LoopbackDiscord, bot: SampleBot) -> None:
    before = {one["name"]: one["id"] for one in loopback.commands}
    bot.tree.remove_command("menu", guild=bot.home)
    await bot.tree.sync(guild=bot.home)
    after = {one["name"]: one["id"] for one in loopback.commands}
    assert after == {name: id_ for name, id_ in before.items() if name != "menu"}


@pytest.mark.usefixtures("bot")
async def test_a_private_answer_is_apart_from_the_channel(loopback: LoopbackDiscord) -> None:
    answer = await (await loopback.slash("ping", user=loopback.viewer)).settled()
    assert (answer.content, answer.ephemeral, answer.deferred) == ("pong", True, False)
    assert loopback.messages == []
    assert [one.content for one in loopback.ephemeral_messages] == ["pong"]


@pytest.mark.usefixtures("bot")
async def test_a_deferred_reply_settles_once_it_is_filled(loopback: LoopbackDiscord) -> None:
    answer = await (await loopback.slash("slow")).answered()
    assert answer.deferred
    assert not answer.is_settled
    await answer.until(lambda one: bool(one.followups))
    assert (answer.content, answer.ephemeral) == ("here you are", True)
    assert [one.content for one in answer.followups] == ["and more"]


@pytest.mark.usefixtures("bot")
async def test_subcommands_take_options(loopback: LoopbackDiscord) -> None:
    answer = await loopback.slash("job stop", options={"job": "job 7", "sure": 1})
    assert (await answer.settled()).content == "stopped job 7 1"


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("command", "options", "why"),
    [
        pytest.param("nope", {}, "no command /nope", id="unknown-command"),
        pytest.param("job", {}, "needs one of", id="no-subcommand"),
        pytest.param("job stop", {}, "needs", id="required-option-missing"),
        pytest.param("job stop", {"job": "a", "sure": 2}, "at most 1", id="out-of-range"),
        pytest.param("job stop", {"job": "a", "x": 2}, "has no", id="unknown-option"),
    ],
)
async def test_the_client_sends_nothing_wrong(
    loopback: LoopbackDiscord,
    command: str,
    options: dict[str, Any],
    why: str,
) -> None:
    with pytest.raises(AssertionError, match=why):
        await loopback.slash(command, options=options)


@pytest.mark.usefixtures("bot")
async def test_autocomplete_offers_choices(loopback: LoopbackDiscord) -> None:
    choices = await loopback.autocomplete("job stop", option="job", value="job 3")
    assert [one["value"] for one in choices] == ["job 3", "job 30"]
    assert len(await loopback.autocomplete("job stop", option="job")) == 25


@pytest.mark.usefixtures("bot")
async def test_a_button_in_a_v2_message_is_pressed_by_label_or_id(
    loopback: LoopbackDiscord,
) -> None:
    board = await (await loopback.slash("board")).settled()
    assert board.message
    assert board.message.flags & COMPONENTS_V2
    assert "42 %" in board.text
    for name in ("Pause", "job:1:pause"):
        click = await loopback.click(board.message, name, user=loopback.operator)
        assert (await click.settled()).content == "operator paused job 1"


@pytest.mark.usefixtures("bot")
async def test_a_menu_and_a_button_edit_their_own_message(loopback: LoopbackDiscord) -> None:
    shown = await (await loopback.slash("menu")).settled()
    chosen = await (await loopback.select(shown, "Sort by", ["Size"])).settled()
    assert chosen.message is shown.message
    assert shown.content == "by Size"
    await (await loopback.click(shown, "Reset")).settled()
    assert shown.content == "unsorted"
    assert len(loopback.messages) == 1


@pytest.mark.usefixtures("bot")
async def test_a_form_is_filled_and_sent(loopback: LoopbackDiscord) -> None:
    form = await loopback.slash("rename")
    answer = await (await loopback.submit(form, {"New name": "gamma"})).settled()
    assert answer.content == "It is gamma now"
    with pytest.raises(AssertionError, match="takes 0 to 20"):
        await loopback.submit(form, {"name": "x" * 21})


@pytest.mark.usefixtures("bot")
async def test_files_arrive_and_can_be_fetched(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    answer = await (await loopback.slash("chart")).settled()
    assert answer.files[0].data == b"\x89PNG"
    assert answer.message
    fetched = await channel.fetch_message(answer.message.id)
    assert await fetched.attachments[0].read() == b"\x89PNG"
    edited = await fetched.edit(attachments=[])
    assert edited.attachments == []


async def test_channel_messages_are_sent_edited_listed_and_deleted(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    loopback.say("hello", user=loopback.viewer)
    sent = await channel.send("one")
    assert await refused(channel.get_partial_message(1).edit(content="no")) == (404, 10008)
    await channel.get_partial_message(sent.id).edit(content="two")
    assert (await loopback.message(lambda one: one.content == "two")).edits == 1
    assert [one.content async for one in channel.history()] == ["two", "hello"]
    await sent.delete()
    assert [one.content for one in loopback.messages] == ["hello"]
    assert await refused(sent.edit(content="three")) == (404, 10008)


async def test_owners_can_be_written_to_directly(loopback: LoopbackDiscord, bot: SampleBot) -> None:
    owner = await bot.fetch_user(loopback.owner.id)
    await owner.send("psst")
    message = await loopback.message(lambda one: one.content == "psst")
    assert message.channel == loopback.direct(loopback.owner)
    # discord.py writes `recipient_id` as a number, which Discord takes and its description not.
    loopback.findings.clear()


@pytest.mark.usefixtures("bot")
async def test_people_carry_their_roles_and_permissions(
    loopback: LoopbackDiscord, bot: SampleBot
) -> None:
    seen: list[discord.Interaction[Any]] = []
    bot.tree.interaction_check = lambda one: _note(seen, one)  # type: ignore[method-assign]
    for user in (loopback.owner, loopback.operator, loopback.stranger):
        await (await loopback.slash("ping", user=user)).settled()
    members = [one.user for one in seen]
    assert all(isinstance(one, discord.Member) for one in members)
    assert [one.permissions.administrator for one in seen] == [True, False, False]
    roles = [[role.name for role in one.roles] for one in members if hasattr(one, "roles")]
    assert roles == [["@everyone"], ["@everyone", "Operator"], ["@everyone"]]


async def _note(seen: list[discord.Interaction[Any]], one: discord.Interaction[Any]) -> bool:
    seen.append(one)
    return True


async def test_a_foreign_guild_can_be_joined_and_left(
    loopback: LoopbackDiscord, bot: SampleBot
) -> None:
    joined = asyncio.ensure_future(bot.wait_for("guild_join", timeout=30))
    await asyncio.sleep(0)
    loopback.invite_to(loopback.elsewhere)
    guild = await joined
    answer = await loopback.slash("ping", user=loopback.stranger, channel=loopback.foreign_channel)
    assert (await answer.settled()).content == "pong"
    left = asyncio.ensure_future(bot.wait_for("guild_remove", timeout=30))
    await asyncio.sleep(0)
    await guild.leave()
    assert await left == guild
    assert loopback.elsewhere.id not in loopback.world.joined


async def test_a_bot_of_its_own_process_talks_and_ends_on_sigterm(
    loopback: LoopbackDiscord,
) -> None:
    environment = os.environ | loopback.environment
    environment |= {"SAMPLE_TOKEN": loopback.token, "SAMPLE_GUILD": str(loopback.guild.id)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.loopback.sample_bot", env=environment
    )
    try:
        answer = await (await loopback.slash("slow")).settled()
        assert answer.content == "here you are"
        await loopback.refuse_connections()
        await loopback.listen_again()
        await loopback.connected()
        assert (await (await loopback.slash("ping")).settled()).content == "pong"
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
