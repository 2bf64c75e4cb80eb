"""What each command does, clickable where Discord has told its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from discord import app_commands

from plotobot.access import Level
from plotobot.ui.guards import level_of_command
from plotobot.ui.text import MESSAGE_LIMIT, clip, fit


def help_text(
    commands: Iterable[app_commands.Command[Any, ..., Any] | app_commands.Group],
    ids: Mapping[str, int],
    level: Level,
) -> str:
    """One line a command, for those that a person of this level may use.

    Args:
        commands: what the tree's walk gives; groups are passed over.
        ids: the commands' ids on Discord, by the name of the outermost one.
        level: what the reader may do.
    """
    told = sorted(
        (_mention(command, ids), command.description)
        for command in commands
        if isinstance(command, app_commands.Command)
        and Level.NOBODY < (level_of_command(command) or Level.NOBODY) <= level
    )
    head = "**What you can type here**"
    taken = len(head) + sum(len(mention) + 2 for mention, _ in told)
    # All commands are named; where there are many, their words are cut short instead.
    words = 100 if taken + sum(len(w) for _, w in told) <= MESSAGE_LIMIT else _room(taken, told)
    lines = [f"{mention} {clip(description, words)}" for mention, description in told]
    return fit([head, *lines], MESSAGE_LIMIT)


def _room(taken: int, told: Sequence[tuple[str, str]]) -> int:
    return max(8, (MESSAGE_LIMIT - taken) // max(1, len(told)))


def _mention(command: app_commands.Command[Any, ..., Any], ids: Mapping[str, int]) -> str:
    name = command.qualified_name
    known = ids.get(name.partition(" ")[0])
    return f"</{name}:{known}>" if known else f"`/{name}`"
