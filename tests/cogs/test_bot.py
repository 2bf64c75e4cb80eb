"""The client itself: sync, start, failure."""

from __future__ import annotations

import asyncio
import logging

import discord
import pytest
from discord.ext import commands

from plotobot.bot import PlotoBot, TokenFilter, TokenRefused, point_at, stay_linked


def puts(farm):
    return [r.path for r in farm.env.http_requests if r.method == "PUT"]


async def test_commands_are_synced_to_the_home_server_only(farm):
    assert [path.split("/guilds/")[1] for path in puts(farm)] == [f"{farm.guild.id}/commands"]


async def test_unchanged_commands_are_not_synced_again_and_stay_clickable(farm, engine):
    ids = farm.bot.command_ids
    old, new = farm.bot, PlotoBot(engine, farm.bot.access)
    await farm.env.restart_bot(new)

    assert len(puts(farm)) == 1
    assert new.command_ids == ids
    assert ids["jobs"]
    await old.close()
    await new.close()


async def test_changed_commands_are_synced(farm, engine):
    old, new = farm.bot, PlotoBot(engine, farm.bot.access, extensions=["cogs.jobs"])
    await farm.env.restart_bot(new)

    assert len(puts(farm)) == 2
    await old.close()
    await new.close()


async def test_a_server_without_the_bot_is_named_with_the_invitation(farm, engine, caplog):
    engine.kept.clear()
    farm.env.inject_error(
        "PUT", "/applications/*", status=403, code=50001, message="Missing Access"
    )
    old, new = farm.bot, PlotoBot(engine, farm.bot.access)
    await farm.env.restart_bot(new)

    assert f"server {farm.guild.id} is closed to the bot" in caplog.text
    assert "oauth2/authorize" in caplog.text
    await old.close()
    await new.close()


async def test_a_cog_that_does_not_load_stops_the_start(farm, engine):
    new = PlotoBot(engine, farm.bot.access, extensions=["cogs.nowhere"])
    with pytest.raises(commands.ExtensionNotFound):
        await farm.env.restart_bot(new)
    await farm.bot.close()
    await new.close()


def test_the_bot_asks_for_little(engine, farm):
    assert farm.bot.intents == discord.Intents(guilds=True)
    assert farm.bot.allowed_mentions.to_dict() == {"parse": []}


class Line:
    """A bot whose link ends as scripted; the last one holds."""

    def __init__(self, *ends):
        self.ends = list(ends)
        self.made = 0
        self.open = asyncio.Event()

    def __call__(self):
        self.made += 1
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def start(self, token):
        if self.ends:
            raise self.ends.pop(0)
        self.open.set()
        await asyncio.Event().wait()


async def test_the_link_is_tried_again_with_a_fresh_bot():
    line = Line(AttributeError("sequence"), OSError("no network"), KeyError("x"))
    task = asyncio.create_task(stay_linked(line, "token", first=0.001, longest=0.002))
    await asyncio.wait_for(line.open.wait(), 30)

    assert line.made == 4
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_waiting_for_the_next_try_ends_at_once_when_cancelled():
    line = Line(OSError("no network"))
    task = asyncio.create_task(stay_linked(line, "token", first=3600))
    await asyncio.sleep(0.01)
    task.cancel()

    done, _ = await asyncio.wait([task], timeout=30)
    assert done
    assert task.cancelled()


async def test_a_wrong_token_is_not_tried_again_and_not_told():
    line = Line(discord.LoginFailure("Improper token has been passed."))

    with pytest.raises(TokenRefused) as caught:
        await asyncio.wait_for(stay_linked(line, "s3cret", first=3600), 30)
    assert "s3cret" not in str(caught.value)
    assert line.made == 1


async def test_a_broken_cog_is_not_tried_again():
    line = Line(commands.ExtensionNotFound("cogs.nowhere"))

    with pytest.raises(commands.ExtensionNotFound):
        await asyncio.wait_for(stay_linked(line, "token", first=3600), 30)


def test_the_token_is_taken_out_of_log_lines():
    record = logging.LogRecord("discord.http", 10, "", 1, "%s %s", ("GET", "/x/s3cret"), None)

    assert TokenFilter("s3cret").filter(record)
    assert record.getMessage() == "GET /x/[token]"


def test_webhooks_secrets_are_kept_out_of_the_log_too():
    record = logging.LogRecord(
        "discord.webhook.async_", logging.DEBUG, "", 1, "POST %s", ("/webhooks/1/h1dden",), None
    )

    assert TokenFilter("s3cret", lambda: ["h1dden"]).filter(record)
    assert record.getMessage() == "POST /webhooks/1/[token]"


def test_the_client_can_be_pointed_elsewhere(monkeypatch):
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    gateway = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", gateway.DEFAULT_GATEWAY)

    point_at("http://127.0.0.1:1/api/v10/", "ws://127.0.0.1:1/gateway")

    assert discord.http.Route("GET", "/x").url == "http://127.0.0.1:1/api/v10/x"
    assert str(gateway.DEFAULT_GATEWAY) == "ws://127.0.0.1:1/gateway"


def test_a_lost_link_is_logged_in_one_line_and_a_fault_with_its_traceback():
    for error, traced in (
        (TimeoutError(), False),
        (OSError("no route"), False),
        (KeyError(), True),
    ):
        record = logging.LogRecord(
            "discord.client", logging.ERROR, "", 1, "again in %.2fs", (1,), (None, error, None)
        )
        assert TokenFilter("s3cret").filter(record)
        assert (record.exc_info is not None) == traced
        said = "" if traced else f": {error or 'TimeoutError'}"
        assert record.getMessage() == f"again in 1.00s{said}"
