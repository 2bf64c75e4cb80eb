"""Who may: one rule, asked by the command tree and by every button, select and form."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

import discord
from discord import app_commands

from plotobot.access import Level
from plotobot.engine.models import Outcome
from plotobot.ui.audit import note, note_after
from plotobot.ui.client import Interaction
from plotobot.ui.errors import answer_error, answer_no, where

log = logging.getLogger(__name__)

_Command = TypeVar("_Command", bound=app_commands.Command[Any, ..., Any])
_Item = TypeVar("_Item")
_Callback: TypeAlias = Callable[[_Item, Interaction], Awaitable[None]]
_Guarded: TypeAlias = Callable[[_Item, discord.Interaction[Any]], Coroutine[Any, Any, None]]
_KEY = "plotobot.level"
_NO = {
    Level.NOBODY: "This command does not say who may use it, so nobody may.",
    Level.VIEWER: "Only people named in the farm's settings may look here.",
    Level.OPERATOR: "Only the farm's operators may do that.",
    Level.OWNER: "Only the farm's owners may do that.",
}


def needs(level: Level) -> Callable[[_Command], _Command]:
    """Declare who may use a command; one without this is refused to everybody."""

    def declare(command: _Command) -> _Command:
        command.extras[_KEY] = level
        return command

    return declare


def level_of_command(command: object) -> Level | None:
    """What a command declared, or None."""
    if not isinstance(command, app_commands.Command):
        return None
    declared = command.extras.get(_KEY)
    return declared if isinstance(declared, Level) and declared > Level.NOBODY else None


def level_of(interaction: Interaction) -> Level:
    """What the person behind an interaction may do."""
    person = interaction.user
    if person.bot:
        return Level.NOBODY
    roles = person.roles if isinstance(person, discord.Member) else ()
    access = interaction.client.access
    return access.level_of(person.id, (role.id for role in roles), interaction.guild_id)


def refusal(interaction: Interaction, needed: Level | None) -> str | None:
    """The rule: None to go on, else why not."""
    if interaction.guild_id != interaction.client.access.guild:
        return "Plotobot answers only in its farm's own server."
    if needed is None:
        return _NO[Level.NOBODY]
    return None if level_of(interaction) >= needed else _NO[needed]


async def admit(interaction: Interaction, needed: Level | None) -> bool:
    """Ask the rule and put its answer down: a yes before anything is done, a no once it is given.

    Every command, button, select and form comes by here. What only looks is put down afterwards.
    """
    no = refusal(interaction, needed)
    if no is None:
        if needed is not None and needed > Level.VIEWER:
            log.info("allowed %s", where(interaction))
            await note(interaction, Outcome.ALLOWED, f"as {level_of(interaction).name.lower()}")
        return True
    log.info("refused %s: %s", where(interaction), no)
    await answer_no(interaction, no)
    await note_after(interaction, Outcome.REFUSED, no)
    return False


async def answer_and_note(interaction: Interaction, error: Exception) -> None:
    """Give a failure its answer, and put it down."""
    await note_after(interaction, *await answer_error(interaction, error))


def guarded(needed: Level) -> Callable[[_Callback[_Item]], _Guarded[_Item]]:
    """Guard a button's, select's or form's callback like a command.

    discord.py asks the tree's check for commands only, and merely logs what such a callback
    raises; so this asks the rule, and gives an error its answer.
    """

    def wrap(callback: _Callback[_Item]) -> _Guarded[_Item]:
        @functools.wraps(callback)
        async def asked(item: _Item, interaction: discord.Interaction[Any]) -> None:
            try:
                if await admit(interaction, needed):
                    await callback(item, interaction)
                    await note_after(interaction, Outcome.DONE)
            except Exception as error:  # the last frame: above it discord.py only logs
                await answer_and_note(interaction, error)

        return asked

    return wrap
