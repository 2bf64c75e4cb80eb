"""The return after a stop: the jobs are taken up again, and what became of them is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from plotobot.engine.endings import told
from plotobot.engine.launcher import Launcher
from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.recovery import Recovered, recover
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.watcher import Watcher

PATIENCE = 60.0
"""Seconds that the judging of what ended meanwhile is waited for."""


class Homecoming:
    """Takes the jobs up that were there before a stop, then tells what became of them."""

    def __init__(
        self,
        supervisor: Supervisor,
        roster: Roster,
        launcher: Launcher,
        watcher: Watcher,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        self._supervisor = supervisor
        self._roster = roster
        self._launcher = launcher
        self._watcher = watcher
        self._store = store
        self._now = now

    async def take_up(self) -> Recovered:
        """Go on with what was there before: adopt, relaunch, judge."""
        adopted = await self._supervisor.adopt(await self._store.ended_ids())
        stored = {job.id: job for job in self._roster.all()}
        found = recover(adopted, stored, self._now())
        await self._put_down(found)
        for job in found.relaunch:
            started = await self._launcher.relaunch(job)
            if started.state.live:
                self._watcher.watch(started)
        for job in found.watch:
            self._watcher.watch(job)
        return found

    async def _put_down(self, found: Recovered) -> None:
        now = self._now()
        for job in found.watch:
            known = self._roster.get(job.id)
            first_time = known is None or known.started_at is None
            events = [Event(EventKind.JOB_SPAWNED, now, job)] if first_time else []
            await self._roster.put(job, events=events)
        for job in (*found.judged, *found.lost):
            await self._roster.put(job, events=[told(job, now)])
        await self._roster.put(*found.unknown)

    async def tell_of_damage(self) -> None:
        """Tell of a database that had to be set aside, if it was so."""
        if self._store.recovered:
            what = f"the database was damaged; it is kept as {self._store.recovered.name}"
            trouble = Event(EventKind.TROUBLE, self._now(), None, {"what": what})
            await self._roster.put(events=[trouble])

    async def tell(self, found: Recovered, gone: datetime) -> None:
        """Tell of the return once the plots that ended while nobody was there are judged.

        Args:
            found: what was found at the start.
            gone: when Plotobot was last known to be there.
        """
        back = self._now()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    while any(job.state.live for job in _ended(self._roster, found)):
                        await self._roster.changed()
        finally:  # also where it is to stop again by now
            running = len(found.watch) - len(found.ended)
            news = _news(_ended(self._roster, found), running, gone, back)
            await self._roster.put(events=[news])


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
