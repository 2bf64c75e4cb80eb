"""The engine of this machine: one supervised task that watches, judges and starts.

It implements `protocol.Engine`. It is started before Discord and goes on without it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

from plotobot import __version__
from plotobot.engine.audit import Audit
from plotobot.engine.bulletin import TOLD_AT, bulletin, period
from plotobot.engine.cleanup import DeleteEntry, Removed, remove_temp_files
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay
from plotobot.engine.drives.discovery import Specs
from plotobot.engine.endings import Endings, told
from plotobot.engine.farm import FarmWatch
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.history import History
from plotobot.engine.launcher import Launcher, checked_keys, log_of
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import (
    AuditView,
    CleanResult,
    Deed,
    DriveKind,
    DriveView,
    Event,
    EventKind,
    Job,
    JobState,
    LimitView,
    MoverView,
    Orphan,
    Outcome,
    RescueResult,
    SpawnerView,
    StopResult,
    Summary,
)
from plotobot.engine.moving.mover import Mover
from plotobot.engine.notice import put_up
from plotobot.engine.outbox import Outbox
from plotobot.engine.own_folders import remove_own_folders
from plotobot.engine.recovery import Recovered, recover
from plotobot.engine.roster import Roster, age
from plotobot.engine.spawner import Spawner
from plotobot.engine.store import Store
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.sweep import Sweep
from plotobot.engine.tending import tended
from plotobot.engine.vigil import Vigil
from plotobot.engine.watcher import Watcher, advanced
from plotobot.errors import Refusal
from plotobot.farmlog.report import FarmLog, Kind
from plotobot.plotters import plotter as plotter_named
from plotobot.plotters.base import LogReader

log = logging.getLogger(__name__)

LOG_EVERY = 0.5
"""Seconds between two looks at the logs: an alert may be two seconds late at most."""
DRIVES_EVERY = 10.0
"""Seconds between two looks at the drives; a pass looks at them as well."""
TROUBLE_EVERY = timedelta(minutes=10)
STOPS = "stops"
"""The note of who stopped which job, until its temp files are gone."""


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


class PlottingEngine:
    """One machine's engine, inside `async with`."""

    def __init__(
        self,
        config: EngineConfig,
        store: Store,
        supervisor: Supervisor,
        bay: DriveBay,
        *,
        now: Callable[[], datetime] = utc_now,
        keep: Callable[[Mapping[str, float]], None] | None = None,
    ) -> None:
        for kind in config.kinds:
            checked_keys(kind.plot)
        self._config = config
        self._store = store
        self._supervisor = supervisor
        self._now = now
        self._keep = keep
        self._jobs_root = config.jobs_root
        self._roster = Roster(store)
        self._audit = Audit(store, now)
        self._outbox = Outbox(store, now)
        self._wake = asyncio.Event()
        self._watcher = Watcher(supervisor, self._jobs_root, _reader, self._wake.set)
        self._launcher = Launcher(supervisor, self._roster, now)
        self._foreign = ForeignPlots(config.jobs_root, shown=config.foreign)
        self._spawner = Spawner(
            config, self._launcher, bay, self._roster, store, now, self._foreign
        )
        self._sweep = Sweep(self._roster, self._foreign, self._spawner, store, now)
        self._mover = Mover(config, store, self._spawner.seen, self._roster.tell, now)
        self._endings = Endings(self._watcher, self._roster, config.jobs_root, now, self._journal)
        self._history = History(store)
        self._vigil = Vigil(supervisor, self._history, config.jobs_root, config.stalled_after, now)
        self._farm = FarmWatch(config.farm, store, self._roster.tell, now)
        self._tasks: list[asyncio.Task[None]] = []
        # By the loop's clock, which no change of the system's time can move.
        self._next_look = self._next_drives = 0.0
        self._last_trouble: datetime | None = None

    async def __aenter__(self) -> Self:
        await self._roster.load()
        self._endings.stop_asked = await self._store.recall_fields(STOPS)
        await self.note(Deed("Plotobot", f"begin, version {__version__}", Outcome.DONE))
        await self._take_up()
        await self._spawner.load()  # after: a job found only now counts for the quota as well
        await self._farm.load()
        alarm = partial(self.tell, EventKind.TROUBLE)
        run = tended("the engine", self._run, alarm)
        self._tasks = [asyncio.create_task(run, name="engine")]
        await self._mover.__aenter__()
        farm = tended("the watch over the farm's log", self._farm.run, alarm)
        self._tasks.append(asyncio.create_task(farm, name="farm"))
        for stop in list(self._endings.stop_asked.items()):
            self._tasks.append(asyncio.create_task(self._go_on_stopping(*stop)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._mover.__aexit__()
        await self._watcher.close()
        await self._farm.close()
        self._foreign.close()
        await self._roster.flush()
        await self.note(Deed("Plotobot", "end", Outcome.DONE))
        await self._store.remember("alive", self._now().isoformat())

    # --- what the protocol asks -----------------------------------------------------------------

    @property
    def machine(self) -> str:
        """The machine's name."""
        return self._config.machine

    async def jobs(self) -> Sequence[Job]:
        """All live jobs and the latest ended ones, newest start first."""
        return sorted([*self._roster.all(), *self._foreign.jobs], key=age, reverse=True)

    async def job(self, job_id: str) -> Job:
        """One job."""
        return self._foreign.job(job_id) or self._roster.job(job_id)

    async def stop(self, job_id: str, by: str) -> StopResult:
        """End a job's process tree, then remove that plot's temp files and no others."""
        if self._foreign.job(job_id):
            return await self._sweep.stop_foreign(job_id, by)
        job = self._roster.job(job_id)
        if not job.state.live:
            raise Refusal(f"{job.label} has ended already: {job.status}.")
        await self._note_stop(job_id, by)
        return await self._carry_out_stop(job_id, by)

    async def _carry_out_stop(self, job_id: str, by: str) -> StopResult:
        self._roster.job(job_id)
        processes = await self._supervisor.end(job_id)
        job = await self._judged(job_id)
        removed = await self._clean(job, by) if job.state is JobState.STOPPED else []
        await self._note_stop(job_id, None)
        return StopResult(
            job=job,
            processes=processes,
            files=sum(one.files for one in removed),
            bytes=sum(one.bytes for one in removed),
            left=tuple(left for one in removed for left in one.left),
        )

    async def log_tail(self, job_id: str, lines: int = 20) -> Sequence[str]:
        """The last lines of a job's log."""
        if stranger := self._foreign.find(job_id):
            return await asyncio.to_thread(stranger.last_words, lines)
        self._roster.job(job_id)
        return await asyncio.to_thread(last_lines, log_of(self._jobs_root / job_id), lines)

    async def drives(self, kind: DriveKind | None = None) -> Sequence[DriveView]:
        """The configured drives as of the last look."""
        return self._spawner.drives(kind)

    async def spawner(self) -> SpawnerView:
        """Whether plots are being started, and what holds each drive."""
        return self._spawner.view()

    async def start_spawning(
        self, count: int | None = None, until: datetime | None = None
    ) -> SpawnerView:
        """Start plots as the rules allow, until a time; a count opens a new quota."""
        before = self._spawner.view().running
        await self._spawner.start(count, until)
        await self._audit.change("spawning", before, self._spawner.view().running)
        await self._pass()
        return self._spawner.view()

    async def pause_spawning(self, *, drain: bool = False) -> SpawnerView:
        """Start no more plots; running ones go on."""
        before = self._spawner.view().running
        await self._spawner.pause(drain=drain)
        await self._audit.change("spawning", before, self._spawner.view().running)
        await self._pass()
        return self._spawner.view()

    async def limits(self) -> Sequence[LimitView]:
        """The limits as they are now, and as they are written."""
        return self._spawner.limits()

    async def change_limits(self, changes: Mapping[str, float]) -> Sequence[LimitView]:
        """Change limits until the next start."""
        before = {one.name: one.value for one in self._spawner.limits()}
        self._spawner.change_limits(changes)
        after = {one.name: one.value for one in self._spawner.limits()}
        for name, value in after.items():
            await self._audit.change(f"limit {name}", before.get(name), value)
        await self._pass()
        return self._spawner.limits()

    async def keep_limits(self) -> Sequence[LimitView]:
        """Write the changed limits into the settings, so that they hold for good."""
        if self._keep is None:
            raise Refusal("These settings cannot be written from here; edit the settings file.")
        limits = self._spawner.limits()
        changes = {f"spawn.{one.name}": one.value for one in limits if one.value != one.written}
        await asyncio.to_thread(self._keep, changes)
        self._spawner.keep_limits()
        return self._spawner.limits()

    async def reconfigure(self, config: EngineConfig, specs: Specs) -> None:
        """Go on with other settings; the machine's name and the state folder stay.

        Args:
            config: what is to hold from now on.
            specs: its drives, read.
        """
        old = self._config
        self._config = replace(config, machine=old.machine, state_dir=old.state_dir)
        self._spawner.reconfigure(self._config, specs)
        self._mover.reconfigure(self._config)
        await self._pass()

    async def spawn_once(self) -> Sequence[Job]:
        """One pass now, also while paused."""
        return await self._pass(forced=True)

    async def mover(self) -> MoverView:
        """What is being moved, what waits, and what keeps it."""
        return self._mover.view()

    async def start_moving(self) -> MoverView:
        """Move finished plots as they come, from now on."""
        return await self._mover.start()

    async def stop_moving(self) -> MoverView:
        """Begin no more moves; those that have begun go on."""
        return await self._mover.stop()

    async def move_once(
        self, source: str | None = None, destination: str | None = None
    ) -> MoverView:
        """Move the plots that are finished now, also while stopped."""
        return await self._mover.once(source, destination)

    async def pause_destination(self, destination: str, *, paused: bool) -> MoverView:
        """Let nothing go to a destination, or again."""
        return await self._mover.pause(destination, paused=paused)

    async def summary(self, since: datetime) -> Summary:
        """What happened since a moment."""
        ended = await self._store.ended_since(since)
        return Summary(
            machine=self.machine,
            since=since,
            until=self._now(),
            finished=tuple(job for job in ended if job.state is JobState.COMPLETED),
            failed=tuple(job for job in ended if job.state is not JobState.COMPLETED),
            running=tuple(self._roster.live()),
            drives=tuple(self._spawner.drives(None)),
        )

    async def summary_due(self, every: timedelta) -> datetime:
        """When the next regular summary is to be told."""
        told_at = await self._store.recall(TOLD_AT)
        if told_at is None:
            await self._store.remember(TOLD_AT, self._now().isoformat())
        return period(told_at, every, self._now())[1]

    async def tell_summary(self) -> None:
        """Tell what happened since the last regular summary, as an event."""
        since, _ = period(await self._store.recall(TOLD_AT), timedelta(), self._now())
        summary = await self.summary(since)
        await self._roster.put(events=[bulletin(summary)])
        await self._store.remember(TOLD_AT, summary.until.isoformat())

    async def farm_log(self, kind: Kind) -> FarmLog:
        """The farm's log of the last day."""
        return await self._farm.report(kind)

    async def undelivered(self, limit: int = 50) -> Sequence[Event]:
        """The oldest events that nobody has been told of."""
        return await self._outbox.undelivered(limit)

    async def delivered(self, event_ids: Sequence[int]) -> None:
        """Mark events as told."""
        await self._outbox.delivered(event_ids)

    async def orphans(self) -> Sequence[Orphan]:
        """What is left of plots that no living plotter works on."""
        return await self._sweep.orphans()

    async def clean(self, listed: Sequence[Orphan], by: str) -> CleanResult:
        """Remove exactly these files, as far as they may still go."""
        return await self._sweep.clean(listed, by)

    async def rescue(self, plot_ids: Sequence[str], by: str) -> RescueResult:
        """Give whole plots among the orphans their final names."""
        return await self._sweep.rescue(plot_ids, by)

    async def changed(self) -> None:
        """Return at the next change."""
        await self._roster.changed()

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value over restarts."""
        await self._store.remember(f"bot.{key}", value)

    async def recall(self, key: str) -> str | None:
        """What was kept under a key."""
        return await self._store.recall(f"bot.{key}")

    async def note(self, deed: Deed) -> None:
        """Put down in the audit what somebody did or tried."""
        await self._audit.note(deed)

    async def audit(self, last: int | None = None, rows: int = 10) -> AuditView:
        """Entries of the audit, the newest first."""
        return await self._audit.view(last, rows)

    # --- the one task ---------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
            except Exception as error:  # the last frame: a farm goes on without one step
                await self._trouble(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOG_EVERY)
            self._wake.clear()

    async def _step(self) -> None:
        await self._roster.flush()
        await self._audit.flush()
        if await self._outbox.watch():
            self._roster.tell()
        if changed := await self._endings.settle():
            self._history.forget()
            self._mover.wake()
        clock = asyncio.get_running_loop().time()
        self._vigil.tick(clock, [job.id for job in self._roster.live()])
        changed |= await self._follow_logs()
        if clock >= self._next_drives:
            self._next_drives = clock + DRIVES_EVERY
            changed |= await self._spawner.look()
            await self._store.remember("alive", self._now().isoformat())
        if changed or clock >= self._next_look:
            await self._pass()

    async def _pass(self, *, forced: bool = False) -> list[Job]:
        try:
            return await self._spawner.pass_once(forced=forced)
        finally:  # also what a pass had started before it failed is watched
            self._next_look = asyncio.get_running_loop().time() + self._spawner.rest()
            for job in self._roster.live():
                self._watcher.watch(job)
            await asyncio.to_thread(put_up, self._config.state_dir, self._spawner.view())

    async def _follow_logs(self) -> bool:
        """Take up what the logs tell; returns whether a job came into another phase."""
        phase_changed = False
        for job_id, progress in (await self._watcher.progress()).items():
            job = self._roster.get(job_id)
            if job is None or not job.state.live:
                continue
            read = self._watcher.read(job_id)
            new, events = await self._vigil.attend(job, advanced(job, progress), read)
            # One that was changed meanwhile is taken up at the next step.
            if new != job and self._roster.get(job_id) is job:
                await self._advance(job, new, events)
                phase_changed |= new.phase != job.phase
        return phase_changed

    async def _advance(self, job: Job, new: Job, events: Sequence[Event]) -> None:
        same = (new.status, new.plot_id, new.stuck) == (job.status, job.plot_id, job.stuck)
        if same and not events:
            self._roster.note(new)
        else:
            await self._roster.put(new, events=events)

    async def _note_stop(self, job_id: str, by: str | None) -> None:
        """Put down who stopped a job, None once all is done: the bot may be killed between."""
        asked = self._endings.stop_asked
        asked.pop(job_id, None)
        if by is not None:
            asked[job_id] = by
        await self._store.remember(STOPS, json.dumps(asked))

    async def _go_on_stopping(self, job_id: str, by: str) -> None:
        """Do what was left of a stop when the bot went down."""
        try:
            await self._carry_out_stop(job_id, by)
        except Refusal:  # the job is gone
            await self._note_stop(job_id, None)
        except Exception as error:  # the last frame: it is tried again at the next start
            await self._trouble(error)

    async def _judged(self, job_id: str) -> Job:
        """The job, once its end has been judged."""
        self._wake.set()
        while (job := self._roster.job(job_id)).state.live:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._roster.changed(), 1)
        return job

    async def _clean(self, job: Job, by: str) -> list[Removed]:
        why = f"stopped by {by}"
        own = await remove_own_folders(job, partial(self._journal, job.plot_id or "", why))
        if job.plot_id is None:
            return own
        folders = [Path(folder) for folder in (job.temp, job.temp2, job.out) if folder]
        return own + [
            await remove_temp_files(
                folder, job.plot_id, folders, partial(self._journal, job.plot_id, why)
            )
            for folder in dict.fromkeys(folders)
        ]

    async def tell(self, kind: EventKind, what: str) -> None:
        """Tell something of Plotobot's own, as an event."""
        await self._roster.put(events=[Event(kind, self._now(), None, {"what": what})])

    async def _trouble(self, error: Exception) -> None:
        log.error("a step of the engine failed", exc_info=error)
        now = self._now()
        if self._last_trouble and now - self._last_trouble < TROUBLE_EVERY:
            return
        self._last_trouble = now
        what = f"a step of the engine failed ({type(error).__name__}); the log has the rest"
        with suppress(Exception):  # it may be the store itself
            await self.tell(EventKind.TROUBLE, what)

    async def _journal(self, plot_id: str, why: str, entries: Sequence[DeleteEntry]) -> None:
        rows = [(str(Path(e.folder, e.name)), e.size, plot_id, why) for e in entries]
        await self._store.journal(rows)

    # --- after a stop ---------------------------------------------------------------------------

    async def _take_up(self) -> None:
        """Go on with what was there before: adopt, relaunch, judge."""
        adopted = await self._supervisor.adopt(await self._store.ended_ids())
        stored = {job.id: job for job in self._roster.all()}
        found = recover(adopted, stored, self._now())
        await self._store_recovered(found)
        for job in found.relaunch:
            started = await self._launcher.relaunch(job)
            if started.state.live:
                self._watcher.watch(started)
        for job in found.watch:
            self._watcher.watch(job)
        await self._tell_of_return(found)

    async def _store_recovered(self, found: Recovered) -> None:
        now = self._now()
        for job in found.watch:
            known = self._roster.get(job.id)
            first_time = known is None or known.started_at is None
            events = [Event(EventKind.JOB_SPAWNED, now, job)] if first_time else []
            await self._roster.put(job, events=events)
        for job in (*found.judged, *found.lost):
            await self._roster.put(job, events=[told(job, now)])
        await self._roster.put(*found.unknown)

    async def _tell_of_return(self, found: Recovered) -> None:
        alive = await self._store.recall("alive")
        if self._store.recovered:
            what = f"the database was damaged; it is kept as {self._store.recovered.name}"
            trouble = Event(EventKind.TROUBLE, self._now(), None, {"what": what})
            await self._roster.put(events=[trouble])
        if alive is None:
            return
        away = self._now() - datetime.fromisoformat(alive)
        data = {"away_seconds": max(0.0, away.total_seconds()), "adopted": len(found.watch)}
        await self._roster.put(events=[Event(EventKind.BOT_BACK, self._now(), None, data)])


def _reader(plotter: str) -> LogReader:
    return plotter_named(plotter).reader()
