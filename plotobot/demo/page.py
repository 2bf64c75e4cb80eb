"""A Discord server in a browser page: one bot, one guild, one channel, one owner, no account.

SimCord plays Discord: the very bot runs against it and its preview shows the channel on loopback.
SimCord is made for tests, so three of its habits are met here, and only here:

* Its clock stands still. It is moved along with the real one, once a second.
* It waits until everything the bot does has come to rest, and a sleep inside the bot runs on its
  clock. So whatever the bot starts for good (`setup_hook`, the `cog_load` of its cogs) and the
  engine run outside its sight, in real time, and a command that waits long for the engine is
  declared to wait for something outside.
* It publishes the channel when told to. It is told after every call the bot made.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import discord
from discord.ext import commands

if TYPE_CHECKING:
    import simcord

T = TypeVar("T")
BotFactory = Callable[["Place"], commands.Bot]

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
_CLOCK_SECONDS = 1.0
_IDLE_REFRESH_SECONDS = 10.0
_SETTLE_SECONDS = 30.0
_GRACE_SECONDS = 0.4
"""A call to the engine that is faster than this is part of the command that made it."""


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
        return cast(T, _Beside(engine, self._env))


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
    make_bot: BotFactory, *, port: int = 0, names: Names | None = None
) -> AsyncIterator[Page]:
    """Run a bot in a Discord of its own and serve what its owner sees.

    Args:
        make_bot: builds the bot once its guild, channel and owner are known. The bot is logged in,
            its `setup_hook` runs, and at the end it is closed.
        port: of 127.0.0.1; 0 takes a free one.
        names: what the page calls things.

    Raises:
        RuntimeError: SimCord is not installed, or the port is taken; it says what to do.
    """
    names = names or Names()
    env = _discord(names)
    await env.start()
    try:
        await env.advance_time(_behind(env))
        place, channel, owner = _furnish(env, names)
        bot = make_bot(place)
        _set_up_outside(bot)
        await env.restart_bot(bot)
        try:
            preview = env.preview(channel, viewers=[owner], layout="channel", port=port or None)
            async with _opened(preview, port), _kept_true(env, preview):
                yield Page(url=preview.url, bot=bot, closed=preview.wait_closed)
        finally:
            await _outside(bot.close())
    finally:
        await env.shutdown()


def _discord(names: Names) -> simcord.Env:
    """SimCord's Discord with a client that does nothing, so that the clock can be set first."""
    try:
        import simcord
    except ImportError as error:
        raise RuntimeError(
            "The demo's page needs SimCord: install it with `pip install plotobot[demo]`."
        ) from error
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
async def _opened(preview: simcord.Preview, port: int) -> AsyncIterator[None]:
    import simcord

    try:
        await preview.__aenter__()
    except simcord.SetupError as error:
        raise RuntimeError(f"The demo's page cannot be served on port {port}: {error}") from error
    try:
        yield
    finally:
        await preview.close()


# --- out of SimCord's sight


def _unseen() -> contextvars.Context:
    """This context without SimCord's marks: what starts in it is nobody's business but its own.

    The rest is kept, above all the adapter through which discord.py answers interactions.
    """
    fresh = contextvars.Context()
    for variable, value in contextvars.copy_context().items():
        if not variable.name.startswith("simcord_"):
            fresh.run(variable.set, value)
    return fresh


def _outside(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    return _unseen().run(asyncio.create_task, work)


def _set_up_outside(bot: commands.Bot) -> None:
    """Have the bot's set-up, and with it all tasks that it starts, run in real time."""
    set_up = bot.setup_hook

    async def setup_hook() -> None:
        await _outside(set_up())

    bot.setup_hook = setup_hook  # type: ignore[method-assign]


class _Beside:
    """Stands for an engine and calls it out of SimCord's sight."""

    def __init__(self, engine: object, env: simcord.Env) -> None:
        self._engine = engine
        self._env = env

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return self._called(found) if callable(found) else found

    def _called(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = _unseen().run(method, *args, **kwargs)
            return self._waited(result) if inspect.iscoroutine(result) else result

        return call

    async def _waited(self, work: Coroutine[Any, Any, T]) -> T:
        task = _outside(work)
        try:
            await _outside(_glance(task))
            if task.done():
                return task.result()
            return await self._wait_long(task)
        finally:
            task.cancel()

    async def _wait_long(self, task: asyncio.Task[T]) -> T:
        import simcord

        try:
            return cast(T, await self._env.external_wait(task, reason="the engine is at work"))
        except simcord.SetupError:
            return await task  # not called by a command: SimCord does not wait for this anyway


async def _glance(task: asyncio.Task[Any]) -> None:
    await asyncio.wait({task}, timeout=_GRACE_SECONDS)


# --- the clock, and what the page shows


def _behind(env: simcord.Env) -> float:
    return max(0.0, (datetime.now(UTC) - env.now()).total_seconds())


@contextlib.asynccontextmanager
async def _kept_true(env: simcord.Env, preview: simcord.Preview) -> AsyncIterator[None]:
    turn = asyncio.Lock()
    _take_turns(preview, turn)
    keeper = _outside(_keep_true(env, preview, turn))
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.wait({keeper})


async def _keep_true(env: simcord.Env, preview: simcord.Preview, turn: asyncio.Lock) -> None:
    shown = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = asyncio.get_running_loop().time()
        changed = bool(env.http_requests) or now - shown > _IDLE_REFRESH_SECONDS
        if not changed and _behind(env) < _CLOCK_SECONDS:
            continue
        async with turn:
            try:
                await _catch_up(env, preview, changed)
            except TimeoutError as error:
                _log.debug("The bot is busy; the page waits for it: %s", error)
        shown = now if changed else shown


async def _catch_up(env: simcord.Env, preview: simcord.Preview, changed: bool) -> None:
    await env.advance_time(_behind(env))
    if changed:
        env.http_requests.clear()
        await preview.refresh()


def _take_turns(preview: simcord.Preview, turn: asyncio.Lock) -> None:
    """Let what people do in the page and the keeping of the clock wait for each other.

    SimCord refuses an action that meets its clock moving, and one that was made on a page half a
    second old; Discord does neither. It offers no public place to say so, hence its own method.
    """
    act = preview._action

    async def action(context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        async with turn:
            page = preview._pages.get(context_id or "")
            if page is not None and isinstance(body, Mapping) and "published_revision" in body:
                body = {**body, "published_revision": page.revision}
            return await act(context_id, body)

    preview._action = action  # type: ignore[method-assign]
