"""Every way in, by every kind of person: read from the bot itself, so that none is forgotten.

The payloads are Discord's own, made by hand, so that also what its apps would never send arrives:
a person who has left, a role id that belongs to another server, a direct message.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.webhook import async_

from plotobot.access import Access, Holders, Level
from plotobot.bot import PlotoBot
from plotobot.engine.models import DestinationView, DriveKind, MoverView
from plotobot.ui.board_buttons import mark_of
from plotobot.ui.guards import _NO
from tests.cogs.scripted import ScriptedEngine, make_drive, make_job
from tests.engine.plot_files import make_plot

HOME, AWAY, CHANNEL = 10, 20, 11
OPERATORS, VIEWERS, ABROAD, NAMESAKES, OWNERS = 100, 101, 102, 103, 104
OWNER, OPERATOR, VIEWER, STRANGER = 1000, 1001, 1002, 1003

COMMANDS = {
    "audit": Level.OWNER,
    "clean": Level.OPERATOR,
    "drives": Level.VIEWER,
    "farmlog": Level.VIEWER,
    "help": Level.VIEWER,
    "job": Level.VIEWER,
    "jobs": Level.VIEWER,
    "move once": Level.OPERATOR,
    "move pause": Level.OPERATOR,
    "move start": Level.OPERATOR,
    "move status": Level.VIEWER,
    "move stop": Level.OPERATOR,
    "plots check": Level.VIEWER,
    "plots csv": Level.VIEWER,
    "plots rescan": Level.VIEWER,
    "plots show": Level.VIEWER,
    "replot arm": Level.OWNER,
    "replot disarm": Level.OPERATOR,
    "replot plan": Level.VIEWER,
    "replot status": Level.VIEWER,
    "report every": Level.OPERATOR,
    "report history": Level.VIEWER,
    "report now": Level.VIEWER,
    "spawn advise": Level.VIEWER,
    "spawn limits": Level.OPERATOR,
    "spawn once": Level.OPERATOR,
    "spawn pause": Level.OPERATOR,
    "spawn start": Level.OPERATOR,
    "spawn why": Level.VIEWER,
    "stop": Level.OPERATOR,
}
ITEMS = {
    "AuditButton": ("audit:latest:0", Level.OWNER),
    "BoardLook": (f"board:{mark_of(ScriptedEngine.machine)}:why", Level.VIEWER),
    "ChartButton": ("report:chart:open:n1:days", Level.VIEWER),
    "ConfirmArm": ("replot:ticket", Level.OWNER),
    "ConfirmClean": ("clean:ticket", Level.OPERATOR),
    "ConfirmRescue": ("rescue:ticket", Level.OPERATOR),
    "ConfirmStop": ("stop:ticket", Level.OPERATOR),
    "DetailsButton": ("report:open:n1:0", Level.VIEWER),
    "KeepButton": ("limits:ticket", Level.OWNER),
    "KeepPlanButton": ("plan:ticket", Level.OWNER),
    "LogButton": ("job:20260101-0001:log", Level.VIEWER),
    "PageButton": ("page:jobs:all:0", Level.VIEWER),
    "SnoozeButton": ("snooze:job_failed:1", Level.OPERATOR),
    "SpawnSwitch": (f"board:{mark_of(ScriptedEngine.machine)}:pause", Level.OPERATOR),
    "StopButton": ("job:20260101-0001:stop", Level.OPERATOR),
    "TakeAdviceButton": ("advice:ticket", Level.OWNER),
}
"""Whoever adds a command, a button, a select or a form says here who may use it."""


@dataclass(frozen=True)
class Person:
    """Somebody as Discord describes them within an interaction."""

    level: Level
    user: int = STRANGER
    roles: tuple[int, ...] = ()
    guild: int | None = HOME
    bot: bool = False

    def payload(self) -> dict[str, Any]:
        """The parts of an interaction that tell who it is from."""
        user = {"id": str(self.user), "username": "x", "discriminator": "0", "avatar": None}
        user |= {"bot": self.bot, "global_name": None}
        if self.guild is None:
            return {"user": user, "channel_id": str(CHANNEL), "context": 1}
        member = {
            "user": user,
            "roles": [str(role) for role in self.roles],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": "8",  # an administrator of the server is nobody by that alone
        }
        return {"member": member, "guild_id": str(self.guild), "channel_id": str(CHANNEL)}


PEOPLE = {
    "owner": Person(Level.OWNER, OWNER),
    "owner by a role": Person(Level.OWNER, STRANGER, (OWNERS,)),
    "operator": Person(Level.OPERATOR, OPERATOR, (OPERATORS,)),
    "viewer": Person(Level.VIEWER, VIEWER, (VIEWERS,)),
    "viewer by id": Person(Level.VIEWER, VIEWER),
    "stranger": Person(Level.NOBODY),
    "same-named role": Person(Level.NOBODY, roles=(NAMESAKES,)),
    "role id of another server": Person(Level.NOBODY, OPERATOR, (ABROAD,)),
    "everyone's role": Person(Level.NOBODY, roles=(HOME,)),
    "operator in another server": Person(Level.NOBODY, OPERATOR, (OPERATORS,), guild=AWAY),
    "owner in another server": Person(Level.NOBODY, OWNER, (OWNERS,), guild=AWAY),
    "owner in a direct message": Person(Level.NOBODY, OWNER, guild=None),
    "ex-member": Person(Level.NOBODY, OPERATOR),
    "bot with the owner's id": Person(Level.NOBODY, OWNER, (OWNERS, OPERATORS), bot=True),
}


@dataclass
class Answers:
    """Stands in for Discord's webhooks and keeps what it is told."""

    told: list[dict[str, Any]] = field(default_factory=list)

    async def create_interaction_response(self, *_: Any, params: Any, **__: Any) -> dict[str, Any]:
        self.told.append(params.payload)
        return {"interaction": {"id": "1", "type": 2}, "resource": None}

    def __getattr__(self, name: str) -> Any:
        async def gone(*_: Any, **__: Any) -> Any:
            raise OSError("there is nobody behind this webhook")

        return gone


@dataclass
class Gate:
    """The bot without Discord, and what came of one interaction."""

    bot: PlotoBot
    engine: ScriptedEngine
    answers: Answers
    number: int = 0

    async def admitted(self, person: Person, kind: int, data: dict[str, Any]) -> bool:
        """Let an interaction arrive; whether it went past the rule."""
        self.engine.notes.clear()
        self.engine.deeds.clear()
        self.answers.told.clear()
        self.number += 1
        payload = {"id": str(self.number), "application_id": "1", "token": "t", "version": 1}
        payload |= {"type": kind, "data": data, "entitlements": [], "locale": "en-GB"}
        payload |= {"attachment_size_limit": 1, "authorizing_integration_owners": {}}
        payload |= person.payload()
        if kind == 3:
            payload["message"] = _message(data["custom_id"])
        payload["app_permissions"] = "0"
        before = asyncio.all_tasks()
        self.bot._connection.parse_interaction_create(payload)
        async with asyncio.timeout(30):
            while new := {task for task in asyncio.all_tasks() - before if not _timer(task)}:
                await asyncio.wait(new)
        return self._went_past(kind)

    def _went_past(self, kind: int) -> bool:
        if kind == 4:
            (told,) = self.answers.told
            return bool(told["data"]["choices"])
        outcomes = [(note.outcome.value, note.result) for note in self.engine.notes]
        assert outcomes, "an interaction left no trace in the audit"
        refused = [
            outcome == "refused" and (result in _NO.values() or "own server" in result)
            for outcome, result in outcomes
        ]
        if any(refused):
            assert len(outcomes) == 1
            assert self.engine.deeds == []
            (told,) = self.answers.told
            assert told["data"]["flags"] == 64, "others see that somebody was refused"
        return not any(refused)


def _timer(task: asyncio.Task[Any]) -> bool:
    """Whether it only waits for the end of a message that one person sees."""
    return "timeout_task" in str(task.get_coro())


def _guild(guild: int, roles: tuple[int, ...]) -> Any:
    named = [
        {"id": str(role), "name": "operators", "color": 0, "hoist": False, "position": 1,
         "permissions": "0", "managed": False, "mentionable": False, "flags": 0,
         "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}}
        for role in (guild, *roles)
    ]  # fmt: skip
    return {
        "id": str(guild), "name": "x", "roles": named, "emojis": [], "stickers": [], "features": [],
        "channels": [], "members": [], "owner_id": str(STRANGER), "verification_level": 0,
        "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0,
        "nsfw_level": 0, "afk_timeout": 60, "premium_tier": 0, "preferred_locale": "en-GB",
        "system_channel_flags": 0, "premium_progress_bar_enabled": False, "threads": [],
    }  # fmt: skip


def _message(custom_id: str) -> dict[str, Any]:
    button = {"type": 2, "style": 1, "label": "x", "custom_id": custom_id, "id": 2}
    author = {"id": "1", "username": "plotobot", "discriminator": "0", "avatar": None, "bot": True}
    return {
        "id": "77", "channel_id": str(CHANNEL), "author": author, "content": "look", "type": 0,
        "timestamp": "2026-01-01T00:00:00+00:00", "edited_timestamp": None, "tts": False,
        "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "pinned": False, "flags": 0,
        "components": [{"type": 1, "id": 1, "components": [button]}],
    }  # fmt: skip


@pytest.fixture
async def gate(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    engine = ScriptedEngine()
    engine.all_jobs = [make_job()]
    engine.all_drives = [make_drive(1, kind=DriveKind.OUT)]
    engine.stocked(make_plot())
    engine.moving = MoverView(running=True, destinations=(DestinationView("/mnt/farm"),))
    access = Access(
        HOME,
        CHANNEL,
        owners=Holders(users=frozenset({OWNER}), roles=frozenset({OWNERS})),
        operators=Holders(roles=frozenset({OPERATORS})),
        viewers=Holders(users=frozenset({VIEWER}), roles=frozenset({VIEWERS})),
    )
    bot = PlotoBot(engine, access)  # type: ignore[arg-type]

    async def no_sync(**_: Any) -> None:
        return

    monkeypatch.setattr(bot, "sync", no_sync)
    monkeypatch.setattr(bot._couriers, "run", no_sync)
    monkeypatch.setattr(bot._board, "run", no_sync)
    answers = Answers()
    token = async_.async_context.set(answers)  # type: ignore[arg-type]
    await bot._async_setup_hook()
    await bot.setup_hook()
    me = {"id": "1", "username": "plotobot", "discriminator": "0", "avatar": None, "bot": True}
    bot._connection.user = discord.ClientUser(state=bot._connection, data=me)  # type: ignore[arg-type]
    for guild, roles in ((HOME, (OPERATORS, VIEWERS, NAMESAKES, OWNERS)), (AWAY, (ABROAD,))):
        bot._connection._add_guild_from_data(_guild(guild, roles))
    yield Gate(bot, engine, answers)
    await bot.close()
    async_.async_context.reset(token)


Leaf = app_commands.Command[Any, ..., Any]


def leaves(bot: PlotoBot) -> dict[str, Leaf]:
    found = bot.tree.walk_commands(guild=bot.home)
    return {one.qualified_name: one for one in found if isinstance(one, app_commands.Command)}


def items(bot: PlotoBot) -> dict[str, type[Any]]:
    return {one.__name__: one for one in bot._connection._view_store._dynamic_items.values()}


def completed(bot: PlotoBot) -> Iterator[tuple[Leaf, str]]:
    """Every option that is completed as it is typed."""
    for leaf in leaves(bot).values():
        for parameter in leaf.parameters:
            if parameter.autocomplete:
                yield leaf, parameter.name


def typed(leaf: Leaf, focus: str | None = None) -> dict[str, Any]:
    """What Discord sends when a command is typed with the options it needs."""
    options = [
        _option(parameter, focused=parameter.name == focus)
        for parameter in leaf.parameters
        if parameter.required or parameter.name == focus
    ]
    for name in reversed(leaf.qualified_name.split()[1:]):
        options = [{"name": name, "type": 1, "options": options}]
    root = leaf.root_parent or leaf
    return {"id": "5", "name": root.name, "type": 1, "options": options, "guild_id": str(HOME)}


def _option(parameter: app_commands.Parameter, *, focused: bool) -> dict[str, Any]:
    value: Any = parameter.choices[0].value if parameter.choices else ""
    if not parameter.choices:
        plain = {3: "" if focused else "20260101-0001", 4: 1, 5: False, 10: 1.0}
        value = plain[parameter.type.value]
    option = {"name": parameter.name, "type": parameter.type.value, "value": value}
    return option | ({"focused": True} if focused else {})


async def test_no_way_in_is_left_out_of_the_matrix(gate: Gate) -> None:
    assert set(leaves(gate.bot)) == set(COMMANDS)
    assert set(items(gate.bot)) == set(ITEMS)
    assert gate.bot._connection._view_store._views == {}, "a view that no restart outlives"
    assert gate.bot._connection._view_store._modals == {}
    assert gate.bot.tree.get_commands() == [], "a command for all servers"
    for kind in (discord.AppCommandType.user, discord.AppCommandType.message):
        assert gate.bot.tree.get_commands(guild=gate.bot.home, type=kind) == []
    assert list(completed(gate.bot)), "the matrix sees options that are completed"


@pytest.mark.parametrize("who", PEOPLE)
async def test_who_gets_in_where(gate: Gate, who: str) -> None:
    person = PEOPLE[who]
    wrong = []
    for name, leaf in leaves(gate.bot).items():
        allowed = person.level >= COMMANDS[name]
        if await gate.admitted(person, 2, typed(leaf)) is not allowed:
            wrong.append(f"/{name}")
    for name, (custom_id, level) in ITEMS.items():
        data = {"custom_id": custom_id, "component_type": 2}
        if await gate.admitted(person, 3, data) is not (person.level >= level):
            wrong.append(name)
    for leaf, option in completed(gate.bot):
        allowed = person.level >= COMMANDS[leaf.qualified_name]
        if await gate.admitted(person, 4, typed(leaf, option)) is not allowed:
            wrong.append(f"{leaf.qualified_name} {option}")
    assert wrong == []


def test_each_item_is_what_its_sample_says() -> None:
    """A sample that another item would take tests the wrong one."""
    import plotobot.ui

    known: dict[str, Any] = {}
    for module in pkgutil.iter_modules(plotobot.ui.__path__, "plotobot.ui."):
        known |= vars(importlib.import_module(module.name))
    for name, (custom_id, _) in ITEMS.items():
        template = known[name].__discord_ui_compiled_template__
        assert template.fullmatch(custom_id), name


def test_every_button_select_and_form_of_ours_asks_the_rule() -> None:
    """Also those that are in no message yet, and so in no matrix."""
    import plotobot.ui

    for module in pkgutil.iter_modules(plotobot.ui.__path__, "plotobot.ui."):
        importlib.import_module(module.name)
    ours = [
        one
        for one in _below(discord.ui.Item, discord.ui.Modal, discord.ui.View)
        if one.__module__.startswith(("plotobot", "cogs"))
    ]
    assert {one.__name__ for one in ours} == set(ITEMS)
    for one in ours:
        asked = getattr(one, "callback", None) or getattr(one, "on_submit", None)
        assert "guarded" in asked.__code__.co_qualname, one


def _below(*roots: type) -> set[type]:
    found: set[type] = set()
    todo = list(roots)
    while todo:
        below = todo.pop().__subclasses__()
        found.update(below)
        todo.extend(below)
    return found
