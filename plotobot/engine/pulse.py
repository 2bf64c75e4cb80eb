"""The engine's one task: it watches, judges and starts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from plotobot.engine.models import Event, EventKind, Job, SpawnerView
from plotobot.engine.notice import put_up
from plotobot.engine.parts import Parts
from plotobot.engine.watcher import advanced

log = logging.getLogger(__name__)

LOG_EVERY = 0.5
"""Seconds between two looks at the logs: an alert may be two seconds late at most."""
DRIVES_EVERY = 10.0
"""Seconds between two looks at the drives; a pass looks at them as well."""
PERF_EVERY = 20.0
"""Seconds between two looks at what the jobs' processes take."""
TROUBLE_EVERY = timedelta(minutes=10)


class Pulse:
    """Beats every half second, and at once where a plotter ends."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # By the loop's clock, which no change of the system's time can move.
        self._next_look = self._next_drives = self._next_perf = self._next_guard = 0.0
        self._last_trouble: datetime | None = None

    async def run(self) -> None:
        """Beat for ever; a beat that fails is told and does not end it."""
        wake = self._parts.wake
        while True:
            try:
                await self._beat()
            except Exception as error:  # the last frame: a farm goes on without one beat
                await self.trouble(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOG_EVERY):
                    await wake.wait()
            wake.clear()

    async def look(self, *, forced: bool = False) -> list[Job]:
        """A pass of the spawner now; gives the jobs it started."""
        parts = self._parts
        try:
            await asyncio.to_thread(parts.supervisor.home.look)
            return await parts.spawner.pass_once(forced=forced)
        finally:  # also what a pass had started before it failed is watched
            self._next_look = asyncio.get_running_loop().time() + parts.spawner.rest()
            for job in parts.roster.live():
                parts.watcher.watch(job)
            await asyncio.to_thread(self._put_up, parts.spawner.view())

    async def trouble(self, error: Exception) -> None:
        """Log an error, and tell of it unless one was told a moment ago."""
        log.error("a step of the engine failed", exc_info=error)
        now = self._parts.now()
        if self._last_trouble and now - self._last_trouble < TROUBLE_EVERY:
            return
        self._last_trouble = now
        what = f"a step of the engine failed ({type(error).__name__}); the log has the rest"
        with suppress(Exception):  # it may be the store itself
            await self._parts.tell(EventKind.TROUBLE, what)

    async def _beat(self) -> None:
        parts, clock = self._parts, asyncio.get_running_loop().time()
        await self._write()
        changed = await self._settle()
        parts.vigil.tick(clock, [job.id for job in parts.roster.live()])
        changed |= await self._follow_logs()
        changed |= await self._look_at_drives(clock)
        await self._meter(clock)
        if changed or clock >= self._next_look:
            await self.look()
        elif parts.spawner.tick is not None and clock >= self._next_guard:
            await parts.spawner.guard()
            self._next_guard = clock + parts.spawner.tick

    async def _write(self) -> None:
        """Write what could not be written before."""
        parts = self._parts
        await parts.roster.flush()
        await parts.audit.flush()
        if await parts.outbox.watch(await asyncio.to_thread(parts.supervisor.home.look)):
            parts.roster.tell()

    async def _settle(self) -> bool:
        """Take up what has ended; returns whether anything has."""
        ended = await self._parts.endings.settle()
        if ended:
            self._parts.history.forget()
            self._parts.mover.wake()
        return ended

    async def _look_at_drives(self, clock: float) -> bool:
        """Look at the drives where it is time; returns whether one changed."""
        if clock < self._next_drives:
            return False
        parts, self._next_drives = self._parts, clock + DRIVES_EVERY
        changed = await parts.spawner.look()
        await parts.reporter.look()
        await parts.store.remember("alive", parts.now().isoformat())
        return changed

    async def _meter(self, clock: float) -> None:
        if clock >= self._next_perf:
            self._next_perf = clock + PERF_EVERY
            await self._parts.perf.note(self._parts.roster.live())

    def _put_up(self, view: SpawnerView) -> None:
        if self._parts.supervisor.home.look() is None:
            put_up(self._parts.config.state_dir, view)

    async def _follow_logs(self) -> bool:
        """Take up what the logs tell; returns whether a job came into another phase."""
        parts, phase_changed = self._parts, False
        for job_id, progress in (await parts.watcher.progress()).items():
            job = parts.roster.get(job_id)
            if job is None or not job.state.live:
                continue
            read = parts.watcher.read(job_id)
            new, events = await parts.vigil.attend(job, advanced(job, progress), read)
            # One that was changed meanwhile is taken up at the next step.
            if new != job and parts.roster.get(job_id) is job:
                await self._advance(job, new, events)
                phase_changed |= new.phase != job.phase
        return phase_changed

    async def _advance(self, job: Job, new: Job, events: Sequence[Event]) -> None:
        same = (new.status, new.plot_id, new.stuck) == (job.status, job.plot_id, job.stuck)
        if same and not events:
            self._parts.roster.note(new)
        else:
            await self._parts.roster.put(new, events=events)
