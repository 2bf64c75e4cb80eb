"""Turns what pydantic and tomllib complain of into sentences for a farmer."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from plotobot.settings._model import SettingsFile
from plotobot.settings._problem import Hide, Problem, has_secret

_LONGEST_SHOWN = 40
_UNSHOWN = {
    ("farmer_key",), ("pool_key",), ("contract",), ("contracts",), ("pool_keys",),
    ("not_contracts",), ("not_pool_keys",), ("farmer_keys",),
}  # fmt: skip
_NAME = "a name of 1 to 24 letters, digits, _ and -"
ANY = "*"
"""Stands for a name that the farmer chose, such as a profile's."""
_SECRET_NAME = re.compile(r"token|secret|password|webhook", re.IGNORECASE)
_VARIABLES = re.compile(r"discord_(token|api_base|gateway_url)|plotobot_state", re.IGNORECASE)
_POSITION = re.compile(r"\(at line (\d+), column (\d+)\)")
_BACKSLASH = r"a backslash means something else inside double quotes; write 'D:\plots' instead"
_TOML_CURES = {
    "Invalid value": 'what stands here is no value; texts need quotes, as in "label:plot"',
    "Unescaped '\\'": _BACKSLASH,
    "Invalid hex value": _BACKSLASH,
    "Escaped character": _BACKSLASH,
    "Expected '='": "a key must be followed by = and a value",
    "Expected newline": "only a comment may follow a value on its line",
    "Unterminated string": "a quote is not closed",
    "Illegal character": "a quote is not closed on its line, or there is a control character",
    "Unclosed array": "a list is not closed with ], or a comma is missing in it",
    "Unclosed inline table": "a table is not closed with }, or a comma is missing in it",
    "Cannot overwrite a value": "this key is set a second time; keep one of them",
    "Cannot declare": "this table stands a second time; put all its keys under one of them",
    "Duplicate inline table key": "this key is set a second time; keep one of them",
    "Invalid statement": "a line must be a [table], a key = value, or a # comment",
    "Invalid initial character": "a key must be letters, digits, _ and -",
    "Expected ']": "a [table] is not closed with ]",
    "Invalid date": "there is no such date; texts need quotes",
}
_PLOTO_NAMES = {
    "plottername": "machine",
    "plotterused": "plot.plotter",
    "pathtounofficialplotter": "plot.program",
    "enablealerts": "alerts.enabled",
    "pathstomoveplotsto": "drives.destination",
    "tempdrivedenom": "drives.temp",
    "tempdrives": "drives.temp",
    "temp2denom": "drives.temp2",
    "temp2drives": "drives.temp2",
    "outdrivedenom": "drives.out",
    "outdrives": "drives.out",
    "denomforoutdrivestoreplotforpools": "drives.replot",
    "replotdrives": "drives.replot",
    "intervalltocheckinminutes": "spawn.interval_minutes",
    "inputamounttospawn": "spawn.count",
    "maxparalleljobsonalldisks": "spawn.max_parallel",
    "maxparalleljobsonsamedisk": "spawn.max_parallel_per_drive",
    "maxparalleljobsinphase1onalldisks": "spawn.max_phase_1",
    "maxparalleljobsinphase1onsamedisk": "spawn.max_phase_1_per_drive",
    "startearly": "spawn.start_early_phase",
    "startearlyphase": "spawn.start_early_phase",
    "waittimebetweenplotonseparatedisks": "spawn.wait_between_drives_minutes",
    "waittimebetweenplotonsamedisk": "spawn.wait_same_drive_minutes",
    "ksizetoplot": "plot.k",
    "buffersize": "plot.buffer_mib",
    "thread": "plot.threads",
    "buckets": "plot.buckets",
    "bitfield": "plot.bitfield",
    "farmerkey": "plot.farmer_key",
    "poolkey": "plot.pool_key",
    "p2singletonadress": "plot.contract",
    "whenjobspawned": "alerts.job_spawned",
    "whennooutdrivesavailable": "alerts.no_out_drive",
    "whenjobcouldnotbespawned": "alerts.job_not_spawned",
    "periodofreportinhours": "report.every_hours",
    "replotplotsolderthan": "replot.before",
}


def toml_problem(error: ValueError, text: str) -> Problem:
    """Say where a text stops being TOML, and what to do about it."""
    message = str(error)
    if not isinstance(error, tomllib.TOMLDecodeError):
        return Problem("a number is too long to be read; shorten it.", line=_long_number(text))
    cure = next((cure for start, cure in _TOML_CURES.items() if message.startswith(start)), None)
    cure = cure or "this is not TOML; see plotobot.example.toml for how it is written"
    if match := _POSITION.search(message):
        return Problem(f"{cure}.", line=int(match[1]), column=int(match[2]) or None)
    return Problem(f"{cure}.", line=text.rstrip().count("\n") + 1)


def _long_number(text: str) -> int | None:
    found = re.search(r"[0-9_]{4000}", text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def value_problems(error: ValidationError, data: Mapping[str, Any], hide: Hide) -> list[Problem]:
    """Say what is wrong with each key and value that the model refuses."""
    return [
        _unknown(fault["loc"], data, hide)
        if fault["type"] == "extra_forbidden"
        else _wrong(fault["loc"], data, hide, fault["msg"])
        for fault in error.errors(include_url=False, include_context=False)
        if fault["loc"]  # those without are the crossings, which are told in full elsewhere
    ]


def secret_problems(data: Mapping[str, Any], known: Collection[str]) -> list[Problem]:
    """Find secrets where none may stand: in the file that people show each other.

    Args:
        data: what the TOML holds.
        known: the tokens that are known from elsewhere.
    """
    return [
        Problem(
            f"{'this key' if has_secret(dotted(path), known) else dotted(path)} holds a secret, "
            "which has no place in this file; write DISCORD_TOKEN=... into the .env file beside "
            "it, and make a new token if others may have seen this one.",
            path,
        )
        for path, value in _leaves(data)
        if _is_secret(path, value, known)
    ]


def choice_problem(path: tuple[str, ...], value: str, choices: list[str], hide: Hide) -> Problem:
    """Say that a value is none of the known ones, and which one may be meant."""
    near = difflib.get_close_matches(value.lower(), choices, n=1)
    known = f"did you mean {_quoted(near[0])}?" if near else f"known are {', '.join(choices)}."
    return Problem(f"{dotted(path)} is {_shown(value, hide)}, which is unknown; {known}", path)


def dotted(path: tuple[str, ...]) -> str:
    """A key as it is written in TOML, with quotes only where it needs them."""
    bare = re.compile(r"[A-Za-z0-9_-]+")
    return ".".join(part if bare.fullmatch(part) else _quoted(part) for part in path)


def _is_secret(path: tuple[str, ...], value: object, known: Collection[str]) -> bool:
    texts = [*path, value] if isinstance(value, str) else path
    return any(_SECRET_NAME.search(part) for part in path) or any(
        has_secret(text, known) for text in texts
    )


def _leaves(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], object]]:
    # A stack and no recursion: dotted keys can nest deeper than Python does.
    stack: list[tuple[tuple[str, ...], object]] = [((), data)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping) and value:
            stack.extend(((*path, key), inner) for key, inner in value.items())
        elif isinstance(value, list) and value:
            stack.extend((path, inner) for inner in value)
        else:
            yield path, value


def _unknown(loc: tuple[int | str, ...], data: Mapping[str, Any], hide: Hide) -> Problem:
    path = tuple(str(part) for part in loc)
    name = path[-1]
    if _VARIABLES.fullmatch(name):
        advice = f"write {name.upper()}=... into the .env file beside it."
    elif meant := _meant(path):
        advice = f"did you mean {_quoted(meant)}?"
    else:
        advice = "plotobot.example.toml has them all."
    return Problem(hide(f"{_key(path, hide)} is not a setting; {advice}"), path)


def _meant(path: tuple[str, ...]) -> str | None:
    siblings = [key[-1] for key in _keys() if _same_table(key[:-1], path[:-1])]
    name = path[-1].lower()
    if near := difflib.get_close_matches(name, siblings, n=1, cutoff=0.7):
        return near[0]
    if name in _PLOTO_NAMES:
        return _PLOTO_NAMES[name]
    others = {key[-1]: dotted(key) for key in _keys() if ANY not in key}
    near = difflib.get_close_matches(name, list(others), n=1, cutoff=0.85)
    return others[near[0]] if near else None


def _same_table(known: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(known) == len(path) and all(
        part in (ANY, other) for part, other in zip(known, path, strict=True)
    )


def _wrong(loc: tuple[int | str, ...], data: Mapping[str, Any], hide: Hide, said: str) -> Problem:
    path = tuple(part for part in loc if isinstance(part, str) and part != "[key]")
    if "[key]" in loc:  # a table's own name, which pydantic marks so
        return Problem(f"{_key(path, hide)} must be {_NAME}.", path)
    item = next((part for part in loc if isinstance(part, int)), None)
    value = _value_at(data, loc)
    must = _description(path)
    name = dotted(path) if item is None else f"item {item + 1} of {dotted(path)}"
    what = "" if path[-1:] in _UNSHOWN else f"is {_shown(value, hide)}, but "
    whole = "" if item is None else f"{dotted(path)} "
    why = _why(said) if path[-1:] in _UNSHOWN else _unquote(value, must)
    text = f"{name} {what}{whole}must be {must}{why}."
    return Problem(text, path)


def _why(said: str) -> str:
    """What is wrong with a value that must not be shown, in the words of its validator."""
    _, ours, reason = said.partition("Value error, ")
    reason = reason.rstrip(".")
    return f"; {reason[:1].lower()}{reason[1:]}" if ours else ""


def _unquote(value: object, must: str) -> str:
    wants_bare = must.startswith(("a whole number", "a number", "true or", "a power"))
    bare = isinstance(value, str) and re.fullmatch(r"\s*(\d+(\.\d+)?|true|false)\s*", value)
    return "; take away the quotes" if wants_bare and bare else ""


def _value_at(data: object, loc: tuple[int | str, ...]) -> object:
    for part in loc:
        data = data[part]  # type: ignore[index]
    return data


def _description(path: tuple[str, ...]) -> str:
    model: type[BaseModel] = SettingsFile
    field: FieldInfo | None = None
    for part in path:
        field = model.model_fields.get(part, field)  # a name that the farmer chose is no field
        model = (field and _table(field)) or model
        if field and get_origin(field.annotation) is dict and _table(field) is None:
            break  # what follows is a name that the farmer chose
    return (field and field.description) or "something else"


def _keys() -> list[tuple[str, ...]]:
    """Every table and key there is, as its parts."""
    found: list[tuple[str, ...]] = []
    stack: list[tuple[tuple[str, ...], type[BaseModel]]] = [((), SettingsFile)]
    while stack:
        path, model = stack.pop()
        for name, field in model.model_fields.items():
            found.append((*path, name))
            if table := _table(field):
                named = (ANY,) if get_origin(field.annotation) is dict else ()
                stack.append(((*path, name, *named), table))
    return found


def _table(field: FieldInfo) -> type[BaseModel] | None:
    kinds = [field.annotation, *get_args(field.annotation)]
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _key(path: tuple[str, ...], hide: Hide) -> str:
    name = hide(dotted(path))
    return name if len(name) <= 2 * _LONGEST_SHOWN else name[: 2 * _LONGEST_SHOWN] + "…"


def _shown(value: object, hide: Hide) -> str:
    """A value as the farmer may recognise it, never long and never a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_LONGEST_SHOWN else "a huge number"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, str):
        return _quoted(hide(value))
    return (
        "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date"
    )


def _quoted(text: str) -> str:
    if len(text) > _LONGEST_SHOWN:
        text = text[:_LONGEST_SHOWN] + "…"
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
