"""What is worth telling of destinations: away, back, full, and no room anywhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotobot.engine.models import Event, EventKind

REMIND_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Since when plots have had no place to go, and when it was told last."""

    since: datetime | None = None
    told: datetime | None = None


def destination_events(
    before: Mapping[str, str], after: Mapping[str, str], now: datetime
) -> list[Event]:
    """Events for destinations that went away or came back between two looks.

    Args:
        before: what was wrong with each destination, by name.
        after: likewise; one that is not named is well.
        now: the moment of the second look.
    """
    gone = [
        Event(EventKind.DESTINATION_AWAY, now, None, {"path": name, "reason": reason})
        for name, reason in after.items()
        if name not in before
    ]
    back = [
        Event(EventKind.DESTINATION_BACK, now, None, {"path": name})
        for name in before
        if name not in after
    ]
    return gone + back


def full_events(before: frozenset[str], after: frozenset[str], now: datetime) -> list[Event]:
    """Events for destinations that have come to be full between two looks."""
    full = sorted(after - before)
    return [Event(EventKind.DESTINATION_FULL, now, None, {"path": name}) for name in full]


def nowhere_alarm(
    alarm: Alarm, reason: str | None, *, moved: bool, now: datetime
) -> tuple[Alarm, Event | None]:
    """Tell that plots have no place to go once, then hourly, and when they go on again.

    Args:
        alarm: what was told.
        reason: why no waiting plot has a place; None where that is not so.
        moved: whether a plot has begun to move since.
        now: the moment.
    """
    if reason is None or moved:
        if alarm.since is None or not moved:
            return alarm, None
        return Alarm(), Event(
            EventKind.DESTINATION_AGAIN, now, None, {"since": alarm.since.isoformat()}
        )
    if alarm.told and now - alarm.told < REMIND_AFTER:
        return alarm, None
    since = alarm.since or now
    data = {"reason": reason, "since": since.isoformat()}
    return Alarm(since, now), Event(EventKind.NO_DESTINATION, now, None, data)
