"""The engine of this machine: one supervised task that watches, judges and starts.

It implements `protocol.Engine`. It is started before Discord and goes on without it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Self

from plotobot import __version__
from plotobot.engine.advising import TAKEN, Adviser
from plotobot.engine.audit import Audit
from plotobot.engine.auto.guard import Guard
from plotobot.engine.auto.pilot import Pilot
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay
from plotobot.engine.drives.discovery import Specs
from plotobot.engine.endings import Endings
from plotobot.engine.farm import FarmWatch
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.history import History
from plotobot.engine.homecoming import Homecoming
from plotobot.engine.inventory.check_book import CheckBook
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.inventory.plot import Check, Stock
from plotobot.engine.inventory.rounds import Rounds
from plotobot.engine.launcher import Launcher, checked_keys, log_of
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import (
    Advice,
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
)
from plotobot.engine.moving.mover import Mover
from plotobot.engine.notice import put_up
from plotobot.engine.outbox import Outbox
from plotobot.engine.perf import PerfMeter
from plotobot.engine.processes import native_processes
from plotobot.engine.replot.desk import ReplotDesk
from plotobot.engine.replot.replacer import Replacer
from plotobot.engine.replot.views import ReplotPlan, ReplotStatus
from plotobot.engine.reporting.reporter import Reporter, Sources
from plotobot.engine.roster import Roster, age
from plotobot.engine.spawner import Spawner, kinds_of
from plotobot.engine.stopping import Stopper
from plotobot.engine.store import Store
from plotobot.engine.summary import PastSummary, Perf, ReportPlan, Summary
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.sweep import Sweep
from plotobot.engine.tending import tended
from plotobot.engine.vigil import Vigil
from plotobot.engine.warmth import Warmth
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
PERF_EVERY = 20.0
"""Seconds between two looks at what the jobs' processes take."""
TROUBLE_EVERY = timedelta(minutes=10)


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
        keep: Callable[[Mapping[str, object]], None] | None = None,
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
        book = CheckBook(store, config.state_dir, self._put_events)
        self._inventory = Inventory(store, lambda: self._spawner.seen(), bay.source.look, now, book)
        self._replacer = Replacer(
            config.replot, store, self._roster, self._inventory,
            lambda: self._spawner.seen(), bay.source.look,
            self._replot_terms, now,
        )  # fmt: skip
        self._spawner = Spawner(
            config, self._launcher, bay, self._roster, store, now, self._foreign, self._replacer,
            Pilot(Guard(supervisor, self._roster, now), self._roster, store, now),
        )  # fmt: skip
        self._replot = ReplotDesk(
            self._replacer, self._inventory, self._roster, self._spawner.seen,
            self._replot_terms, now,
        )  # fmt: skip
        self._sweep = Sweep(self._roster, self._foreign, self._spawner, store, now)
        self._mover = Mover(
            config, store, self._spawner.seen, self._roster.tell, now,
            halted=lambda: supervisor.home.trouble,
        )  # fmt: skip
        self._rounds = Rounds(
            config.checks, self._inventory, self._spawner.seen, self._all_jobs,
            lambda: self._mover.view().moves, now,
        )  # fmt: skip
        self._endings = Endings(
            self._watcher, self._roster, config.jobs_root, now, store.journal_entries
        )
        self._stopper = Stopper(supervisor, self._roster, self._endings, store, self._wake.set)
        self._homecoming = Homecoming(
            supervisor, self._roster, self._launcher, self._watcher, store, now
        )
        self._history = History(store)
        self._vigil = Vigil(supervisor, self._history, config.jobs_root, config.stalled_after, now)
        self._farm = FarmWatch(config.farm, store, self._roster.tell, now)
        drives = partial(self._spawner.drives, None)
        sources = Sources(
            lambda: self.machine, self._roster.all, drives, self._mover.view, self._farm.figures
        )
        self._reporter = Reporter(store, config.report, sources, self._roster.tell, now)
        self._perf = PerfMeter(store, native_processes(), now)
        self._adviser = Adviser()
        self._warmth = Warmth(store, self._put_events, now, self._heat_limits)
        self._tasks: list[asyncio.Task[None]] = []
        # By the loop's clock, which no change of the system's time can move.
        self._next_look = self._next_drives = self._next_perf = self._next_guard = 0.0
        self._last_trouble: datetime | None = None

    async def __aenter__(self) -> Self:
        await self._roster.load()
        await self._stopper.load()
        await self.note(Deed("Plotobot", f"begin, version {__version__}", Outcome.DONE))
        alive = await self._store.recall("alive")  # before anything notes it anew
        found = await self._homecoming.take_up()
        await self._reporter.begin()  # after: what a lost database had told is not told again
        await self._spawner.load()  # after: a job found only now counts for the quota as well
        await self._farm.load()
        await self._inventory.load()
        await self._replacer.load()
        await self._mover.__aenter__()
        self._tasks = [
            asyncio.create_task(
                tended(what, work, partial(self.tell, EventKind.TROUBLE)), name=what
            )
            for what, work in (
                ("the engine", self._run),
                ("the watch over the farm's log", self._farm.run),
                ("the look through the plots", self._inventory.keep_fresh),
                ("the watch over the heat", self._warmth.run),
                ("the replacement of plots", self._replacer.run),
                ("the check of plots", self._rounds.run),
            )
        ]
        await self._homecoming.tell_of_damage()
        self._tasks += [asyncio.create_task(one) for one in self._stopper.unfinished(self._trouble)]
        if alive is not None:
            telling = self._homecoming.tell(found, datetime.fromisoformat(alive))
            self._tasks.append(asyncio.create_task(telling, name="homecoming"))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._mover.__aexit__()
        await self._replacer.close()
        await self._inventory.close()
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
        return await self._stopper.stop(job_id, by)

    async def log_tail(self, job_id: str, lines: int = 20) -> Sequence[str]:
        """The last lines of a job's log."""
        if stranger := self._foreign.find(job_id):
            return await asyncio.to_thread(stranger.last_words, lines)
        self._roster.job(job_id)
        return await asyncio.to_thread(last_lines, log_of(self._jobs_root / job_id), lines)

    async def drives(self, kind: DriveKind | None = None) -> Sequence[DriveView]:
        """The configured drives as of the last look."""
        return self._reporter.with_forecasts(self._spawner.drives(kind))

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
        limits = self._spawner.limits()
        await self._write(
            {f"spawn.{one.name}": one.value for one in limits if one.value != one.written}
        )
        self._spawner.keep_limits()
        return self._spawner.limits()

    async def _write(self, changes: Mapping[str, object]) -> None:
        if self._keep is None:
            raise Refusal("These settings cannot be written from here; edit the settings file.")
        await asyncio.to_thread(self._keep, changes)

    async def advise(self) -> Advice:
        """Simulate the limits that are set beside auto mode."""
        made = [job for job in self._roster.all() if job.state is JobState.COMPLETED]
        return await self._adviser.advise(self._config, self._spawner.seen(), made)

    async def take_advice(self) -> None:
        """Write auto mode into the settings, and lift the caps on jobs."""
        await self._write(TAKEN)

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
        self._reporter.reconfigure(config.report)
        self._replacer.rules = self._config.replot
        self._rounds.rules = config.checks
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
        return await self._reporter.summary(since)

    async def past_summaries(self) -> Sequence[PastSummary]:
        """The summaries that were told at their time, the newest first."""
        return await self._reporter.past()

    async def past_summary(self, number: int) -> Summary:
        """One of them, as it was told."""
        return await self._reporter.read(number)

    async def chart(self, chart: str, summary: Summary) -> bytes:
        """A chart of a summary, as a PNG."""
        return await self._reporter.chart(chart, summary)

    async def report_plan(self) -> ReportPlan:
        """When summaries are told, now and as the settings have it."""
        return await self._reporter.plan()

    async def change_report_plan(
        self, hours: float | None = None, at: Sequence[str] | None = None
    ) -> ReportPlan:
        """Tell summaries at other hours until the next start."""
        self._reporter.change(hours, at)
        return await self._reporter.plan()

    async def keep_report_plan(self) -> ReportPlan:
        """Write the plan of summaries into the settings, so that it holds for good."""
        plan = await self._reporter.plan()
        await self._write({"report.every_hours": float(plan.hours), "report.at": list(plan.at)})
        self._reporter.keep()
        return await self._reporter.plan()

    async def tell_summary_if_due(self) -> None:
        """Tell a summary if one is due; those that were missed become one."""
        await self._reporter.tell_if_due()

    async def tell_summary(self) -> None:
        """Tell a summary now, of all that was in none."""
        await self._reporter.tell()

    async def perf(self) -> Mapping[str, Perf]:
        """What the jobs take of the machine, by job id."""
        return await self._perf.of(self._roster.all())

    async def farm_log(self, kind: Kind) -> FarmLog:
        """The farm's log of the last day."""
        return await self._farm.report(kind)

    async def plots(self) -> Stock:
        """The plots on the drives as of the last scan."""
        return self._inventory.stock()

    async def rescan(self) -> Stock:
        """Look through the drives for plots now."""
        return await self._inventory.rescan()

    async def check_plot(self, path: str, challenges: int) -> Check:
        """Check the content of one plot."""
        return await self._inventory.check(path, challenges)

    async def replot_plan(self) -> ReplotPlan:
        """What is old now, and what arming would allow."""
        return await self._replot.plan()

    async def arm_replot(self, fingerprint: str, by: str) -> ReplotStatus:
        """Let the plots of the plan go that has this fingerprint."""
        return await self._replot.arm(fingerprint, by)

    async def disarm_replot(self, by: str) -> ReplotStatus:
        """Let no old plot go any more."""
        log.info("replotting is disarmed by %s", by)
        return await self._replot.disarm()

    async def replot_status(self) -> ReplotStatus:
        """Where replotting stands."""
        return self._replot.status()

    async def undelivered(
        self, limit: int = 50, kinds: Collection[EventKind] | None = None
    ) -> Sequence[Event]:
        """The oldest events that nobody has been told of; of these kinds only, if named."""
        return await self._outbox.undelivered(limit, kinds)

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
                async with asyncio.timeout(LOG_EVERY):
                    await self._wake.wait()
            self._wake.clear()

    async def _step(self) -> None:
        await self._roster.flush()
        await self._audit.flush()
        if await self._outbox.watch(await asyncio.to_thread(self._supervisor.home.look)):
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
            await self._reporter.look()
            await self._store.remember("alive", self._now().isoformat())
        if clock >= self._next_perf:
            self._next_perf = clock + PERF_EVERY
            await self._perf.note(self._roster.live())
        if changed or clock >= self._next_look:
            await self._pass()
        elif self._spawner.tick is not None and clock >= self._next_guard:
            await self._spawner.guard()
            self._next_guard = clock + self._spawner.tick

    async def _pass(self, *, forced: bool = False) -> list[Job]:
        try:
            await asyncio.to_thread(self._supervisor.home.look)
            return await self._spawner.pass_once(forced=forced)
        finally:  # also what a pass had started before it failed is watched
            self._next_look = asyncio.get_running_loop().time() + self._spawner.rest()
            for job in self._roster.live():
                self._watcher.watch(job)
            await asyncio.to_thread(self._put_up, self._spawner.view())

    def _put_up(self, view: SpawnerView) -> None:
        if self._supervisor.home.look() is None:
            put_up(self._config.state_dir, view)

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

    def _replot_terms(self) -> tuple[int, int]:
        """Bytes of a new plot, and those to keep free on each drive."""
        return min(kind.needs.out for kind in kinds_of(self._config)), self._config.space.reserve

    async def tell(self, kind: EventKind, what: str) -> None:
        """Tell something of Plotobot's own, as an event."""
        await self._roster.put(events=[Event(kind, self._now(), None, {"what": what})])

    def _all_jobs(self) -> list[Job]:
        return [*self._roster.live(), *self._foreign.counted]

    async def _put_events(self, events: Sequence[Event]) -> None:
        await self._roster.put(events=events)

    def _heat_limits(self) -> tuple[float, float]:
        return self._config.cpu_celsius, self._config.drive_celsius

    async def _trouble(self, error: Exception) -> None:
        log.error("a step of the engine failed", exc_info=error)
        now = self._now()
        if self._last_trouble and now - self._last_trouble < TROUBLE_EVERY:
            return
        self._last_trouble = now
        what = f"a step of the engine failed ({type(error).__name__}); the log has the rest"
        with suppress(Exception):  # it may be the store itself
            await self.tell(EventKind.TROUBLE, what)


def _reader(plotter: str) -> LogReader:
    return plotter_named(plotter).reader()
