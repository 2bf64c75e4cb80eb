"""How many plots were made on each day of the machine's own calendar."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from plotobot.engine.models import JobState
from plotobot.engine.store import sortable
from plotobot.engine.summary import DayCount

Made = tuple[datetime, int]
"""When a plot was finished, and its bytes."""


def made_since(db: sqlite3.Connection, since: datetime) -> list[Made]:
    """The plots that were finished since a moment; their whole records stay unread."""
    sql = (
        "SELECT ended_at, coalesce(json_extract(body, '$.final_size'), 0) FROM jobs"
        " WHERE ended_at >= ? AND state = ?"
    )
    rows = db.execute(sql, (sortable(since), JobState.COMPLETED.value))
    return [(datetime.fromisoformat(at), int(size)) for at, size in rows]


def days_of(
    made: Iterable[Made], now: datetime, number: int, zone: tzinfo | None = None
) -> list[DayCount]:
    """The counts of so many days, the last one being today. Pure.

    Args:
        made: the plots.
        now: the present moment.
        number: how many days.
        zone: the clock that days go by; None is the machine's own.
    """
    today = now.astimezone(zone).date()
    counts = {today - timedelta(days=ago): [0, 0] for ago in reversed(range(number))}
    for at, size in made:
        if (count := counts.get(at.astimezone(zone).date())) is not None:
            count[0] += 1
            count[1] += size
    return [DayCount(day.isoformat(), plots, size) for day, (plots, size) in counts.items()]
