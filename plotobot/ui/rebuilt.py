"""Buttons that a restart does not forget: their id alone says what they are."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

import discord


class Rebuilt:
    """Makes a button again from its id: the groups of its template are what its class is given.

    To be named before `discord.ui.DynamicItem`. Whether a ticket in an id holds is seen on the
    press.
    """

    NUMBERS: ClassVar[frozenset[str]] = frozenset()
    """The groups that are whole numbers; the others stay text."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Rebuild the button, as discord.py asks for it."""
        parts = match.groupdict()
        return cls(**{name: int(p) if name in cls.NUMBERS else p for name, p in parts.items()})
