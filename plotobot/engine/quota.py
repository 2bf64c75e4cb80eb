"""How many plots were asked for, and whether any may be started; kept over restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from pydantic import TypeAdapter, ValidationError

from plotobot.engine.store import Store

_KEY = "spawner"


@dataclass(frozen=True, slots=True)
class Quota:
    """The spawner's standing order."""

    running: bool
    since: datetime
    """Jobs started from this moment on are of this quota."""
    count: int | None = None
    """Asked for by command; None leaves it to the settings."""
    told: bool = False
    """Whether it was told that all are started."""
    until: datetime | None = None
    """When to start no more, by command."""
    draining: bool = False
    """Whether to tell when the last running plot is done."""
    enabled: bool | None = None
    """`spawn.enabled` as it was when this order was given; None in orders of earlier versions."""

    @classmethod
    async def load(cls, store: Store, *, running: bool, now: datetime) -> Self:
        """What was stored, or a new one; damaged text counts as none."""
        stored = await store.recall(_KEY)
        try:
            return TypeAdapter(cls).validate_json(stored or "")
        except ValidationError:
            return cls(running, now.astimezone(UTC), enabled=running)

    async def save(self, store: Store) -> None:
        """Keep it over restarts."""
        await store.remember(_KEY, TypeAdapter(Quota).dump_json(self).decode())

    def paused(self, *, drain: bool = False) -> Quota:
        """The same, starting nothing."""
        return replace(self, running=False, draining=drain)

    def resumed(self, until: datetime | None) -> Quota:
        """The same, starting plots again until then, or without end."""
        return replace(self, running=True, draining=False, until=until)

    def opened(self, count: int | None, now: datetime, until: datetime | None = None) -> Quota:
        """A new quota that counts from now."""
        return Quota(running=True, since=now, count=count, until=until, enabled=self.enabled)
