"""The real bot on a simulated Discord, with one person of each kind."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import discord
import pytest
from simcord import Env

from plotobot.access import Access, Holders
from plotobot.alerts import Pace
from plotobot.bot import PlotoBot
from plotobot.errors import Refusal


def _load_scripted() -> ModuleType:
    """Tests are no packages, so a module beside them is loaded by its place."""
    if "scripted" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "scripted", Path(__file__).with_name("scripted.py")
        )
        assert spec
        assert spec.loader
        sys.modules["scripted"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["scripted"]


scripted = _load_scripted()
PACE = Pace(gather=0.001, rest=0.001, first=1.0, longest=60.0, shut=600.0)


@dataclass
class Farm:
    """A server with the bot in it, and people."""

    env: Env
    bot: PlotoBot
    engine: Any
    guild: Any
    channel: Any
    alerts: Any
    owner: Any
    operator: Any
    viewer: Any
    stranger: Any
    namesake: Any
    """Wears a role with the operators' name that is not the operators'."""
    abroad: Any
    """The operator, in another server where the bot is too, with a role of the same name."""
    channel_abroad: Any
    robot: Any
    """Another bot, with the operators' role."""

    def who(self, name: str) -> tuple[Any, Any]:
        """A person and the channel they type in."""
        return getattr(self, name), self.channel_abroad if name == "abroad" else self.channel

    async def slash(self, name: str, command: str, **options: Any) -> Any:
        """Let somebody type a command."""
        person, channel = self.who(name)
        return await person.slash(channel, command, **options)

    def told(self) -> list[str]:
        """The alert channel, oldest first."""
        stored = self.env.backend.messages[self.alerts.id].values()
        return [message.content for message in sorted(stored, key=lambda m: m.id)]

    def sends(self) -> list[Any]:
        """The nonces of all attempts to send to the alert channel."""
        path = f"/channels/{self.alerts.id}/messages"
        return [r.json["nonce"] for r in self.env.http_requests if r.path == path]


@pytest.fixture
def engine() -> Any:
    """An engine in memory, see `scripted.py`."""
    return scripted.ScriptedEngine()


@pytest.fixture
def make_job() -> Any:
    return scripted.make_job


@pytest.fixture
def make_drive() -> Any:
    return scripted.make_drive


@pytest.fixture
def make_orphan() -> Any:
    return scripted.make_orphan


@pytest.fixture
def make_event() -> Any:
    return scripted.make_event


@pytest.fixture
def options() -> dict[str, Any]:
    """What a test changes about the bot."""
    return {}


@pytest.fixture
def env() -> Env:
    """The simulated Discord, before any bot has come."""
    return Env(discord.Client(intents=discord.Intents(guilds=True)), settle_timeout=20.0)


@pytest.fixture
async def farm(env: Env, engine: Any, options: dict[str, Any]) -> AsyncIterator[Farm]:
    """The farm, up and running."""
    home, away = env.create_guild("home"), env.create_guild("away")
    channel, alerts = home.create_text_channel("farm"), home.create_text_channel("alerts")
    channel_abroad = away.create_text_channel("general")
    operators, namesakes = home.create_role("operators"), home.create_role("operators")
    abroad = away.create_role("operators")
    viewers = home.create_role("viewers")
    people = {name: env.create_user(name) for name in ("owner", "op", "viewer", "no", "namesake")}
    access = Access(
        home.id,
        alerts.id,
        owners=Holders(users=frozenset({people["owner"].id})),
        operators=Holders(roles=frozenset({operators.id})),
        viewers=Holders(roles=frozenset({viewers.id})),
    )
    env.bot = bot = PlotoBot(engine, access, **{"pace": PACE, **options})
    engine.wait = lambda awaitable: env.external_wait(awaitable, reason="the engine's next change")
    await env.start()
    here = {name: home.add_member(user) for name, user in people.items() if name in ("owner", "no")}
    farm = Farm(
        env, bot, engine, home, channel, alerts,
        owner=here["owner"],
        operator=home.add_member(people["op"], roles=[operators]),
        viewer=home.add_member(people["viewer"], roles=[viewers]),
        stranger=here["no"],
        namesake=home.add_member(people["namesake"], roles=[namesakes]),
        abroad=away.add_member(people["op"], roles=[abroad]),
        channel_abroad=channel_abroad,
        robot=home.add_member(env.create_user("robot", bot=True), roles=[operators]),
    )  # fmt: skip
    await env.settle()
    try:
        yield farm
    finally:
        await env.shutdown()
        await bot.close()
    unseen = env.errors_since(env._errors_acknowledged)
    assert [e for e in unseen if not isinstance(e.__cause__, Refusal)] == []


@pytest.fixture(autouse=True)
def _no_stray_modules() -> Iterator[None]:
    """Cogs are loaded anew by each bot."""
    yield
    for name in [n for n in sys.modules if n.startswith("cogs.")]:
        del sys.modules[name]
