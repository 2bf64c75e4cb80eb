"""Reads what was noted in the database; damaged text counts as none, and holds up nobody."""

from __future__ import annotations

import logging
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

log = logging.getLogger(__name__)

T = TypeVar("T")


def noted(text: str | None, kind: type[T], default: T) -> T:
    """The value of a note.

    Args:
        text: the note, as JSON; None or "" where there is none.
        kind: the type its value has, such as `dict[str, int]`.
        default: of that type, for where there is no note, or one of another form.
    """
    if not text:
        return default
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError:
        log.warning("a note in the database is damaged, and counts as none: %.60r", text)
        return default
