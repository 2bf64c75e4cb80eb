"""Changes values in a settings file and leaves everything else in it as the farmer wrote it."""

from __future__ import annotations

import copy
import os
import tomllib
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Item

from plotobot.errors import SettingsError
from plotobot.settings._environment import read_environment
from plotobot.settings._file import located, read_text
from plotobot.settings._lines import place_for
from plotobot.settings._load import judge
from plotobot.settings._problem import Problem, hider
from plotobot.settings._replace import NewFile, replace_files

MARK = b"\xef\xbb\xbf"
_MISSING = object()


def edit_settings(
    path: Path, changes: Mapping[str, object], *, plotters: Collection[str] = ()
) -> None:
    """Change values in a settings file; comments, order and line ends stay. Blocks.

    The file is replaced at once by a whole new one with the same permissions, and only if that one
    can be used.

    Args:
        path: the file, which exists.
        changes: by dotted key, as in `{"spawn.max_parallel": 3}`, what TOML can hold: texts,
            numbers, switches and lists of them. None takes the key out, so that it is at its
            default again.
        plotters: the names that plot.plotter may have; empty allows any.

    Raises:
        SettingsError: one sentence each; the file is as it was.
    """
    text = read_text(path)
    if isinstance(text, Problem):
        raise SettingsError([located(path, text, {})])
    mark = MARK if path.read_bytes().startswith(MARK) else b""
    new = edited(path, text, changes, plotters)
    if new != text:
        replace_files([NewFile(path, mark + new.encode())])


def edited(
    path: Path, text: str, changes: Mapping[str, object], plotters: Collection[str] = ()
) -> str:
    """The text with other values, checked as the settings file `path`.

    Raises:
        SettingsError: it cannot be used before or after the change.
    """
    _check(path, text, plotters)
    new = _changed(path, text, changes)
    _check(path, new, plotters)
    return new


def _check(path: Path, text: str, plotters: Collection[str]) -> None:
    environment, _ = read_environment(path, None, os.environ)
    hide = hider(environment.secrets)
    _, problems = judge(path, text, environment.secrets, plotters, hide)
    if problems:
        raise SettingsError([hide(problem) for problem in dict.fromkeys(problems)])


def merged(data: Mapping[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    """A copy of a file's values with the changes in it, as `edit_settings` takes them."""
    result: dict[str, Any] = copy.deepcopy(dict(data))
    for key, value in changes.items():
        *tables, name = key.split(".")
        table = result
        for part in tables:
            table = table.get(part, {}) if value is None else table.setdefault(part, {})
        if value is None:
            table.pop(name, None)
        else:
            table[name] = list(value) if isinstance(value, tuple) else value
    return result


def _changed(path: Path, text: str, changes: Mapping[str, object]) -> str:
    windows = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    plain = text.replace("\r\n", "\n") if windows else text
    open_end = bool(plain) and not plain.endswith("\n")
    data = tomllib.loads(plain)
    try:
        new = _rewritten(plain + "\n" * open_end, data, changes)
        done = tomllib.loads(new) == merged(data, changes)
    except (ValueError, TypeError, AttributeError, TOMLKitError):
        done = False
    if not done:
        what = f"{path} is written in a way that Plotobot cannot change without harm"
        raise SettingsError([f"{what}; set {', '.join(changes)} in it by hand."])
    new = new.removesuffix("\n") if open_end else new
    return new.replace("\n", "\r\n") if windows else new


def _rewritten(text: str, data: Mapping[str, Any], changes: Mapping[str, object]) -> str:
    for key, value in changes.items():
        path = tuple(key.split("."))
        present = _at(data, path)
        if present is _MISSING and value is not None:
            text = _with_line(text, path, value)
        elif present is not _MISSING and not _same(present, value):
            text = _with_value(text, path, value)
    return text


def _at(data: object, path: Sequence[str]) -> object:
    for part in path:
        data = data.get(part, _MISSING) if isinstance(data, Mapping) else _MISSING
    return data


def _same(one: object, other: object) -> bool:
    """True and 1 are equal, but not the same setting."""
    return type(one) is type(other) and one == other


def _with_line(text: str, path: tuple[str, ...], value: object) -> str:
    """The text with a key that it did not have."""
    if (place := place_for(text, path)) is None:
        return _with_value(text, path, value)
    end = "\r\n" if text[:place].endswith("\r\n") else "\n"
    return f"{text[:place]}{path[-1]} = {_item(value).as_string()}{end}{text[place:]}"


def _with_value(text: str, path: Sequence[str], value: object) -> str:
    document = tomlkit.parse(text)
    table: MutableMapping[str, Any] = document
    for part in path[:-1]:
        table = table.setdefault(part, tomlkit.table())
    present = table.get(path[-1])
    if value is None:
        del table[path[-1]]
    elif isinstance(present, Array) and isinstance(value, list | tuple):
        _fill(present, value)
    else:
        table[path[-1]] = _item(value)
    return tomlkit.dumps(document)


def _fill(array: Array, values: Sequence[object]) -> None:
    """Bring a list to other items; those that stay keep their lines and comments."""
    for index in reversed(range(len(array))):
        if array[index] not in values:
            del array[index]
    kept = list(array.unwrap())
    if kept != list(values[: len(kept)]):
        array.clear()
        kept = []
    for value in values[len(kept) :]:
        array.append(_item(value))


def _item(value: object) -> Item:
    """A value as TOML; paths of Windows in single quotes, as the example file has them."""
    if isinstance(value, str) and "\\" in value and "'" not in value and value.isprintable():
        return tomlkit.string(value, literal=True)
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for inner in value:
            array.append(_item(inner))
        return array
    return tomlkit.item(value)
