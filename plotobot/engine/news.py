"""What is worth telling of drives: gone, back, and no room left for plots. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotobot.engine.drives import DriveChange, DriveNews, news
from plotobot.engine.models import Drive, Event, EventKind, Hold

REMIND_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OutAlarm:
    """Since when there has been no out drive, and when it was told last."""

    since: datetime | None = None
    told: datetime | None = None


def drive_events(before: Sequence[Drive], after: Sequence[Drive], now: datetime) -> list[Event]:
    """Events for what changed between two looks at the drives."""
    return [_drive_event(one, now) for one in news(before, after)]


def out_alarm(
    alarm: OutAlarm, holds: Sequence[Hold], started: int, now: datetime
) -> tuple[OutAlarm, Event | None]:
    """Tell of a missing out drive once, then hourly, and when plots go on again."""
    hold = next((hold for hold in holds if hold.rule == "no_out_drive"), None)
    if hold is None or started:
        return _cleared(alarm, started, now)
    if alarm.told and now - alarm.told < REMIND_AFTER:
        return alarm, None
    since = alarm.since or now
    data = {"reason": hold.reason, "since": since.isoformat(), "again": alarm.since is not None}
    return OutAlarm(since, now), Event(EventKind.NO_OUT_DRIVE, now, None, data)


def _cleared(alarm: OutAlarm, started: int, now: datetime) -> tuple[OutAlarm, Event | None]:
    # Any other rule may hide the full out drive; only a start shows that it is over.
    if alarm.since is None or not started:
        return alarm, None
    data = {"since": alarm.since.isoformat()}
    return OutAlarm(), Event(EventKind.OUT_DRIVE_AGAIN, now, None, data)


def _drive_event(one: DriveNews, now: datetime) -> Event:
    kind, what = _WORDS[one.change]
    drive = one.drive
    data = {"path": drive.path, "kind": drive.kind.value, "label": drive.label, "what": what}
    return Event(kind, now, None, data)


_WORDS = {
    DriveChange.VANISHED: (EventKind.DRIVE_MISSING, "the drive is missing"),
    DriveChange.READ_ONLY: (EventKind.DRIVE_MISSING, "the drive is read-only"),
    DriveChange.BACK: (EventKind.DRIVE_BACK, "the drive is back"),
    DriveChange.WRITABLE: (EventKind.DRIVE_BACK, "the drive can be written again"),
}
