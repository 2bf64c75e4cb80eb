"""The Discord client: who may do what, one funnel for errors, commands synced when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import discord
import yarl
from discord import app_commands
from discord.ext import commands

from plotobot.access import Access
from plotobot.alerts import Courier, Pace
from plotobot.engine.models import EventKind, Outcome
from plotobot.engine.protocol import Engine
from plotobot.errors import PlotobotError
from plotobot.ui import audit_pages, buttons, clean_buttons, limits, pages
from plotobot.ui.audit import note_after
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.errors import UNREACHED
from plotobot.ui.guards import admit, answer_and_note, level_of_command
from plotobot.ui.listings import Listings
from plotobot.ui.seals import Seals

log = logging.getLogger(__name__)

EXTENSIONS = tuple(
    f"cogs.{name}"
    for name in ("spawn", "jobs", "mover", "clean", "drives", "report", "farm", "audit", "help")
)
_SYNCED = "discord.commands"
LOST = (*UNREACHED, discord.ConnectionClosed, discord.GatewayNotFound)
NO_VOICE = "voice will NOT be supported"
_TALKATIVE = ("discord.http", "discord.client", "discord.gateway", "discord.webhook.async_")


class TokenRefused(PlotobotError):  # noqa: N818 - it reads as what it is
    """Discord does not take the bot's token, or not what it asks for; waiting mends nothing."""

    exit_code = 3


class Tree(app_commands.CommandTree[FarmClient]):
    """The commands, behind the one rule of who may."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Ask the rule, also for autocomplete; whatever goes wrong is a no.

        discord.py gives nothing but an AppCommandError raised in here to any handler.
        """
        try:
            return await admit(interaction, level_of_command(interaction.command))
        except Exception as error:  # the last frame: above it nobody is told
            await answer_and_note(interaction, error)
            return False

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Give every failed command its answer."""
        await answer_and_note(interaction, error)


class PlotoBot(FarmClient):
    """The farm's bot. Each instance serves one link to Discord; the engine outlives it."""

    def __init__(
        self,
        engine: Engine,
        access: Access,
        *,
        extensions: Sequence[str] = EXTENSIONS,
        alerts: Collection[EventKind] = frozenset(EventKind),
        pace: Pace | None = None,
    ) -> None:
        """Build the bot; nothing is sent before `start`.

        Args:
            engine: what it speaks for.
            access: the server, the channel for alerts, and who may do what.
            extensions: the cogs, by module name.
            alerts: the kinds of events that are told; the others count as told.
            pace: how long the courier waits between things.
        """
        super().__init__(
            command_prefix=commands.when_mentioned,  # any other asks for message content
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
            help_command=None,
            max_messages=None,
            tree_cls=Tree,
        )
        self.engine = engine
        self.access = access
        self.seals = Seals()
        self.listings = Listings()
        self.command_ids: Mapping[str, int] = {}
        self._extensions = tuple(extensions)
        self._courier = Courier(engine, self._post, told=alerts, pace=pace)
        self._carrying: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Prepare buttons, cogs and commands, then begin to tell the news.

        Raises:
            discord.ext.commands.ExtensionError: a cog does not load; the start fails with it.
        """
        buttons.register(self)
        pages.register(self)
        limits.register(self)
        clean_buttons.register(self)
        audit_pages.register(self)
        for name in self._extensions:
            await self.load_extension(name)
        self.tree.copy_global_to(guild=self.home)
        self.tree.clear_commands(guild=None)  # they are this server's; no other gets any
        await self.sync()
        self._carrying = asyncio.create_task(self._courier.run(), name="courier")

    async def close(self) -> None:
        """Stop telling the news, then leave Discord."""
        if self._carrying is not None:
            self._carrying.cancel()
            await asyncio.wait([self._carrying])
        await super().close()

    def obey(self, access: Access, alerts: Collection[EventKind]) -> None:
        """Let other people command and tell other kinds of events, from now on.

        The server stays the one it is: its commands hang on it.
        """
        self.access = replace(access, guild=self.access.guild)
        self._courier.tell_only(alerts)

    @property
    def home(self) -> discord.Object:
        """The server that is served."""
        return discord.Object(self.access.guild)

    async def sync(self, *, anew: bool = False) -> None:
        """Tell Discord the commands, if they are not the ones it has.

        A server that the bot is not in yet is named in the log with the link that invites it.

        Args:
            anew: also if they have not changed.
        """
        digest = self._digest()
        known = json.loads(await self.engine.recall(_SYNCED) or "{}")
        if known.get("digest") == digest and not anew:
            self.command_ids = known["ids"]
            return
        try:
            synced = await self.tree.sync(guild=self.home)
        except discord.Forbidden as error:
            invitation = discord.utils.oauth_url(
                self.application_id or 0, scopes=("bot", "applications.commands")
            )
            log.error("server %d is closed to the bot (%s): %s", self.home.id, error, invitation)  # noqa: TRY400 - the way there tells nothing
            return
        self.command_ids = {command.name: command.id for command in synced}
        kept = json.dumps({"digest": digest, "ids": self.command_ids})
        await self.engine.remember(_SYNCED, kept)

    def _digest(self) -> str:
        told = [command.to_dict(self.tree) for command in self.tree.get_commands(guild=self.home)]
        where = [discord.__version__, self.application_id, self.home.id]
        return hashlib.sha256(json.dumps([where, told], sort_keys=True).encode()).hexdigest()

    async def on_app_command_completion(self, interaction: Interaction, _: object) -> None:
        """Put down that a command was carried out."""
        await note_after(interaction, Outcome.DONE)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Discord forgets a server's commands when the bot is sent away; give them again."""
        if guild.id == self.access.guild:
            await self.sync(anew=True)

    async def _post(self, text: str, nonce: str) -> None:
        channel = self.get_partial_messageable(self.access.channel, guild_id=self.access.guild)
        await channel.send(text, nonce=nonce)


class Start(Protocol):
    """What `stay_linked` asks of a bot."""

    async def start(self, token: str, /) -> None:
        """Log in and serve until the link is lost."""
        ...

    async def __aenter__(self) -> Any: ...
    async def __aexit__(self, kind: Any, error: Any, trace: Any, /) -> Any: ...


async def stay_linked(
    make_bot: Callable[[], Start], token: str, *, first: float = 1, longest: float = 300
) -> None:
    """Hold the link to Discord until cancelled, with a fresh bot after each loss.

    discord.py comes back by itself once it was connected, but gives up when the very first
    connection fails; this is what a reboot without network relies on.

    Args:
        make_bot: builds a bot that was never started.
        token: the bot's token; it is kept out of the logs.
        first: seconds to wait after the first failure; doubled each time.
        longest: the most seconds to wait. At 300, at most 288 logins a day; Discord allows 1,000.

    Raises:
        TokenRefused: the token is wrong, or lacks what the bot asks for.
        discord.ext.commands.ExtensionError: a cog does not load.
    """
    clock = asyncio.get_running_loop().time
    hidden = _hide(token)
    delay = first
    try:
        while True:
            began = clock()
            await _link_once(make_bot, token)
            if clock() - began > 2 * longest:
                delay = first
            log.info("linking to Discord again in %.0f s", delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, longest)
    finally:
        for name in _TALKATIVE:
            logging.getLogger(name).removeFilter(hidden)


async def _link_once(make_bot: Callable[[], Start], token: str) -> None:
    try:
        async with make_bot() as bot:
            await bot.start(token)
    except discord.LoginFailure:
        raise TokenRefused("Discord does not take the bot token. Set a valid one.") from None
    except discord.PrivilegedIntentsRequired:
        raise TokenRefused("Discord does not grant what the bot asks for.") from None
    except discord.ConnectionClosed as error:
        if error.code == 4004:  # authentication failed, told by the gateway
            raise TokenRefused("Discord does not take the bot token any more.") from None
        log.warning("the link to Discord was closed: %s", error)
    except commands.ExtensionError:
        raise
    except Exception as error:  # the last frame: a lost link has many names, a KeyError among them
        # When the first connection fails, discord.py trips over itself; the cause is the context.
        cause = error.__context__ if isinstance(error, AttributeError) else error
        if isinstance(cause, UNREACHED):
            log.warning("no link to Discord: %s", cause)
        else:
            log.exception("no link to Discord")


def _hide(token: str) -> logging.Filter:
    hidden = TokenFilter(token)
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(hidden)
    return hidden


class TokenFilter(logging.Filter):
    """Makes discord.py's log lines fit for a farmer: no token, nothing there is no need to know."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the token out, and the traceback of a lost link: a network away is no fault.

        Returns:
            Whether the line is worth its place: that voice is missing is not.
        """
        message = record.getMessage()
        if message.endswith(NO_VOICE):
            return False
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, LOST):
            message = f"{message}: {error or type(error).__name__}"
            record.msg, record.args, record.exc_info = message, (), None
        if self._token and self._token in message:
            record.msg, record.args = message.replace(self._token, "[token]"), ()
        return True


def point_at(api_base: str | None = None, gateway_url: str | None = None) -> None:
    """Point discord.py at a Discord-compatible server; None leaves that half at Discord.

    Args:
        api_base: such as `http://127.0.0.1:8000/api/v10`.
        gateway_url: such as `ws://127.0.0.1:8000/gateway`.
    """
    if api_base:
        discord.http.Route.BASE = api_base.rstrip("/")
    if gateway_url:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
