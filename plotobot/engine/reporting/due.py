"""When a summary is due. Pure.

Two notions meet: so many hours after the last one, and times of day on the machine's own clock,
which may skip an hour or have one twice. Each day has each time once: a skipped one is told when
the clock has jumped over it, a doubled one the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from plotobot.engine.config import ReportRules

DAY = timedelta(days=1)


def next_due(anchor: datetime, rules: ReportRules, zone: tzinfo | None = None) -> datetime | None:
    """The first due moment after an anchor; None where none is ever due.

    Args:
        anchor: the last due moment that was served.
        rules: when summaries are told.
        zone: the clock that times of day go by; None is the machine's own.
    """
    dues = [moment for moment in _of_days(anchor, anchor, rules.at, zone) if moment > anchor]
    if rules.every:
        dues.append(anchor + timedelta(seconds=rules.every))
    return min(dues, default=None)


def served(
    anchor: datetime, now: datetime, rules: ReportRules, zone: tzinfo | None = None
) -> datetime:
    """The latest due moment up to now: one summary serves all that were missed.

    So summaries keep to their hours, however late one of them is told.
    """
    dues = [m for m in _of_days(anchor, now, rules.at, zone) if anchor < m <= now]
    if rules.every and now > anchor:
        every = timedelta(seconds=rules.every)
        dues.append(anchor + (now - anchor) // every * every)
    return max(dues, default=anchor)


def _of_days(
    first: datetime, last: datetime, times: Sequence[str], zone: tzinfo | None
) -> list[datetime]:
    """All due moments of the days around two moments; only the ends of a long stretch."""
    days: set[date] = set()
    for moment in (first, last):
        today = moment.astimezone(zone).date()
        days.update(today + n * DAY for n in (-1, 0, 1, 2) if _counts(today, n))
    return [_moment(day, text, zone) for day in sorted(days) for text in times]


def _counts(today: date, days: int) -> bool:
    try:
        today + days * DAY
    except OverflowError:
        return False
    return True


def _moment(day: date, text: str, zone: tzinfo | None) -> datetime:
    # Of a doubled hour fold 0 is the first; a skipped one it reads by the clock before the jump,
    # which gives the moment as far behind the jump as the written time is behind its begin.
    return datetime.combine(day, time.fromisoformat(text), tzinfo=zone).astimezone(UTC)
