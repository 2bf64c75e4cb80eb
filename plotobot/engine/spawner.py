"""The spawner: looks at the drives, asks the planner, starts what it says."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from plotobot.engine.backoff import resting
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay
from plotobot.engine.launcher import Launcher
from plotobot.engine.models import (
    Drive,
    DriveKind,
    DriveView,
    Event,
    EventKind,
    Hold,
    Job,
    SpawnerView,
)
from plotobot.engine.news import OutAlarm, drive_events, out_alarm
from plotobot.engine.planner import Rules, World, plan, starts_of
from plotobot.engine.quota import Quota
from plotobot.engine.roster import Roster
from plotobot.engine.space import Ledger, takes
from plotobot.engine.store import Store
from plotobot.engine.usage import measure
from plotobot.errors import PlotterMissing
from plotobot.plotters.base import Needs, Plotter, Program

log = logging.getLogger(__name__)

KNOWN_DRIVES = "drives.known"
"""The note under which the store keeps what the drive bay has learnt."""


class Spawner:
    """Starts plots as the rules and the drives allow."""

    def __init__(
        self,
        config: EngineConfig,
        plotter: Plotter,
        launcher: Launcher,
        bay: DriveBay,
        roster: Roster,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._plotter = plotter
        self._launcher = launcher
        self._bay = bay
        self._roster = roster
        self._store = store
        self._now = now
        self._quota = Quota(config.spawn_on_start, now())
        self._spawned = 0
        self._program: Program | None = None
        self._drives: Sequence[Drive] = ()
        self._holds: tuple[Hold, ...] = ()
        self._known: Mapping[str, str] = bay.known
        self._alarm = OutAlarm()
        self._looked_at: datetime | None = None
        self._passing = asyncio.Lock()
        self._looking = asyncio.Lock()

    async def load(self) -> None:
        """Take up the standing order, and look at the drives for the first time."""
        spawn, now = self._config.spawn_on_start, self._now()
        self._quota = await Quota.load(self._store, running=spawn, now=now)
        await self._quota.save(self._store)
        self._spawned = await self._store.count_started(self._quota.since)
        await self.look()

    async def look(self) -> bool:
        """Look at the drives; returns whether there is news of them, which is told."""
        # The bay takes a folder that is still being asked by another look for one that hangs.
        async with self._looking:
            before, self._drives = self._drives, await asyncio.to_thread(self._bay.look)
            events = drive_events(before, self._drives, self._now())
            if events:
                await self._roster.put(events=events)
            await self._keep_known()
            return bool(events)

    async def pass_once(self, *, forced: bool = False) -> list[Job]:
        """Start what may start now; returns those jobs.

        Args:
            forced: also while paused, for this one pass.
        """
        async with self._passing:
            await self.look()
            self._roster.note(*(await asyncio.to_thread(measure, self._roster.live())).values())
            started = await self._start_all(forced)
            self._looked_at = self._now()
            await self._tell_of_out_drives(len(started))
            await self._tell_of_quota()
            self._roster.tell()
            return started

    def rest(self) -> float:
        """Seconds until a pass may start what this one had to hold back; at most the interval."""
        ends = [hold.until for hold in self._holds if hold.until]
        interval = self._config.limits.interval
        waits = ((end - self._now()).total_seconds() for end in ends)
        return max(0.1, min([interval, *waits]))

    async def start(self, count: int | None) -> None:
        """Let plots start; a count, or a quota that is used up, opens a new one."""
        used_up = self._limit() is not None and self._spawned >= (self._limit() or 0)
        if count is not None or used_up:
            self._quota, self._spawned = self._quota.opened(count, self._now()), 0
        else:
            self._quota = replace(self._quota, running=True)
        await self._quota.save(self._store)

    async def pause(self) -> None:
        """Start no more plots."""
        self._quota = self._quota.paused()
        await self._quota.save(self._store)

    def view(self) -> SpawnerView:
        """What holds each drive, as of the last pass."""
        interval = timedelta(seconds=self._config.limits.interval)
        return SpawnerView(
            running=self._quota.running,
            spawned=self._spawned,
            count=self._limit(),
            holds=self._holds,
            looked_at=self._looked_at,
            next_look=self._looked_at + interval if self._looked_at else None,
        )

    def drives(self, kind: DriveKind | None) -> list[DriveView]:
        """The drives with what is planned on them."""
        live, needs = self._roster.live(), self._needs()
        ledger = Ledger.of(self._drives, live, self._config.space.reserve)
        return [
            _view(drive, live, needs, ledger)
            for drive in self._drives
            if kind is None or drive.kind is kind
        ]

    def seen(self) -> Sequence[Drive]:
        """The drives as of the last look."""
        return self._drives

    async def _keep_known(self) -> None:
        """Keep where each folder's file system was, so that a bare mount point is not used."""
        if self._bay.known != self._known:
            self._known = self._bay.known
            await self._store.remember(KNOWN_DRIVES, json.dumps(dict(self._known)))

    async def _start_all(self, forced: bool) -> list[Job]:
        program = await self._find_program()
        if program is None:
            return []
        decided = plan(self._world(forced), self._rules())
        started = [await self._launcher.launch(program, start) for start in decided.starts]
        self._spawned += sum(job.started_at is not None for job in started)
        self._holds = decided.holds
        for hold in decided.holds:
            log.debug("%s waits: %s", hold.drive, hold.reason)
        return [job for job in started if job.state.live]

    async def _find_program(self) -> Program | None:
        if self._program is None:
            try:
                configured = self._config.plot.program
                self._program = await asyncio.to_thread(self._plotter.find, configured)
            except PlotterMissing as missing:
                await self._plotter_missing(str(missing))
        return self._program

    async def _plotter_missing(self, what: str) -> None:
        hold = Hold("", "plotter_missing", what)
        if self._holds != (hold,):  # told once, not at every pass
            self._holds = (hold,)
            event = Event(EventKind.JOB_NOT_SPAWNED, self._now(), None, {"what": what})
            await self._roster.put(events=[event])

    def _world(self, forced: bool) -> World:
        now = self._now()
        return World(
            now=now,
            drives=self._drives,
            jobs=self._roster.live(),
            spawned=self._spawned,
            spawning=forced or self._quota.running,
            resting={} if forced else resting(self._roster.all(), now),
            starts=starts_of(self._roster.all()),
        )

    def _rules(self) -> Rules:
        limits = replace(self._config.limits, count=self._limit())
        return Rules(limits, self._needs(), self._config.plot.k, self._config.space.reserve)

    def _needs(self) -> Needs:
        usual, space = self._plotter.needs(self._launcher.order("", None, "")), self._config.space
        return Needs(
            temp=usual.temp if space.temp is None else space.temp,
            temp2=usual.temp2 if space.temp2 is None else space.temp2,
            out=usual.out if space.out is None else space.out,
        )

    def _limit(self) -> int | None:
        return self._config.limits.count if self._quota.count is None else self._quota.count

    async def _tell_of_out_drives(self, started: int) -> None:
        self._alarm, event = out_alarm(self._alarm, self._holds, started, self._now())
        if event:
            await self._roster.put(events=[event])

    async def _tell_of_quota(self) -> None:
        limit = self._limit()
        if limit is None or self._spawned < limit or self._quota.told:
            return
        self._quota = replace(self._quota, told=True)
        await self._quota.save(self._store)
        event = Event(EventKind.QUOTA_REACHED, self._now(), None, {"count": limit})
        await self._roster.put(events=[event])


def _view(drive: Drive, live: Sequence[Job], needs: Needs, ledger: Ledger) -> DriveView:
    here = [job for job in live if drive.path in _folders(job, drive.kind)]
    return DriveView(
        drive=drive,
        jobs=len(here),
        reserved=sum(ledger.promised_on(drive.path, job) for job in here),
        takes=takes(drive, ledger.room(drive), needs.temp, needs.temp2, needs.out),
    )


def _folders(job: Job, kind: DriveKind) -> tuple[str | None, ...]:
    return {
        DriveKind.TEMP: (job.temp,),
        DriveKind.TEMP2: (job.temp2,),
    }.get(kind, (job.out,))
