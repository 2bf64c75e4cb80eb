"""What holds for the bot behind the page, asked of the bot itself."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest

from plotobot.demo.page import BotFactory, Names, Page, serve_page
from plotobot.errors import SettingsError


async def message_age(page: Page) -> timedelta:
    bot: Any = page.bot
    message = await bot.get_partial_messageable(bot.place.channel_id).send("now")
    return abs(datetime.now(UTC) - message.created_at)


async def test_the_bot_knows_its_place_before_it_is_built(
    make_bot: Callable[..., BotFactory],
) -> None:
    async with serve_page(make_bot(), names=Names(guild="Farm", channel="news")) as page:
        bot: Any = page.bot
        guild = bot.get_guild(bot.place.guild_id)
        assert guild.name == "Farm"
        assert guild.owner_id == bot.place.owner_id
        assert guild.get_channel(bot.place.channel_id).name == "news"
        assert bot.user.name == "Plotobot"


async def test_messages_bear_the_real_time_however_long_it_runs(
    make_bot: Callable[..., BotFactory],
) -> None:
    async with serve_page(make_bot()) as page:
        assert await message_age(page) < timedelta(seconds=2)
        await asyncio.sleep(4)
        assert await message_age(page) < timedelta(seconds=2)


async def test_sleeps_of_the_bots_own_tasks_last_as_long_as_they_say(
    make_bot: Callable[..., BotFactory],
) -> None:
    slept = []

    class Sleeper:
        async def nap(self) -> None:
            begun = time.perf_counter()
            await asyncio.sleep(0.5)
            slept.append(time.perf_counter() - begun)

    def with_sleeper(place: Any) -> Any:
        bot: Any = make_bot()(place)
        set_up, beside = bot.setup_hook, place.beside(Sleeper())

        async def setup_hook() -> None:
            await set_up()
            bot.naps = [asyncio.create_task(Sleeper().nap()), asyncio.create_task(beside.nap())]

        bot.setup_hook = setup_hook
        return bot

    async with serve_page(with_sleeper) as page:
        bot: Any = page.bot
        await asyncio.gather(*bot.naps)
    assert all(0.4 < seconds < 2 for seconds in slept)
    assert len(slept) == 2


async def test_buttons_time_out_by_the_real_clock(make_bot: Callable[..., BotFactory]) -> None:
    async with serve_page(make_bot()) as page:
        bot: Any = page.bot
        view = discord.ui.View(timeout=1)
        view.add_item(discord.ui.Button(label="x"))
        await bot.get_partial_messageable(bot.place.channel_id).send("press", view=view)
        assert await asyncio.wait_for(view.wait(), 30) is True


async def test_the_engine_beside_gives_its_values_and_its_refusals(
    make_bot: Callable[..., BotFactory],
) -> None:
    class Stubborn:
        machine = "farm1"

        def sync(self) -> int:
            return 7

        async def stop(self) -> None:
            raise SettingsError(["no"])

    seen: list[Any] = []

    def remembering(place: Any) -> Any:
        seen.append(place.beside(Stubborn()))
        return make_bot()(place)

    async with serve_page(remembering):
        assert (seen[0].machine, seen[0].sync()) == ("farm1", 7)
        with pytest.raises(SettingsError, match="no"):
            await seen[0].stop()


async def test_a_fixed_port_is_used_on_loopback(make_bot: Callable[..., BotFactory]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with serve_page(make_bot(), port=port) as page:
        assert page.url.startswith(f"http://127.0.0.1:{port}/")


async def test_a_taken_port_is_told_in_one_sentence(make_bot: Callable[..., BotFactory]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}"):
            async with serve_page(make_bot(), port=port):
                pass


async def test_one_page_after_another_can_be_served(make_bot: Callable[..., BotFactory]) -> None:
    for _ in range(2):
        async with serve_page(make_bot()) as page:
            assert await message_age(page) < timedelta(seconds=2)
        assert page.bot.is_closed()
