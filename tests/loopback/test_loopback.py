"""The unmodified discord.py client takes the loopback Discord for Discord."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from tests.loopback.messages import COMPONENTS_V2
from tests.loopback.sample_bot import Board, SampleBot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.loopback import LoopbackDiscord

pytestmark = pytest.mark.usefixtures("point_at_loopback")

MESSAGES = r"/channels/\d+/messages"


@contextlib.asynccontextmanager
async def running(loopback: LoopbackDiscord) -> AsyncIterator[SampleBot]:
    async with SampleBot(loopback.guild.id) as bot:
        task = asyncio.create_task(bot.start(loopback.token))
        try:
            ready = asyncio.create_task(loopback.connected())
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            await bot.wait_until_ready()
            yield bot
        finally:
            await bot.close()
            await task


@pytest.fixture
async def bot(loopback: LoopbackDiscord, point_at_loopback: None) -> AsyncIterator[SampleBot]:
    async with running(loopback) as running_bot:
        yield running_bot


@pytest.fixture
def channel(loopback: LoopbackDiscord, bot: SampleBot) -> discord.TextChannel:
    found = bot.get_channel(loopback.channel.id)
    assert isinstance(found, discord.TextChannel)
    return found


async def refused(awaitable: Any) -> tuple[int, int]:
    with pytest.raises(discord.HTTPException) as caught:
        await awaitable
    return caught.value.status, caught.value.code


# What works when all is well.


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
    joined = asyncio.ensure_future(bot.wait_for("guild_join", timeout=5))
    await asyncio.sleep(0)
    loopback.invite_to(loopback.elsewhere)
    guild = await joined
    answer = await loopback.slash("ping", user=loopback.stranger, channel=loopback.foreign_channel)
    assert (await answer.settled()).content == "pong"
    left = asyncio.ensure_future(bot.wait_for("guild_remove", timeout=5))
    await asyncio.sleep(0)
    await guild.leave()
    assert await left == guild
    assert loopback.elsewhere.id not in loopback.world.joined


# What goes wrong.


async def test_a_dropped_connection_resumes_and_replays(
    loopback: LoopbackDiscord, bot: SampleBot
) -> None:
    await loopback.drop_gateway()
    missed = await loopback.slash("ping", wait=False)
    await loopback.resumed()
    assert (await missed.settled()).content == "pong"
    assert loopback.gateway.identified == 1
    assert bot.guilds


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("how", ["op-7", "op-9-resumable", "close-code"])
async def test_the_client_resumes_when_told_to(loopback: LoopbackDiscord, how: str) -> None:
    if how == "op-7":
        loopback.reconnect()
    elif how == "op-9-resumable":
        loopback.invalidate_session(resumable=True)
    else:
        await loopback.drop_gateway(4000)
    await loopback.resumed()
    assert (await (await loopback.slash("ping")).settled()).content == "pong"


@pytest.mark.usefixtures("bot")
async def test_a_session_gone_for_good_is_begun_anew(loopback: LoopbackDiscord) -> None:
    loopback.invalidate_session(resumable=False)
    await loopback.identified(2)
    assert loopback.gateway.resumed == 0
    assert (await (await loopback.slash("ping")).settled()).content == "pong"


async def test_heartbeats_are_answered(loopback: LoopbackDiscord) -> None:
    loopback.gateway.heartbeat_interval = 0.05
    async with running(loopback) as bot:
        async with asyncio.timeout(5):
            while sum(frame["op"] == 1 for frame in loopback.frames) < 4:
                await asyncio.sleep(0.02)
        assert bot.latency < 1


async def test_plain_frames_do_too(
    loopback: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = discord.gateway.DiscordWebSocket.from_client.__func__  # type: ignore[attr-defined]

    async def plainly(cls: Any, /, client: Any, **kwargs: Any) -> Any:
        return await whole(cls, client, **kwargs, compress=False)

    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "from_client", classmethod(plainly))
    async with running(loopback):
        assert loopback.gateway.connections[0].compress is None
        assert (await (await loopback.slash("ping")).settled()).content == "pong"


async def test_429_from_discord_is_waited_out(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    loopback.fail_next("POST", MESSAGES, status=429, retry_after=0.3)
    began = asyncio.get_running_loop().time()
    await channel.send("late")
    assert asyncio.get_running_loop().time() - began >= 0.3
    assert [one.status for one in loopback.asked("POST", MESSAGES)] == [429, 200]


async def test_429_without_via_is_raised(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    loopback.fail_next("POST", MESSAGES, status=429, via=False)
    assert (await refused(channel.send("never")))[0] == 429
    assert loopback.messages == []


async def test_500_is_tried_again(loopback: LoopbackDiscord, channel: discord.TextChannel) -> None:
    loopback.fail_next("POST", MESSAGES, status=500)
    await channel.send("once")
    assert [one.status for one in loopback.asked("POST", MESSAGES)] == [500, 200]
    assert len(loopback.messages) == 1


async def test_a_lost_answer_does_not_make_two_messages(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    loopback.fail_next("POST", MESSAGES, status=502, after=True)
    sent = await channel.send("once", nonce="outbox-1")
    again = await channel.send("once", nonce="outbox-1")
    other = await channel.send("once", nonce="outbox-2")
    assert sent.id == again.id != other.id
    assert len(loopback.messages) == 2


async def test_a_reset_connection_and_garbage_are_what_they_are(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    loopback.fail_next("POST", MESSAGES, reset=True)
    with pytest.raises(OSError, match=r"reset|Server disconnected"):
        await channel.send("one")
    loopback.fail_next("POST", MESSAGES, status=503, body=b"<html>oops</html>")
    with pytest.raises(discord.DiscordServerError, match="oops"):
        await channel.send("two")
    loopback.fail_next("POST", MESSAGES, status=403, code=50013)
    assert await refused(channel.send("three")) == (403, 50013)


async def test_headers_alone_leave_the_answer_as_it_is(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "0.2"}
    spent |= {"X-RateLimit-Limit": "1", "X-RateLimit-Reset": "0", "X-RateLimit-Bucket": "b"}
    loopback.fail_next("POST", MESSAGES, headers=spent)
    began = asyncio.get_running_loop().time()
    await channel.send("one")
    await channel.send("two")
    assert asyncio.get_running_loop().time() - began >= 0.2


# What Discord refuses.


def field(name: str = "n", value: str = "v") -> discord.Embed:
    return discord.Embed().add_field(name=name, value=value)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"content": "x" * 2001}, id="content"),
        pytest.param({"embed": discord.Embed(title="x" * 257)}, id="embed-title"),
        pytest.param({"embed": discord.Embed(description="x" * 4097)}, id="embed-description"),
        pytest.param({"embed": field(value="x" * 1025)}, id="field-value"),
        pytest.param({"embed": field(name="")}, id="field-without-name"),
        pytest.param(
            {"embeds": [discord.Embed(description="x" * 3001)] * 2}, id="6000-over-all-embeds"
        ),
    ],
)
async def test_too_much_is_refused(
    loopback: LoopbackDiscord, channel: discord.TextChannel, message: dict[str, Any]
) -> None:
    assert await refused(channel.send(**message)) == (400, 50035)
    loopback.findings.clear()


async def test_an_empty_message_is_refused(channel: discord.TextChannel) -> None:
    assert await refused(channel.send("")) == (400, 50006)


async def test_too_large_a_file_is_refused(channel: discord.TextChannel) -> None:
    file = discord.File(io.BytesIO(b"x" * (10 * 1024**2 + 1)), "log.txt")
    assert await refused(channel.send(file=file)) == (413, 40005)


async def test_a_foreign_channel_is_out_of_reach(loopback: LoopbackDiscord, bot: SampleBot) -> None:
    foreign = bot.get_partial_messageable(loopback.foreign_channel.id)
    assert await refused(foreign.send("x")) == (403, 50001)
    assert await refused(bot.fetch_channel(1)) == (404, 10003)


async def test_content_beside_v2_is_refused_on_edit_too(
    loopback: LoopbackDiscord, channel: discord.TextChannel
) -> None:
    sent = await channel.send(view=Board())
    assert await refused(sent.edit(content="text")) == (400, 50035)
    assert "42 %" in loopback.messages[0].text


async def test_26_choices_are_refused(loopback: LoopbackDiscord, bot: SampleBot) -> None:
    group = bot.tree.get_command("job", guild=bot.home)
    assert isinstance(group, discord.app_commands.Group)
    stop = group.get_command("stop")
    assert isinstance(stop, discord.app_commands.Command)
    stop.autocomplete("job")(_too_many)
    with pytest.raises(AssertionError, match="no answer"):
        await loopback.autocomplete("job stop", option="job", timeout=0.5)
    assert loopback.asked("POST", "/interactions/.*")[-1].status == 400
    loopback.findings.clear()


async def _too_many(
    interaction: discord.Interaction[Any], current: str
) -> list[discord.app_commands.Choice[str]]:
    return [discord.app_commands.Choice(name=str(one), value=str(one)) for one in range(26)]


async def test_a_late_and_a_double_answer_are_refused(
    loopback: LoopbackDiscord, bot: SampleBot
) -> None:
    codes: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

    @bot.tree.command(name="twice", description="Answer twice", guild=bot.home)
    async def twice(interaction: discord.Interaction[Any]) -> None:
        await asyncio.sleep(0.2)
        with contextlib.suppress(discord.NotFound):
            await interaction.response.send_message("one")
            interaction.response._response_type = None
        codes.put_nowait(await refused(interaction.response.send_message("two")))

    await bot.tree.sync(guild=bot.home)
    await (await loopback.slash("twice")).settled()
    assert await asyncio.wait_for(codes.get(), 5) == (400, 40060)
    loopback._desk.patience = 0.1
    await loopback.slash("twice")
    assert await asyncio.wait_for(codes.get(), 5) == (404, 10062)


async def test_a_wrong_token_is_refused(loopback: LoopbackDiscord) -> None:
    async with SampleBot(loopback.guild.id) as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.start("wrong")
    assert [one.status for one in loopback.requests] == [401]


async def test_the_gateway_closes_with_4004_on_a_wrong_token(loopback: LoopbackDiscord) -> None:
    loopback.gateway.token = "changed"
    async with SampleBot(loopback.guild.id) as bot:
        with pytest.raises(discord.ConnectionClosed) as caught:
            await asyncio.wait_for(bot.start(loopback.token), 5)
    assert caught.value.code == 4004


async def test_down_at_start_then_up_on_the_same_port(loopback: LoopbackDiscord) -> None:
    await loopback.refuse_connections()
    async with SampleBot(loopback.guild.id) as bot:
        with pytest.raises(aiohttp.ClientConnectorError):
            await bot.start(loopback.token)
    await loopback.listen_again()
    async with running(loopback):
        assert (await (await loopback.slash("ping")).settled()).content == "pong"


# A process of its own.


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
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
