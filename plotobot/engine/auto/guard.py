"""Holds plots still and lets them go on, as the banker's rule says; none but Plotobot's own.

What it does is written down before a plot is held still and after it goes on, so that whatever
happens to the bot between, the next run knows whom to let go.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from plotobot.engine.models import Job
from plotobot.engine.roster import Roster
from plotobot.engine.supervision.supervisor import Supervisor

log = logging.getLogger(__name__)


class Guard:
    """The one who pauses plots."""

    def __init__(self, supervisor: Supervisor, roster: Roster, now: Callable[[], datetime]) -> None:
        self._supervisor = supervisor
        self._roster = roster
        self._now = now
        self._confirmed: set[str] = set()
        """Those that this run of the bot has held still itself."""

    async def hold(self, still: Collection[str]) -> None:
        """Hold exactly these jobs still."""
        for job in self._roster.live():
            if job.foreign or job.pid is None:
                continue
            if job.id in still:
                await self._pause(job)
            elif job.paused:
                await self._resume(job)
        self._confirmed &= {job.id for job in self._roster.live()}

    async def _pause(self, job: Job) -> None:
        current = self._roster.get(job.id)
        if current is None or not current.state.live:  # it was judged meanwhile
            return
        if current.paused is None:
            await self._roster.put(replace(current, paused=self._now()))
            log.info("%s is held still, so that the plots before it have room", job.label)
        if job.id not in self._confirmed:
            await self._supervisor.pause(job.id)
            self._confirmed.add(job.id)

    async def _resume(self, job: Job) -> None:
        await self._supervisor.resume(job.id)
        self._confirmed.discard(job.id)
        current = self._roster.get(job.id)
        if current is not None and current.paused:
            took = max(0.0, (self._now() - current.paused).total_seconds())
            total = current.paused_seconds + took
            await self._roster.put(replace(current, paused=None, paused_seconds=total))
            log.info("%s goes on after %.0f s", job.label, took)
