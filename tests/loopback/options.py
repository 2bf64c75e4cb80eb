"""What Discord's own client makes of a typed command, and what it would not send. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loopback import payloads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.loopback.world import World

Json = dict[str, Any]

SUBCOMMAND, GROUP, TEXT, INTEGER, BOOLEAN, USER, CHANNEL, ROLE = 1, 2, 3, 4, 5, 6, 7, 8
MENTIONABLE, NUMBER = 9, 10
TYPES: dict[int, type | tuple[type, ...]] = {
    TEXT: str,
    INTEGER: int,
    BOOLEAN: bool,
    NUMBER: (int, float),
}


def command_data(
    commands: Iterable[Json],
    line: str,
    values: Mapping[str, Any],
    *,
    world: World,
    focused: str | None = None,
) -> Json:
    """Return the `data` of a command interaction.

    Args:
        commands: The definitions the bot has synced.
        line: The command as typed: `spawn limits` or `jobs`.
        values: Options by name; users, channels and roles as the world's own objects.
        world: Resolves those.
        focused: For an autocomplete: the option being typed; others may be missing.

    Raises:
        AssertionError: The client would not let a person send this.
    """
    names = line.removeprefix("/").split()
    known = {one["name"]: one for one in commands}
    assert names[0] in known, f"no command /{names[0]}; there are {sorted(known)}"
    command = known[names[0]]
    path = _descend(command, names[1:])
    filled = _fill(path[-1], values, focused)
    for entry in reversed(path[1:]):
        filled = [{"type": entry["type"], "name": entry["name"], "options": filled}]
    data = {"id": command["id"], "name": command["name"], "type": 1, "options": filled}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data | {"resolved": _resolved(values, world)}


def _descend(command: Json, names: list[str]) -> list[Json]:
    path = [command]
    for name in names:
        inner = {one["name"]: one for one in path[-1].get("options") or []}
        assert name in inner, f"no {name!r} below {path[-1]['name']!r}; there are {sorted(inner)}"
        path.append(inner[name])
    deeper = [one for one in path[-1].get("options") or [] if one["type"] in (SUBCOMMAND, GROUP)]
    assert not deeper, f"{path[-1]['name']!r} needs one of {[one['name'] for one in deeper]}"
    return path


def _fill(entry: Json, values: Mapping[str, Any], focused: str | None) -> list[Json]:
    options = {one["name"]: one for one in entry.get("options") or []}
    unknown = set(values) - set(options)
    assert not unknown, f"/{entry['name']} has no {sorted(unknown)}; it has {sorted(options)}"
    if focused is None:
        missing = [name for name, one in options.items() if one.get("required")]
        missing = [name for name in missing if name not in values]
        assert not missing, f"/{entry['name']} needs {missing}"
    # Discord sends the options in the order of the definition, not of the typing.
    return [
        _filled(options[name], values[name], typing=name == focused)
        for name in options
        if name in values
    ]


def _filled(option: Json, value: Any, *, typing: bool) -> Json:
    filled = {"type": option["type"], "name": option["name"], "value": value}
    if typing:
        assert option.get("autocomplete"), f"{option['name']!r} has no autocomplete"
        return filled | {"value": str(value), "focused": True}
    if option["type"] in (USER, CHANNEL, ROLE, MENTIONABLE):
        return filled | {"value": str(value.id)}
    _check_value(option, value)
    return filled


def _check_value(option: Json, value: Any) -> None:
    name = option["name"]
    wanted = TYPES[option["type"]]
    fits = isinstance(value, wanted) and isinstance(value, bool) == (option["type"] == BOOLEAN)
    assert fits, f"{name!r} takes {wanted}, not {value!r}"
    choices = [one["value"] for one in option.get("choices") or []]
    assert not choices or value in choices, f"{name!r} is one of {choices}, not {value!r}"
    size = len(value) if isinstance(value, str) else value
    unit = "length" if isinstance(value, str) else "value"
    low, high = option.get(f"min_{unit}"), option.get(f"max_{unit}")
    assert low is None or size >= low, f"{name!r} is at least {low}"
    assert high is None or size <= high, f"{name!r} is at most {high}"


def _resolved(values: Mapping[str, Any], world: World) -> Json:
    """Return users, roles and channels in full, as Discord adds them."""
    found: Json = {}
    for guild in world.guilds.values():
        for thing in values.values():
            key = str(getattr(thing, "id", ""))
            if thing in guild.roles.values():
                found.setdefault("roles", {})[key] = payloads.role(thing, 0)
            if thing in guild.channels.values():
                shown = payloads.channel(thing) | {"permissions": "0"}
                found.setdefault("channels", {})[key] = shown
            if any(thing == member.user for member in guild.members.values()):
                found.setdefault("users", {})[key] = payloads.user(thing)
    return found
