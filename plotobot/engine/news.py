"""What is worth telling of drives: gone, back, and no room left for plots. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotobot.engine.models import Drive, DriveKind, Event, EventKind, Hold

REMIND_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OutAlarm:
    """Since when there has been no out drive, and when it was told last."""

    since: datetime | None = None
    told: datetime | None = None


def drive_events(
    before: Mapping[tuple[DriveKind, str], str | None], after: Sequence[Drive], now: datetime
) -> list[Event]:
    """Events for drives whose problem came, went or changed since the last look."""
    events = []
    for drive in after:
        old, new = before.get((drive.kind, drive.path)), drive.problem
        if new and new != old:
            events.append(_drive_event(EventKind.DRIVE_MISSING, drive, now, new))
        elif old and not new:
            events.append(_drive_event(EventKind.DRIVE_BACK, drive, now, old))
    return events


def problems(drives: Iterable[Drive]) -> dict[tuple[DriveKind, str], str | None]:
    """What `drive_events` compares with at the next look."""
    return {(drive.kind, drive.path): drive.problem for drive in drives}


def out_alarm(
    alarm: OutAlarm, holds: Sequence[Hold], started: int, now: datetime
) -> tuple[OutAlarm, Event | None]:
    """Tell of a missing out drive once, then hourly, and when plots go on again."""
    hold = next((hold for hold in holds if hold.rule == "no_out_drive"), None)
    if hold is None or started:
        return _cleared(alarm, holds, started, now)
    if alarm.told and now - alarm.told < REMIND_AFTER:
        return alarm, None
    since = alarm.since or now
    data = {"reason": hold.reason, "since": since.isoformat(), "again": alarm.since is not None}
    return OutAlarm(since, now), Event(EventKind.NO_OUT_DRIVE, now, None, data)


def _cleared(
    alarm: OutAlarm, holds: Sequence[Hold], started: int, now: datetime
) -> tuple[OutAlarm, Event | None]:
    if alarm.since is None:
        return alarm, None
    # Another rule may hide the full out drive; only a start, or a drive that waits for its own
    # sake, shows that it is over.
    if not started and all(hold.rule in _HIDING for hold in holds):
        return alarm, None
    data = {"since": alarm.since.isoformat()}
    return OutAlarm(), Event(EventKind.OUT_DRIVE_AGAIN, now, None, data)


_HIDING = {"paused", "quota", "max_parallel", "max_parallel_per_drive", "drive_problem", "resting"}


def _drive_event(kind: EventKind, drive: Drive, now: datetime, what: str) -> Event:
    data = {"path": drive.path, "kind": drive.kind.value, "label": drive.label, "what": what}
    return Event(kind, now, None, data)
