"""Refuses the command definitions that Discord refuses. Pure."""

from __future__ import annotations

import re
from typing import Any

from tests.loopback.errors import invalid
from tests.loopback.limits import at_most, check_choices, text

Json = dict[str, Any]

CHAT_INPUT = 1
SUBCOMMAND, GROUP = 1, 2
COMMAND_TOTAL = 8_000
# Letters and digits of any script, joined by "-", "_" and "'"; no capitals.
NAME = re.compile(r"[-'\w]{1,32}")


def check_commands(commands: list[Json]) -> None:
    """Refuse more than 100 commands, two with one name, and each that is not well formed."""
    at_most("commands", [one for one in commands if one.get("type", 1) == CHAT_INPUT], 100)
    seen: set[tuple[str, int]] = set()
    for place, command in enumerate(commands):
        check_command(command, path=str(place))
        key = (command["name"], command.get("type", 1))
        if key in seen:
            raise invalid(
                str(place),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        seen.add(key)


def check_command(command: Json, *, path: str) -> None:
    """Refuse one command that is not well formed."""
    if command.get("type", 1) != CHAT_INPUT:
        text(f"{path}.name", command.get("name"), 32)
        return
    _check_entry(path, command)
    if _size(command) > COMMAND_TOTAL:
        raise invalid(
            path,
            "APPLICATION_COMMAND_TOO_LARGE",
            f"Command exceeds maximum size ({COMMAND_TOTAL})",
        )


def _check_entry(path: str, entry: Json) -> None:
    text(f"{path}.name", entry.get("name"), 32)
    if not NAME.fullmatch(entry["name"]) or entry["name"] != entry["name"].lower():
        raise invalid(
            f"{path}.name",
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        )
    text(f"{path}.description", entry.get("description"), 100)
    check_choices(entry.get("choices") or [], f"{path}.choices")
    options = entry.get("options") or []
    at_most(f"{path}.options", options, 25)
    for place, option in enumerate(options):
        _check_entry(f"{path}.options.{place}", option)
    _check_order(f"{path}.options", options)


def _check_order(path: str, options: list[Json]) -> None:
    values = [one for one in options if one["type"] not in (SUBCOMMAND, GROUP)]
    needed = [bool(one.get("required")) for one in values]
    if needed != sorted(needed, reverse=True):
        raise invalid(
            path,
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
        )
    names = [one["name"] for one in options]
    if len(names) != len(set(names)):
        raise invalid(
            path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists"
        )


def _size(entry: Json) -> int:
    own = len(entry["name"]) + len(entry["description"])
    own += sum(len(one["name"]) + len(str(one["value"])) for one in entry.get("choices") or [])
    return own + sum(_size(one) for one in entry.get("options") or [])
