"""The settings as an importer sees them: which exist, and which values they take.

Everything is looked up in the model itself, so that a setting can be filled as soon as it exists.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from plotobot.settings import SettingsFile

Data = dict[str, Any]
"""What the TOML is to hold: values, and tables of values."""


class Unfit(Exception):  # noqa: N818 - it reads as what it is
    """A setting refuses a value; the message says why, without the value."""


def field_of(target: str) -> FieldInfo | None:
    """The model's field for "spawn.count"; None while there is no such setting."""
    *tables, name = target.split(".")
    model: type[BaseModel] = SettingsFile
    for table in tables:
        field = model.model_fields.get(table)
        inner = _table(field) if field else None
        if inner is None:
            return None
        model = inner
    return model.model_fields.get(name)


def default_of(target: str) -> str:
    """A setting's default, as a sentence may show it."""
    field = field_of(target)
    value = None if field is None or field.default_factory else field.default
    if target == "machine":
        return "this computer's name"
    return "none" if value is None or value == () else toml_value(value)


def with_value(data: Data, target: str, candidates: Iterable[object]) -> Data:
    """A copy of the data in which a setting has the first candidate that all rules allow.

    Raises:
        Unfit: they allow none.
    """
    because = "it has no value"
    for candidate in candidates:
        trial = _put(data, target, candidate)
        try:
            SettingsFile.model_validate(trial)
        except ValidationError as error:
            because = _because(error, target)
        else:
            return trial
    raise Unfit(because) from None


def value_of(data: Data, target: str) -> object:
    """What a setting has in the data; None where it has nothing."""
    found: object = data
    for part in target.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def toml_value(value: object) -> str:
    """A switch, number, printable text or list of them, as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml_value, value))}]"
    if not isinstance(value, str):
        return repr(value)
    # Single quotes keep the backslashes of Windows' paths readable.
    if "\\" in value and "'" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def _put(data: Data, target: str, value: object) -> Data:
    changed = copy.deepcopy(data)
    *tables, name = target.split(".")
    inner = changed
    for table in tables:
        inner = inner.setdefault(table, {})
    inner[name] = value
    return changed


def _because(error: ValidationError, target: str) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    field = field_of(target)
    if fault["loc"] and field is not None and field.description:
        return f"{target} must be {field.description}"
    return fault["msg"].removeprefix("Value error, ").rstrip(".")


def _table(field: FieldInfo) -> type[BaseModel] | None:
    kinds = (field.annotation, *get_args(field.annotation))
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
