"""What Discord refuses, the loopback refuses; the real client raises what it would there."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from tests.loopback.running import refused, running
from tests.loopback.sample_bot import Board, SampleBot

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord

pytestmark = pytest.mark.usefixtures("point_at_loopback")


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
    assert await asyncio.wait_for(codes.get(), 30) == (400, 40060)
    loopback._desk.patience = 0.1
    await loopback.slash("twice")
    assert await asyncio.wait_for(codes.get(), 30) == (404, 10062)


async def test_a_wrong_token_is_refused(loopback: LoopbackDiscord) -> None:
    async with SampleBot(loopback.guild.id) as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.start("wrong")
    assert [one.status for one in loopback.requests] == [401]


async def test_the_gateway_closes_with_4004_on_a_wrong_token(loopback: LoopbackDiscord) -> None:
    loopback.gateway.token = "changed"
    async with SampleBot(loopback.guild.id) as bot:
        with pytest.raises(discord.ConnectionClosed) as caught:
            await asyncio.wait_for(bot.start(loopback.token), 30)
    assert caught.value.code == 4004


async def test_down_at_start_then_up_on_the_same_port(loopback: LoopbackDiscord) -> None:
    await loopback.refuse_connections()
    async with SampleBot(loopback.guild.id) as bot:
        with pytest.raises(aiohttp.ClientConnectorError):
            await bot.start(loopback.token)
    await loopback.listen_again()
    async with running(loopback):
        assert (await (await loopback.slash("ping")).settled()).content == "pong"
