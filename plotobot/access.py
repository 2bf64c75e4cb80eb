"""Who may do what, decided from plain numbers: no Discord and no I/O in here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum


class Level(IntEnum):
    """How much a person may do; each level may also do what the lower ones may."""

    NOBODY = 0
    VIEWER = 1
    """Look."""
    OPERATOR = 2
    """Start, hold and stop plots."""
    OWNER = 3
    """All of it."""


@dataclass(frozen=True, slots=True)
class Holders:
    """The people and the roles that hold one level, by their Discord ids."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.roles)

    def include(self, user_id: int, role_ids: frozenset[int]) -> bool:
        """Whether this person, or one of these roles, is among them."""
        return user_id in self.users or not self.roles.isdisjoint(role_ids)


@dataclass(frozen=True, slots=True)
class Access:
    """The one server that is served, its channel for alerts, and who holds which level there.

    Nobody holds anything unless named, and a role counts in the configured server only: the same
    name elsewhere, or its id by way of a direct message, gives nothing.
    """

    guild: int
    channel: int
    owners: Holders = field(default_factory=Holders)
    operators: Holders = field(default_factory=Holders)
    viewers: Holders = field(default_factory=Holders)

    def level_of(self, user_id: int, role_ids: Iterable[int], guild_id: int | None) -> Level:
        """The highest level a person holds.

        Args:
            user_id: the person.
            role_ids: the roles the person has in `guild_id`.
            guild_id: where the person asks; None in a direct message.
        """
        if guild_id != self.guild:
            return Level.NOBODY
        roles = frozenset(role_ids)
        ladder = (
            (Level.OWNER, self.owners),
            (Level.OPERATOR, self.operators),
            (Level.VIEWER, self.viewers),
        )
        held = (level for level, holders in ladder if holders.include(user_id, roles))
        return next(held, Level.NOBODY)
