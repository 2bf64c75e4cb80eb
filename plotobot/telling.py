"""How news is told: which kind goes where, whom it calls, when it waits. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from plotobot.engine.models import EventKind

MAIN = ""
"""The place of all that has no route of its own: the farm's channel."""
URGENT = "critical"
"""The route of all critical kinds that have none of their own."""
WEBHOOK = "webhook:"
"""What a place begins with that is written to through a webhook; its name follows."""
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A stretch of each day, by the clock on the wall, in which only what is critical is told.

    Where the clock skips or repeats one of the ends, the quiet is the longer one of the two.
    """

    start: time
    end: time
    zone: tzinfo | None = None
    """None means the machine's own, with its rules for summer time."""

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """Read `22:00-07:00`.

        Raises:
            ValueError: it is not written so, or begins when it ends.
        """
        match = _HOURS.fullmatch(text.strip())
        if match is None:
            raise ValueError("no hours")
        first, second, third, fourth = map(int, match.groups())
        if (first, second) == (third, fourth):
            raise ValueError("no length")
        return cls(time(first, second), time(third, fourth))

    def until(self, now: datetime) -> datetime | None:
        """When the quiet that `now` falls into is over, in UTC; None outside of it."""
        today = now.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            last = day + timedelta(days=self.end <= self.start)
            end = max(self._moments(last, self.end))
            if min(self._moments(day, self.start)) <= now < end:
                return end
        return None

    def _moments(self, day: date, clock: time) -> tuple[datetime, datetime]:
        """The two moments that a wall's clock may mean; mostly they are one."""
        wall = datetime.combine(day, clock)
        first, second = (
            # Without a zone `astimezone` asks the system, whose rules know the day's offset.
            (wall if self.zone is None else wall.replace(tzinfo=self.zone))
            .replace(fold=fold)
            .astimezone(UTC)
            for fold in (0, 1)
        )
        return first, second


@dataclass(frozen=True, slots=True)
class Manner:
    """How alerts are told."""

    routes: Mapping[str, str] = field(default_factory=dict)
    """For a kind's name, or `critical`: a channel's id in digits, or `webhook:NAME`."""
    webhooks: Mapping[str, tuple[int, str]] = field(default_factory=dict, repr=False)
    """For a webhook's name its id and its token, which is a secret."""
    role: int | None = None
    """The role that critical news calls."""
    quiet: QuietHours | None = None

    def place(self, kind: EventKind, *, critical: bool) -> str:
        """Where a kind of event is told; a route of its own goes before that of the critical."""
        found = self.routes.get(kind.value)
        return found or (self.routes.get(URGENT, MAIN) if critical else MAIN)


@dataclass(frozen=True, slots=True)
class Hush:
    """What is held back for a while; nothing of it is lost."""

    quiet: QuietHours | None = None
    snoozed: Mapping[EventKind, datetime] = field(default_factory=dict)
    """Until when a person wants to hear nothing of a kind."""

    def held_until(self, kind: EventKind, at: datetime, *, critical: bool) -> datetime | None:
        """Until when something of this kind is not told that is due at this moment, or None."""
        ends = []
        if (snoozed := self.snoozed.get(kind)) and at < snoozed:
            ends.append(snoozed)
        if self.quiet and not critical and (end := self.quiet.until(at)):
            ends.append(end)
        return max(ends, default=None)


@dataclass(frozen=True, slots=True)
class Telling:
    """Which kinds of events are told, and how."""

    kinds: frozenset[EventKind] = frozenset(EventKind)
    """The others count as told."""
    manner: Manner = field(default_factory=Manner)
