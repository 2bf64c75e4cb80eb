"""What goes wrong on demand, and what the real client makes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
import pytest

from tests.loopback.running import MESSAGES, refused, running
from tests.loopback.sample_bot import SampleBot

if TYPE_CHECKING:
    from tests.loopback import LoopbackDiscord

pytestmark = pytest.mark.usefixtures("point_at_loopback")


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
        async with asyncio.timeout(30):
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
