"""The spawner: looks at the drives, asks the planner, starts what it says."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from plotobot.engine.auto.forecast import Auto
from plotobot.engine.auto.pilot import Pilot
from plotobot.engine.backoff import resting
from plotobot.engine.case import Kind, Rules, World, starts_of
from plotobot.engine.config import EngineConfig, Profile
from plotobot.engine.drives import DriveBay
from plotobot.engine.drives.discovery import Specs
from plotobot.engine.failing import Failing
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.former import FormerFolders
from plotobot.engine.launcher import Launcher, order_of
from plotobot.engine.limits import carried, changed, views
from plotobot.engine.models import (
    Drive,
    DriveKind,
    DriveView,
    Event,
    EventKind,
    Hold,
    Job,
    LimitView,
    SpawnerView,
)
from plotobot.engine.news import OutAlarm, drive_events, out_alarm
from plotobot.engine.planner import Start, plan
from plotobot.engine.quota import Quota
from plotobot.engine.replot.slots import NO_SLOTS, Slots
from plotobot.engine.roster import Roster
from plotobot.engine.space import Ledger, takes
from plotobot.engine.store import Store
from plotobot.engine.usage import DriveUsage, with_usage
from plotobot.errors import PlotterMissing
from plotobot.plotters import plotter
from plotobot.plotters.base import Needs, Program

log = logging.getLogger(__name__)

_Sought = tuple[str, Path | None]
"""A plotter's name, and where the settings say it is."""
KNOWN_DRIVES = "drives.known"
"""The note under which the store keeps what the drive bay has learnt."""


class ReplotDrives(Protocol):
    """Tells of drives where old plots may go for new ones."""

    def slots(self, busy: Sequence[Job]) -> Slots:
        """Where a new plot may go now, beside these live jobs."""
        ...

    def why_idle(self) -> str | None:
        """Why no plot goes there, where the farmer wants that."""
        ...


class Spawner:
    """Starts plots as the rules and the drives allow."""

    def __init__(
        self,
        config: EngineConfig,
        launcher: Launcher,
        bay: DriveBay,
        roster: Roster,
        store: Store,
        now: Callable[[], datetime],
        foreign: ForeignPlots | None = None,
        replot: ReplotDrives | None = None,
        pilot: Pilot | None = None,
    ) -> None:
        self._config = config
        self._replot = replot
        self._foreign = foreign or ForeignPlots(config.jobs_root, shown=False)
        self._launcher = launcher
        self._bay = bay
        self._roster = roster
        self._store = store
        self._now = now
        self._quota = Quota(config.spawn_on_start, now())
        self._limits = config.limits
        self._spawned: Mapping[str, int] = {}
        self._programs: dict[_Sought, Program] = {}
        self._missing: dict[str, str] = {}
        self._drives: Sequence[Drive] = ()
        self._holds: tuple[Hold, ...] = ()
        self._known: Mapping[str, str] = bay.known
        self._former = FormerFolders(bay.filesystems)
        self._alarm = OutAlarm()
        self._failing = Failing(store)
        self._looked_at: datetime | None = None
        self._passing = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._usage = DriveUsage()
        self._pilot = pilot
        self._auto: Auto | None = None

    async def load(self) -> None:
        """Take up the standing order, and look at the drives for the first time."""
        spawn, now = self._config.spawn_on_start, self._now()
        self._quota = await Quota.load(self._store, running=spawn, now=now)
        await self._quota.save(self._store)
        self._spawned = await self._store.count_started(self._quota.since)
        await self._failing.load()
        await self._obey()
        await self.look()

    async def look(self) -> bool:
        """Look at the drives; returns whether there is news of them, which is told.

        Foreign plots are looked for, too: one that came or went is news.
        """
        # The bay takes a folder that is still being asked by another look for one that hangs.
        async with self._looking:
            before, drives = self._drives, await asyncio.to_thread(self._bay.look)
            await self._former.look(self._roster.live(), drives)
            self._drives = drives
            events = drive_events(before, self._drives, self._now())
            if events:
                await self._roster.put(events=events)
            await self._keep_known()
            own = [job.id for job in self._roster.live()]
            moved = await self._foreign.look(self._drives, own)
            if moved:
                self._roster.tell()
            return moved or bool(events)

    async def pass_once(self, *, forced: bool = False) -> list[Job]:
        """Start what may start now; returns those jobs.

        Args:
            forced: also while paused, for this one pass.
        """
        async with self._passing:
            await self.look()
            await self._measure()
            await self._attend()
            await self._failing.look(self._roster.all(), self._now(), self._roster.put)
            if not self._used_up():  # its count may have been raised: its end is told anew
                self._quota = replace(self._quota, told=False)
            started = await self._start_all(forced)
            self._looked_at = self._now()
            await self._tell_of_out_drives(len(started))
            await self._tell_of_quota()
            await self._tell_of_drain()
            self._roster.tell()
            return started

    async def _measure(self) -> None:
        """Note what the running plots use; a job may have gone on or ended meanwhile."""
        measured = await asyncio.to_thread(self._usage.measure, self._roster.live())
        present = ((self._roster.get(job_id), job) for job_id, job in measured.items())
        self._roster.note(*(with_usage(now, job) for now, job in present if now))

    async def guard(self) -> None:
        """Between two passes: hold plots still, or let them go on, as their drives allow."""
        async with self._passing:
            if self._auto is not None:
                await self.look()
                await self._measure()
                await self._attend()

    async def _attend(self) -> None:
        """Take up what auto mode knows now, and do what it says of the running plots."""
        if self._pilot is None:
            return
        auto = self._config.mode == "auto"
        kinds = kinds_of(self._config)
        self._auto = await self._pilot.know(kinds, self._drives) if auto else None
        reserve = self._config.space.reserve
        await self._pilot.guard(self._auto, self._drives, self._at_work(), reserve)

    @property
    def tick(self) -> float | None:
        """Seconds between two looks of the guard; None where there is none."""
        return None if self._auto is None else self._auto.tick

    def rest(self) -> float:
        """Seconds until a pass may start what this one had to hold back; at most the interval."""
        ends = [hold.until for hold in self._holds if hold.until]
        waits = ((end - self._now()).total_seconds() for end in ends)
        usual = min(self._limits.interval, self.tick or self._limits.interval)
        return max(0.1, min([usual, *waits]))

    async def start(self, count: int | None, until: datetime | None = None) -> None:
        """Let plots start; a count, or a quota that is used up, opens a new one."""
        if count is not None or self._used_up():
            self._quota = self._quota.opened(count, self._now(), until)
            self._spawned = {}
        else:
            self._quota = self._quota.resumed(until)
        await self._quota.save(self._store)
        await self._failing.resume(self._now())

    async def pause(self, *, drain: bool = False) -> None:
        """Start no more plots."""
        self._quota = self._quota.paused(drain=drain)
        await self._quota.save(self._store)

    def view(self) -> SpawnerView:
        """What holds each drive, as of the last pass."""
        interval = timedelta(seconds=self._limits.interval)
        return SpawnerView(
            running=self._quota.running,
            spawned=self._started(),
            count=self._limit(),
            holds=self._holds,
            looked_at=self._looked_at,
            next_look=self._looked_at + interval if self._looked_at else None,
            until=self._quota.until,
            draining=self._quota.draining,
        )

    def limits(self) -> Sequence[LimitView]:
        """The limits as they are now, and as they are written."""
        return views(self._limits, self._config.limits)

    def change_limits(self, changes: Mapping[str, float]) -> None:
        """Change limits until the next start.

        Raises:
            Refusal: there is no such limit, or it may not be so.
        """
        self._limits = changed(self._limits, changes)

    def keep_limits(self) -> None:
        """Take the limits as they are for written: the settings have them now."""
        self._config = replace(self._config, limits=self._limits)

    async def reconfigure(self, config: EngineConfig, specs: Specs) -> None:
        """Go on with other settings; limits that were changed by command stay so."""
        self._limits = carried(self._limits, self._config.limits, config.limits)
        self._config = config
        self._bay.look_for(specs)
        self._programs.clear()
        await self._obey()

    async def _obey(self) -> None:
        """Let a changed `spawn.enabled` have the last word; else the last command has it."""
        before, wanted = self._quota.enabled, self._config.spawn_on_start
        self._quota = replace(self._quota, enabled=wanted)
        if before is None:
            await self._quota.save(self._store)
        elif before != wanted:
            await (self.start(None) if wanted else self.pause())

    def seen(self) -> Sequence[Drive]:
        """The configured drives as of the last look."""
        return self._drives

    def drives(self, kind: DriveKind | None) -> list[DriveView]:
        """The drives with what is planned on them."""
        live, needs = self._at_work(), kinds_of(self._config)[0].needs
        ledger = Ledger.of(self._drives, live, self._config.space.reserve)
        return [
            _view(drive, live, needs, ledger)
            for drive in self._drives
            if kind is None or drive.kind is kind
        ]

    async def _keep_known(self) -> None:
        """Keep where each folder's file system was, so that a bare mount point is not used."""
        if self._bay.known != self._known:
            self._known = self._bay.known
            await self._store.remember(KNOWN_DRIVES, json.dumps(dict(self._known)))

    async def _start_all(self, forced: bool) -> list[Job]:
        orders, kinds = self._orders(forced), kinds_of(self._config)
        await self._find_programs(kinds)
        limits = replace(self._limits, count=self._limit())
        free = self._replot.slots(self._at_work()) if self._replot else NO_SLOTS
        world = replace(self._world(forced), freeable=free.freeable)
        rules = Rules(limits, kinds, self._config.space.reserve, self._auto)
        decided = plan(world, rules)
        started: list[Job] = []
        for start in self._reserved(decided.starts, free):
            if _sought(start.kind) not in self._programs:  # a launch of this pass failed
                await self._find_programs(kinds)
            if self._orders(forced) != orders:  # whoever gave others has them passed at once
                break
            if program := self._programs.get(_sought(start.kind)):
                started.append(await self._launch(program, start))
        self._note_holds(decided.holds)
        return [job for job in started if job.state.live]

    def _orders(self, forced: bool) -> tuple[object, ...]:
        """What a pass was told to go by; people may tell otherwise before it has ended."""
        return self._config, self._limits, None if forced else self._quota

    def _reserved(self, starts: Sequence[Start], free: Slots) -> list[Start]:
        """The starts, each with the old plots that may go for it."""
        ledger = Ledger.of(self._drives, self._at_work(), self._config.space.reserve)
        rooms = {drive.path: ledger.room(drive) for drive in self._drives}
        return [
            replace(one, replaces=free.reserve(one.out, rooms[one.out], one.kind.needs.out))
            for one in starts
        ]

    async def _launch(self, program: Program, start: Start) -> Job:
        name = start.kind.name
        job = await self._launcher.launch(program, start)
        if job.started_at is not None:
            self._spawned = {**self._spawned, name: self._spawned.get(name, 0) + 1}
        if not job.state.live:  # an update may have moved the program: it is looked for anew
            self._programs.pop(_sought(start.kind), None)
        return job

    def _note_holds(self, holds: tuple[Hold, ...]) -> None:
        before = {(hold.drive, hold.profile): hold.rule for hold in self._holds}
        for hold in holds:
            if before.get((hold.drive, hold.profile)) != hold.rule:
                log.info("%s waits: %s", hold.drive or "every drive", hold.reason)
        self._holds = holds

    async def _find_programs(self, kinds: Sequence[Kind]) -> None:
        """Look for the plotters that have not been found yet; what is missing is told once."""
        missing: dict[str, str] = {}
        for kind in kinds:
            name, path = sought = _sought(kind)
            if sought not in self._programs:
                try:
                    self._programs[sought] = await asyncio.to_thread(plotter(name).find, path)
                except PlotterMissing as error:
                    missing[kind.name] = str(error)
        news = [what for name, what in missing.items() if self._missing.get(name) != what]
        self._missing = missing
        for what in dict.fromkeys(news):
            event = Event(EventKind.JOB_NOT_SPAWNED, self._now(), None, {"what": what})
            await self._roster.put(events=[event])

    def _world(self, forced: bool) -> World:
        now = self._now()
        return World(
            now=now,
            drives=self._drives,
            jobs=self._at_work(),
            spawned=self._started(),
            spawned_of=self._spawned,
            spawning=forced or self._quota.running,
            until=None if forced else self._quota.until,
            missing=self._missing,
            resting={} if forced else resting(self._roster.all(), now),
            starts=starts_of(self._roster.all()),
            failing={} if forced else self._failing.held,
            replot_halted=self._replot.why_idle() if self._replot else None,
            state_disk=self._launcher.refused() or self._refused(),
        )

    def _refused(self) -> str | None:
        trouble = self._store.trouble
        return f"the state folder cannot be written ({trouble})" if trouble else None

    def _at_work(self) -> list[Job]:
        """Our live jobs and the foreign ones: all of them take room and a place."""
        own = (self._former.counted(job, self._drives) for job in self._roster.live())
        return [*own, *self._foreign.counted]

    def _started(self) -> int:
        """How many plots of the present quota were started."""
        return sum(self._spawned.values())

    def _limit(self) -> int | None:
        return self._limits.count if self._quota.count is None else self._quota.count

    def _used_up(self) -> bool:
        """Whether the quota, or that of every profile, is started."""
        limit = self._limit()
        if limit is not None and self._started() >= limit:
            return True
        counts = [(kind.count, self._spawned.get(kind.name, 0)) for kind in self._config.kinds]
        return all(count is not None and started >= count for count, started in counts)

    async def _tell_of_out_drives(self, started: int) -> None:
        self._alarm, event = out_alarm(self._alarm, self._holds, started, self._now())
        if event:
            await self._roster.put(events=[event])

    async def _tell_of_quota(self) -> None:
        if self._used_up() and not self._quota.told:
            self._quota = replace(self._quota, told=True)
            await self._quota.save(self._store)
            data = {"count": self._started()}
            await self._roster.put(events=[Event(EventKind.QUOTA_REACHED, self._now(), None, data)])

    async def _tell_of_drain(self) -> None:
        if self._quota.draining and not self._roster.live():
            self._quota = replace(self._quota, draining=False)
            await self._quota.save(self._store)
            await self._roster.put(events=[Event(EventKind.DRAINED, self._now())])


def _sought(kind: Kind) -> _Sought:
    """Which program makes this kind of plot."""
    return kind.profile.plot.plotter, kind.profile.plot.program


def kinds_of(config: EngineConfig) -> list[Kind]:
    """The kinds of plot to make, with what one of each takes."""
    return [Kind(profile, _needs(profile)) for profile in config.kinds]


def _needs(profile: Profile) -> Needs:
    made_by, space = plotter(profile.plot.plotter), profile.space
    order = order_of(profile.plot, "t", None, "o")
    usual = made_by.needs(order)
    # Whether a plot gets a temp2 drive is known only once its drives are chosen. Temp is planned
    # for one that gets none, which takes no less there.
    temp2 = made_by.needs(replace(order, temp2="t2")).temp2
    return Needs(
        temp=usual.temp if space.temp is None else space.temp,
        temp2=temp2 if space.temp2 is None else space.temp2,
        out=usual.out if space.out is None else space.out,
    )


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
