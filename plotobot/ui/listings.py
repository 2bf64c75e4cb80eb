"""Lists that were shown and wait for a second press: that press is about these very things."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from plotobot.engine.models import Orphan
from plotobot.errors import Refusal

MOST = 50
"""Lists remembered; a seal lives for a minute, so none that counts is ever forgotten."""


class Listings:
    """Remembers the latest lists, each under a name nobody can guess."""

    def __init__(self) -> None:
        self._lists: dict[str, tuple[Orphan, ...]] = {}

    def keep(self, orphans: Sequence[Orphan]) -> str:
        """Remember a list; returns its name."""
        name = secrets.token_hex(8)
        self._lists[name] = tuple(orphans)
        for old in list(self._lists)[:-MOST]:
            del self._lists[old]
        return name

    def take(self, name: str) -> tuple[Orphan, ...]:
        """The list of this name.

        Raises:
            Refusal: there is none.
        """
        try:
            return self._lists[name]
        except KeyError:
            raise Refusal("This list is not known any more. Use `/clean` again.") from None
