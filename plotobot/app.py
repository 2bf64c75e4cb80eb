"""Puts the parts together: settings, store, engine, the link to Discord; and takes them down again.

The engine starts first and outlives Discord: without a network plots are made all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from plotobot.bot import PlotoBot, point_at, stay_linked
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay, DriveSpec, VolumeSource, local_volumes, parse_spec
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, EventKind
from plotobot.engine.notes import noted
from plotobot.engine.spawner import KNOWN_DRIVES
from plotobot.engine.store import Store
from plotobot.engine.supervision.locks import StateDirLock, hold_state_dir
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.tending import tended
from plotobot.errors import SettingsError
from plotobot.loop_watch import watched_loop
from plotobot.plotters import PLOTTERS

if TYPE_CHECKING:
    from plotobot.settings import Settings

log = logging.getLogger(__name__)

CLOCK_EVERY = 15
"""Seconds between two looks at the calendar."""


@contextlib.asynccontextmanager
async def running_engine(
    config: EngineConfig,
    keep: Callable[[Mapping[str, object]], None] | None = None,
    source: VolumeSource | None = None,
) -> AsyncIterator[PlottingEngine]:
    """An engine at work on its state directory, which nobody else may hold.

    Args:
        config: what it has to know.
        keep: writes changed settings into their file, by dotted key; None where there is none.
        source: who tells of drives; None asks this machine.

    Raises:
        StateDirInUse: another Plotobot runs on it.
        SettingsError: it is no folder, or one that cannot be written to.
        StoreError: the database cannot be used.
    """
    async with opened_store(config) as (store, known):
        supervisor = Supervisor(config.jobs_root)
        try:
            bay = DriveBay(specs_of(config), source or local_volumes(), known)
            async with PlottingEngine(config, store, supervisor, bay, keep=keep) as engine:
                yield engine
        finally:
            await supervisor.close()


@contextlib.asynccontextmanager
async def opened_store(config: EngineConfig) -> AsyncIterator[tuple[Store, dict[str, str]]]:
    """The database of a state directory, which nobody else may hold, and the drives it knows.

    Raises:
        StateDirInUse: another Plotobot runs on it.
        SettingsError: it is no folder, or one that cannot be written to.
        StoreError: the database cannot be used.
    """
    with await asyncio.to_thread(_hold, config.state_dir):
        store = await Store.open(config.state_dir / "plotobot.db")
        try:
            yield store, noted(await store.recall(KNOWN_DRIVES), dict[str, str], {})
        finally:
            await store.close()


def _hold(state_dir: Path) -> StateDirLock:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return hold_state_dir(state_dir)
    except OSError as error:
        what = f"the state folder {state_dir} cannot be used: {error.strerror or error}"
        raise SettingsError([f"{what}; name one that can be written to, with --state."]) from None


async def run(settings: Settings, *, discord: bool = True) -> None:
    """Run until SIGINT or SIGTERM.

    Args:
        settings: what the farmer set.
        discord: whether to link to Discord; without, the engine works on its own.

    Raises:
        SettingsError: something that the link needs is not set.
        TokenRefused: Discord does not take the token. Running plots go on.
        StateDirInUse: another Plotobot runs on the state directory.
    """
    from plotobot.reload import follow_settings  # the settings are loaded by now; not so above

    token = _token(settings) if discord else None
    stop = asyncio.Event()
    with stopped_by_signals(stop), watched_loop():
        async with running_engine(settings.engine, keep=_writer(settings)) as engine:
            log.info("%s is at work; its state is in %s", settings.machine, settings.state_dir)
            async with _calendar(engine):
                link = Link(engine, settings)
                take_up = partial(_take_up, engine, link)
                follow = partial(follow_settings, settings, engine, take_up)
                alarm = partial(engine.tell, EventKind.TROUBLE)
                following = asyncio.create_task(
                    tended("the watch over the settings", follow, alarm)
                )
                try:
                    await _until_stopped(stop, link.hold(token) if token else None)
                finally:
                    following.cancel()
            log.info("stopping; running plots go on")


async def _take_up(engine: PlottingEngine, link: Link, settings: Settings) -> None:
    """Put changed settings to use.

    Raises:
        SettingsError: a written drive cannot be read as one, or the link needs what they lack.
    """
    link.require(settings)
    await engine.reconfigure(settings.engine, specs_of(settings.engine))
    link.take_up(settings)


@contextlib.asynccontextmanager
async def _calendar(engine: PlottingEngine) -> AsyncIterator[None]:
    """What happens by the clock: the regular summary.

    The engine knows when it is due; it is asked so often that neither a clock that was set nor a
    machine that slept can put a summary off.
    """
    # A loop that was busy for a second must not lose a summary, which is APScheduler's default.
    defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
    scheduler.add_job(engine.tell_summary_if_due, "interval", seconds=CLOCK_EVERY)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # it shuts down on the loop's next turn


class Link:
    """The line to Discord, held by one bot after another, each with the present settings."""

    def __init__(self, engine: PlottingEngine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._bot: PlotoBot | None = None
        self._held = False

    def hold(self, token: str) -> asyncio.Future[None]:
        """Link up and stay linked; see `stay_linked` for how it ends."""
        self._held = True
        point_at(self._settings.api_base, self._settings.gateway_url)
        return asyncio.ensure_future(stay_linked(self._make_bot, token, secrets=self._secrets))

    def require(self, settings: Settings) -> None:
        """Hold that a link that there is can go on with other settings.

        Raises:
            SettingsError: something that it needs is not set.
        """
        if self._held and (problems := _unset(settings)):
            raise SettingsError(problems)

    def take_up(self, settings: Settings) -> None:
        """Obey other people and tell other things from now on."""
        self._settings = settings
        if self._bot and settings.access:
            self._bot.obey(settings.access, settings.telling, settings.board)

    def _make_bot(self) -> PlotoBot:
        access = self._settings.access
        if access is None:
            raise SettingsError(_unset(self._settings))
        settings = self._settings
        self._bot = PlotoBot(self._engine, access, telling=settings.telling, board=settings.board)
        return self._bot

    def _secrets(self) -> list[str]:
        return [token for _, token in self._settings.telling.manner.webhooks.values()]


async def _until_stopped(stop: asyncio.Event, link: asyncio.Future[None] | None) -> None:
    """Wait for the stop, or for the link to end for good with its error."""
    stopping = asyncio.ensure_future(stop.wait())
    waiting: list[asyncio.Future[Any]] = [stopping, link] if link else [stopping]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if link and link.done():
            link.result()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _writer(settings: Settings) -> Callable[[Mapping[str, object]], None]:
    """Writes changed settings into their file, keeping every comment of it."""

    def write(changes: Mapping[str, object]) -> None:
        from plotobot.settings.editing import edit_settings  # tomlkit waits until it is needed

        edit_settings(settings.file, changes, plotters=tuple(PLOTTERS))

    return write


def _token(settings: Settings) -> str:
    """The bot's token, once all is set that the link needs.

    Raises:
        SettingsError: something is not.
    """
    problems = _unset(settings)
    if settings.token is None or problems:
        raise SettingsError(problems)
    return settings.token.get_secret_value()


def _unset(settings: Settings) -> list[str]:
    problems = []
    if settings.token is None:
        problems.append(
            f"DISCORD_TOKEN is not set; put the bot's token into {settings.env_file}, "
            "or run without Discord: plotobot run --no-discord."
        )
    if settings.access is None:
        problems.append(
            f"{settings.file}: discord.guild and discord.channel are not set; "
            "name the server and the channel that the bot is to live in."
        )
    return problems


def specs_of(config: EngineConfig) -> dict[DriveKind, list[DriveSpec]]:
    """The written drives, read.

    Raises:
        SettingsError: an entry names no drive.
    """
    specs: dict[DriveKind, list[DriveSpec]] = {}
    problems: list[str] = []
    for kind, entries in config.drives.items():
        for entry in entries:
            try:
                specs.setdefault(kind, []).append(parse_spec(entry))
            except ValueError as error:
                problems.append(f"drives.{kind.value}: {error}")
    if problems:
        raise SettingsError(problems)
    return specs


@contextlib.contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` at SIGINT and SIGTERM, while inside."""
    loop = asyncio.get_running_loop()
    names = (signal.SIGINT, signal.SIGTERM)
    if sys.platform == "win32":  # its loop takes no signal handlers
        before = {name: signal.getsignal(name) for name in names}
        for name in names:
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
        return
    for name in names:
        loop.add_signal_handler(name, stop.set)
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)
