"""Tells that Plotobot is back after a stop, and what became of the plots meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.recovery import Recovered
from plotobot.engine.roster import Roster

PATIENCE = 60.0
"""Seconds that the judging of what ended meanwhile is waited for."""


async def tell_of_return(roster: Roster, found: Recovered, gone: datetime, now: datetime) -> None:
    """Tell it once the plots that ended while nobody was there are judged.

    Args:
        roster: where the judgements are put down.
        found: what was found at the start.
        gone: when Plotobot was last known to be there.
        now: when it came back.
    """
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while any(job.state.live for job in _ended(roster, found)):
                    await roster.changed()
    finally:  # also where it is to stop again by now
        news = _news(_ended(roster, found), len(found.watch) - len(found.ended), gone, now)
        await roster.put(events=[news])


def _ended(roster: Roster, found: Recovered) -> list[Job]:
    known = (roster.get(job_id) for job_id in found.ended)
    return [*(job for job in known if job), *found.judged, *found.lost]


def _news(ended: Sequence[Job], running: int, gone: datetime, now: datetime) -> Event:
    many = Counter(job.state for job in ended)
    data = {
        "away_seconds": max(0.0, (now - gone).total_seconds()),
        "adopted": running,
        "finished_meanwhile": many[JobState.COMPLETED],
        "failed_meanwhile": many[JobState.FAILED] + many[JobState.LOST],
        "stopped_meanwhile": many[JobState.STOPPED],
    }
    return Event(EventKind.BOT_BACK, now, None, data)
