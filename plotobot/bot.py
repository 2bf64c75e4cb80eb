"""The Discord client: who may do what, one funnel for errors, commands synced when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import TracebackType
from typing import Any, Protocol

import discord
import yarl
from discord import app_commands
from discord.ext import commands

from plotobot.access import Access
from plotobot.alerts import Letter, Pace
from plotobot.board import BoardKeeper, BoardPace
from plotobot.couriers import Couriers
from plotobot.engine.models import Outcome
from plotobot.engine.notes import noted
from plotobot.engine.protocol import Engine
from plotobot.errors import PlotobotError
from plotobot.telling import MAIN, WEBHOOK, Telling
from plotobot.ui import (
    advice,
    audit_pages,
    board_buttons,
    buttons,
    clean_buttons,
    limits,
    pages,
    replot_buttons,
    report_buttons,
    report_plan,
    snooze,
)
from plotobot.ui.audit import note_after
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.errors import UNREACHED
from plotobot.ui.guards import admit, answer_and_note, level_of_command
from plotobot.ui.listings import Listings
from plotobot.ui.seals import Seals
from plotobot.ui.snooze import Snoozes, snooze_buttons

log = logging.getLogger(__name__)

EXTENSIONS = (
    "cogs.spawn", "cogs.jobs", "cogs.mover", "cogs.clean", "cogs.drives", "cogs.plots",
    "cogs.replot", "cogs.report", "cogs.farm", "cogs.audit", "cogs.help",
)  # fmt: skip
_SYNCED = "discord.commands"
LOST = (*UNREACHED, discord.ConnectionClosed, discord.GatewayNotFound)
NO_VOICE = "voice will NOT be supported"
_TALKATIVE = ("discord.http", "discord.client", "discord.gateway", "discord.webhook.async_")


@dataclass(frozen=True, slots=True)
class _Synced:
    """The commands that Discord was told last: their digest, and the id of each."""

    digest: str = ""
    ids: dict[str, int] = field(default_factory=dict)


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
        telling: Telling | None = None,
        board: int | None = None,
        pace: Pace | None = None,
        board_pace: BoardPace | None = None,
    ) -> None:
        """Build the bot; nothing is sent before `start`.

        Args:
            engine: what it speaks for.
            access: the server, the channel for alerts, and who may do what.
            extensions: the cogs, by module name.
            telling: which kinds of events are told, and how; None tells all, all in one place.
            board: the channel of the live board; None shows none.
            pace: how long the couriers wait between things.
            board_pace: how long the board's keeper does.
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
        self.snoozes = Snoozes(engine)
        self._telling = telling or Telling()
        self._couriers = Couriers(
            engine, self._post, telling=self._telling, snoozes=self.snoozes, pace=pace
        )
        self._board = BoardKeeper(engine, self, channel=board, main=access.channel, pace=board_pace)
        self._tasks: list[asyncio.Task[None]] = []

    async def setup_hook(self) -> None:
        """Prepare buttons, cogs and commands, then begin to tell the news.

        Raises:
            discord.ext.commands.ExtensionError: a cog does not load; the start fails with it.
        """
        buttons.register(self)
        pages.register(self)
        limits.register(self)
        advice.register(self)
        clean_buttons.register(self)
        report_buttons.register(self)
        report_plan.register(self)
        board_buttons.register(self)
        snooze.register(self)
        replot_buttons.register(self)
        audit_pages.register(self)
        for name in self._extensions:
            await self.load_extension(name)
        self.tree.copy_global_to(guild=self.home)
        self.tree.clear_commands(guild=None)  # they are this server's; no other gets any
        await self.sync()
        self._tasks = [
            asyncio.create_task(self._couriers.run(), name="couriers"),
            asyncio.create_task(self._board.run(), name="board"),
        ]

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave Discord. Only a stop that was asked for cancels the bot: then the board says so."""
        if kind is asyncio.CancelledError:
            await self._rest()
            await self._board.farewell()
        await super().__aexit__(kind, error, trace)

    async def close(self) -> None:
        """Stop telling the news, then leave Discord."""
        await self._rest()
        await super().close()

    async def _rest(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def obey(self, access: Access, telling: Telling, board: int | None = None) -> None:
        """Let other people command, tell other things, hang the board elsewhere, from now on.

        The server stays the one it is: its commands hang on it.
        """
        self.access = replace(access, guild=self.access.guild)
        self._telling = telling
        self._couriers.obey(telling)
        self._board.move_to(board, access.channel)

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
        known = noted(await self.engine.recall(_SYNCED), _Synced, _Synced())
        if known.digest == digest and not anew:
            self.command_ids = known.ids
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
        kept = asdict(_Synced(digest, self.command_ids))
        await self.engine.remember(_SYNCED, json.dumps(kept))

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

    async def hang(self, channel: int, view: discord.ui.LayoutView, nonce: str) -> int:
        """Send a board; its message's id."""
        message = await self._channel(channel).send(view=view, nonce=nonce)
        return message.id

    async def repaint(self, channel: int, message: int, view: discord.ui.LayoutView) -> None:
        """Change a board in place."""
        await self._channel(channel).get_partial_message(message).edit(view=view)

    async def take_down(self, channel: int, message: int) -> None:
        """Remove a board."""
        await self._channel(channel).get_partial_message(message).delete()

    async def _post(self, place: str, letter: Letter) -> None:
        """Bring a letter to its place; a critical one calls the role that is set for that."""
        role = self._telling.manner.role if letter.urgent else None
        text = f"<@&{role}> {letter.text}" if role else letter.text
        called = [discord.Object(role)] if role else False
        mentions = discord.AllowedMentions(everyone=False, users=False, roles=called)
        if place.startswith(WEBHOOK):
            number, token = self._telling.manner.webhooks[place.removeprefix(WEBHOOK)]
            webhook = discord.Webhook.partial(number, token, client=self)
            # Discord knows no nonce here: what it took and then failed to say may come twice.
            # Nor does it take buttons from a webhook of another application.
            parts = letter.enclosure.parts(buttons=False) if letter.enclosure else {}
            await webhook.send(text, allowed_mentions=mentions, wait=True, **parts)
            return
        channel = self._channel(self.access.channel if place == MAIN else int(place))
        parts = letter.enclosure.parts() if letter.enclosure else {}
        if view := snooze_buttons(letter.urgent):
            parts["view"] = view
        await channel.send(text, nonce=letter.nonce, allowed_mentions=mentions, **parts)

    def _channel(self, number: int) -> discord.PartialMessageable:
        return self.get_partial_messageable(number, guild_id=self.access.guild)


class Start(Protocol):
    """What `stay_linked` asks of a bot."""

    async def start(self, token: str, /) -> None:
        """Log in and serve until the link is lost."""
        ...

    async def __aenter__(self) -> Any: ...
    async def __aexit__(self, kind: Any, error: Any, trace: Any, /) -> Any: ...


async def stay_linked(
    make_bot: Callable[[], Start],
    token: str,
    *,
    first: float = 1,
    longest: float = 300,
    secrets: Callable[[], Collection[str]] = tuple,
) -> None:
    """Hold the link to Discord until cancelled, with a fresh bot after each loss.

    discord.py comes back by itself once it was connected, but gives up when the very first
    connection fails; this is what a reboot without network relies on.

    Args:
        make_bot: builds a bot that was never started.
        token: the bot's token; it is kept out of the logs.
        first: seconds to wait after the first failure; doubled each time.
        longest: the most seconds to wait. At 300, at most 288 logins a day; Discord allows 1,000.
        secrets: asked for what else is kept out of the logs, such as webhooks' tokens.

    Raises:
        TokenRefused: the token is wrong, or lacks what the bot asks for.
        discord.ext.commands.ExtensionError: a cog does not load.
    """
    clock = asyncio.get_running_loop().time
    hidden = _hide(token, secrets)
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


def _hide(token: str, secrets: Callable[[], Collection[str]]) -> logging.Filter:
    hidden = TokenFilter(token, secrets)
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(hidden)
    return hidden


class TokenFilter(logging.Filter):
    """Makes discord.py's log lines fit for a farmer: no token, nothing there is no need to know."""

    def __init__(self, token: str, secrets: Callable[[], Collection[str]] = tuple) -> None:
        super().__init__()
        self._token, self._secrets = token, secrets

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
        for secret in filter(None, (self._token, *self._secrets())):
            if secret in message:
                message = message.replace(secret, "[token]")
                record.msg, record.args = message, ()
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
