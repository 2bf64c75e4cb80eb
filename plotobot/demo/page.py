"""A Discord server in a browser page: one bot, one guild, one channel, one owner, no account.

SimCord plays Discord: the very bot runs against it and its preview shows the channel on loopback.
SimCord is made for tests: its clock stands still, it waits until everything the bot does has come
to rest, and it publishes the channel when told to. `unseen` and `keeper` meet these habits; nothing
outside these three modules knows of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import discord
from discord.ext import commands

from plotobot.demo.keeper import behind, kept_true
from plotobot.demo.unseen import Beside, outside, set_up_outside
from plotobot.errors import SettingsError

if TYPE_CHECKING:
    import simcord

T = TypeVar("T")
BotFactory = Callable[["Place"], commands.Bot]

_SETTLE_SECONDS = 30.0
"""How long SimCord waits for a command that awaits something else than the engine."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the page calls things."""

    guild: str = "Plotobot's demo"
    channel: str = "plots"
    topic: str = "What a farmer sees. Type / for the commands."
    owner: str = "farmer"
    bot: str = "Plotobot"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bot will live, told before it is built."""

    guild_id: int
    channel_id: int
    owner_id: int
    _env: simcord.Env

    def beside(self, engine: T) -> T:
        """The same engine for the bot's hands: its methods run in real time, unseen by SimCord.

        A command that awaits one of them for longer than a blink no longer holds up the page.
        Works for any object whose methods are called; from anywhere, not only from commands.
        """
        return cast(T, Beside(engine, self._env))


@dataclass(frozen=True, slots=True)
class Page:
    """The page while it is served."""

    url: str
    """Opens the page. Whoever holds it can press buttons; it answers on loopback only."""
    bot: commands.Bot
    closed: Callable[[], Awaitable[None]]
    """Returns when somebody ended the session in the page."""


@contextlib.asynccontextmanager
async def serve_page(
    make_bot: BotFactory, *, port: int = 0, names: Names | None = None, timezone: str = "UTC"
) -> AsyncIterator[Page]:
    """Run a bot in a Discord of its own and serve what its owner sees.

    Args:
        make_bot: builds the bot once its guild, channel and owner are known. The bot is logged in,
            its `setup_hook` runs, and at the end it is closed.
        port: of 127.0.0.1; 0 takes a free one.
        names: what the page calls things.
        timezone: the viewer's, as `Europe/Berlin`; the page shows local times as Discord does.

    Raises:
        SettingsError: SimCord is not installed, the port is taken, or there is no such time zone.
    """
    names = names or Names()
    with _hushed():
        env = _discord(names)
        await env.start()
    try:
        await env.advance_time(behind(env))
        place, channel, owner = _furnish(env, names)
        bot = make_bot(place)
        set_up_outside(bot)
        await env.restart_bot(bot)
        try:
            async with _opened(env, channel, owner, port, timezone) as preview:
                with kept_true(env, preview):
                    yield Page(url=preview.url, bot=bot, closed=preview.wait_closed)
        finally:
            await outside(bot.close())
    finally:
        await env.shutdown()


def check_port(port: int) -> None:
    """Find out before anything begins whether the page can be served there.

    Raises:
        SettingsError: another program has the port, or it may not be had.
    """
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            problem = f"--port {port}: {error.strerror or error}; name another, or 0 for any."
            raise SettingsError([problem]) from error


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep back what discord.py says to clients that do nothing: SimCord makes some."""
    logger = logging.getLogger("discord")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _discord(names: Names) -> simcord.Env:
    """SimCord's Discord with a client that does nothing, so that the clock can be set first."""
    try:
        import simcord
    except ImportError as error:
        problem = "The demo's page needs SimCord: install it with `pip install plotobot[demo]`."
        raise SettingsError([problem]) from error
    nobody = discord.Client(intents=discord.Intents(guilds=True))
    env = simcord.Env(nobody, check_errors=False, settle_timeout=_SETTLE_SECONDS)
    # No public way to name the bot's account before it logs in.
    env.backend.bot_user.name = names.bot
    return env


def _furnish(
    env: simcord.Env, names: Names
) -> tuple[Place, simcord.ChannelHandle, simcord.MemberActor]:
    import simcord

    owner = env.create_user(names.owner)
    guild = env.create_guild(names.guild, owner=owner)
    channel = guild.create_text_channel(names.channel, topic=names.topic)
    place = Place(guild.id, channel.id, owner.id, env)
    return place, channel, simcord.MemberActor(env, guild, owner)


@contextlib.asynccontextmanager
async def _opened(
    env: simcord.Env,
    channel: simcord.ChannelHandle,
    viewer: simcord.MemberActor,
    port: int,
    timezone: str,
) -> AsyncIterator[simcord.Preview]:
    import simcord

    try:
        preview = env.preview(
            channel, viewers=[viewer], layout="channel", timezone=timezone, port=port or None
        )
        await preview.__aenter__()
    except simcord.SetupError as error:
        raise SettingsError([f"The demo's page cannot be served: {error}."]) from error
    try:
        yield preview
    finally:
        await preview.close()
