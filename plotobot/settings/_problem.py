"""One thing that is wrong with a settings file, and what may be shown of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

HIDDEN = "(hidden)"
_SHORTEST_SECRET = 8
"""Shorter ones would blot out ordinary words, and no real token is that short."""
_SECRET_SHAPES = re.compile(
    r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}"  # a bot token
    r"|api/webhooks/\d+/[\w-]+"  # Ploto's way to Discord: who has the address may write there
)

Hide = Callable[[str], str]
"""Takes the secrets out of a text."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence, and the key it is about."""

    text: str
    path: tuple[str, ...] = ()
    """The key's parts, as in ("plot", "k"); empty where no key is to blame."""
    line: int | None = None
    """Where the key's line is no help: the line itself, from 1."""
    column: int | None = None


def hider(secrets: Iterable[str]) -> Hide:
    """Make a function that hides these secrets, and all that is shaped like one."""
    known = sorted((s for s in secrets if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in known:
            text = text.replace(secret, HIDDEN)
        return _SECRET_SHAPES.sub(HIDDEN, text)

    return hide


def has_secret(text: str, known: Iterable[str] = ()) -> bool:
    """Whether a text holds a known secret, a bot token or a webhook address."""
    return hider(known)(text) != text
