"""The engine of this machine: one supervised task that watches, judges and starts.

It implements `protocol.Engine`. It is started before Discord and goes on without it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Self

from plotobot import __version__
from plotobot.engine.advising import TAKEN
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay
from plotobot.engine.drives.discovery import Specs
from plotobot.engine.inventory.plot import Check, Stock
from plotobot.engine.launcher import checked_keys, log_of
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
from plotobot.engine.parts import Parts
from plotobot.engine.pulse import Pulse
from plotobot.engine.replot.views import ReplotPlan, ReplotStatus
from plotobot.engine.roster import age
from plotobot.engine.store import Store
from plotobot.engine.summary import PastSummary, Perf, ReportPlan, Summary
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.tending import tended
from plotobot.errors import Refusal
from plotobot.farmlog.report import FarmLog, Kind

log = logging.getLogger(__name__)


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
        self._keep = keep
        self._parts = Parts(config, store, supervisor, bay, now)
        self._pulse = Pulse(self._parts)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        parts = self._parts
        await parts.roster.load()
        await parts.stopper.load()
        await self.note(Deed("Plotobot", f"begin, version {__version__}", Outcome.DONE))
        alive = await parts.store.recall("alive")  # before anything notes it anew
        found = await parts.homecoming.take_up()
        await parts.load()
        for what, work in self._lasting().items():
            self._begin(tended(what, work, partial(self.tell, EventKind.TROUBLE)), what)
        await parts.homecoming.tell_of_damage()
        parts.stopper.go_on()
        if alive is not None:
            self._begin(parts.homecoming.tell(found, datetime.fromisoformat(alive)), "homecoming")
        return self

    def _begin(self, work: Coroutine[object, object, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    def _lasting(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What goes on for as long as the engine does, by what people call it."""
        parts = self._parts
        return {
            "the engine": self._pulse.run,
            "the watch over the farm's log": parts.farm.run,
            "the look through the plots": parts.inventory.keep_fresh,
            "the watch over the heat": parts.warmth.run,
            "the replacement of plots": parts.replacer.run,
            "the check of plots": parts.rounds.run,
        }

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._parts.close()
        await self.note(Deed("Plotobot", "end", Outcome.DONE))
        await self._parts.store.remember("alive", self._parts.now().isoformat())

    # --- what the protocol asks -----------------------------------------------------------------

    @property
    def machine(self) -> str:
        """The machine's name."""
        return self._parts.config.machine

    async def jobs(self) -> Sequence[Job]:
        """All live jobs and the latest ended ones, newest start first."""
        return sorted([*self._parts.roster.all(), *self._parts.foreign.jobs], key=age, reverse=True)

    async def job(self, job_id: str) -> Job:
        """One job."""
        return self._parts.foreign.job(job_id) or self._parts.roster.job(job_id)

    async def stop(self, job_id: str, by: str) -> StopResult:
        """End a job's process tree, then remove that plot's temp files and no others."""
        if self._parts.foreign.job(job_id):
            return await self._parts.sweep.stop_foreign(job_id, by)
        return await self._parts.stopper.stop(job_id, by)

    async def log_tail(self, job_id: str, lines: int = 20) -> Sequence[str]:
        """The last lines of a job's log."""
        if stranger := self._parts.foreign.find(job_id):
            return await asyncio.to_thread(stranger.last_words, lines)
        self._parts.roster.job(job_id)
        return await asyncio.to_thread(
            last_lines, log_of(self._parts.config.jobs_root / job_id), lines
        )

    async def drives(self, kind: DriveKind | None = None) -> Sequence[DriveView]:
        """The configured drives as of the last look."""
        return self._parts.reporter.with_forecasts(self._parts.spawner.drives(kind))

    async def spawner(self) -> SpawnerView:
        """Whether plots are being started, and what holds each drive."""
        return self._parts.spawner.view()

    async def start_spawning(
        self, count: int | None = None, until: datetime | None = None
    ) -> SpawnerView:
        """Start plots as the rules allow, until a time; a count opens a new quota."""
        before = self._parts.spawner.view().running
        await self._parts.spawner.start(count, until)
        await self._parts.audit.change("spawning", before, self._parts.spawner.view().running)
        await self._pulse.look()
        return self._parts.spawner.view()

    async def pause_spawning(self, *, drain: bool = False) -> SpawnerView:
        """Start no more plots; running ones go on."""
        before = self._parts.spawner.view().running
        await self._parts.spawner.pause(drain=drain)
        await self._parts.audit.change("spawning", before, self._parts.spawner.view().running)
        await self._pulse.look()
        return self._parts.spawner.view()

    async def limits(self) -> Sequence[LimitView]:
        """The limits as they are now, and as they are written."""
        return self._parts.spawner.limits()

    async def change_limits(self, changes: Mapping[str, float]) -> Sequence[LimitView]:
        """Change limits until the next start."""
        before = {one.name: one.value for one in self._parts.spawner.limits()}
        self._parts.spawner.change_limits(changes)
        after = {one.name: one.value for one in self._parts.spawner.limits()}
        for name, value in after.items():
            await self._parts.audit.change(f"limit {name}", before.get(name), value)
        await self._pulse.look()
        return self._parts.spawner.limits()

    async def keep_limits(self) -> Sequence[LimitView]:
        """Write the changed limits into the settings, so that they hold for good."""
        limits = self._parts.spawner.limits()
        await self._write(
            {f"spawn.{one.name}": one.value for one in limits if one.value != one.written}
        )
        self._parts.spawner.keep_limits()
        return self._parts.spawner.limits()

    async def advise(self) -> Advice:
        """Simulate the limits that are set beside auto mode."""
        made = [job for job in self._parts.roster.all() if job.state is JobState.COMPLETED]
        return await self._parts.adviser.advise(
            self._parts.config, self._parts.spawner.seen(), made
        )

    async def take_advice(self) -> None:
        """Write auto mode into the settings, and lift the caps on jobs."""
        await self._write(TAKEN)

    async def reconfigure(self, config: EngineConfig, specs: Specs) -> None:
        """Go on with other settings; the machine's name and the state folder stay.

        Args:
            config: what is to hold from now on.
            specs: its drives, read.
        """
        await self._parts.reconfigure(config, specs)
        await self._pulse.look()

    async def spawn_once(self) -> Sequence[Job]:
        """One pass now, also while paused."""
        return await self._pulse.look(forced=True)

    async def mover(self) -> MoverView:
        """What is being moved, what waits, and what keeps it."""
        return self._parts.mover.view()

    async def start_moving(self) -> MoverView:
        """Move finished plots as they come, from now on."""
        return await self._parts.mover.start()

    async def stop_moving(self) -> MoverView:
        """Begin no more moves; those that have begun go on."""
        return await self._parts.mover.stop()

    async def move_once(
        self, source: str | None = None, destination: str | None = None
    ) -> MoverView:
        """Move the plots that are finished now, also while stopped."""
        return await self._parts.mover.once(source, destination)

    async def pause_destination(self, destination: str, *, paused: bool) -> MoverView:
        """Let nothing go to a destination, or again."""
        return await self._parts.mover.pause(destination, paused=paused)

    async def summary(self, since: datetime) -> Summary:
        """What happened since a moment."""
        return await self._parts.reporter.summary(since)

    async def past_summaries(self) -> Sequence[PastSummary]:
        """The summaries that were told at their time, the newest first."""
        return await self._parts.reporter.past()

    async def past_summary(self, number: int) -> Summary:
        """One of them, as it was told."""
        return await self._parts.reporter.read(number)

    async def chart(self, chart: str, summary: Summary) -> bytes:
        """A chart of a summary, as a PNG."""
        return await self._parts.reporter.chart(chart, summary)

    async def report_plan(self) -> ReportPlan:
        """When summaries are told, now and as the settings have it."""
        return await self._parts.reporter.plan()

    async def change_report_plan(
        self, hours: float | None = None, at: Sequence[str] | None = None
    ) -> ReportPlan:
        """Tell summaries at other hours until the next start."""
        self._parts.reporter.change(hours, at)
        return await self._parts.reporter.plan()

    async def keep_report_plan(self) -> ReportPlan:
        """Write the plan of summaries into the settings, so that it holds for good."""
        plan = await self._parts.reporter.plan()
        await self._write({"report.every_hours": float(plan.hours), "report.at": list(plan.at)})
        self._parts.reporter.keep()
        return await self._parts.reporter.plan()

    async def tell_summary_if_due(self) -> None:
        """Tell a summary if one is due; those that were missed become one."""
        await self._parts.reporter.tell_if_due()

    async def tell_summary(self) -> None:
        """Tell a summary now, of all that was in none."""
        await self._parts.reporter.tell()

    async def perf(self) -> Mapping[str, Perf]:
        """What the jobs take of the machine, by job id."""
        return await self._parts.perf.of(self._parts.roster.all())

    async def farm_log(self, kind: Kind) -> FarmLog:
        """The farm's log of the last day."""
        return await self._parts.farm.report(kind)

    async def plots(self) -> Stock:
        """The plots on the drives as of the last scan."""
        return self._parts.inventory.stock()

    async def rescan(self) -> Stock:
        """Look through the drives for plots now."""
        return await self._parts.inventory.rescan()

    async def check_plot(self, path: str, challenges: int) -> Check:
        """Check the content of one plot."""
        return await self._parts.inventory.check(path, challenges)

    async def replot_plan(self) -> ReplotPlan:
        """What is old now, and what arming would allow."""
        return await self._parts.replot.plan()

    async def arm_replot(self, fingerprint: str, by: str) -> ReplotStatus:
        """Let the plots of the plan go that has this fingerprint."""
        return await self._parts.replot.arm(fingerprint, by)

    async def disarm_replot(self, by: str) -> ReplotStatus:
        """Let no old plot go any more."""
        log.info("replotting is disarmed by %s", by)
        return await self._parts.replot.disarm()

    async def replot_status(self) -> ReplotStatus:
        """Where replotting stands."""
        return self._parts.replot.status()

    async def undelivered(
        self, limit: int = 50, kinds: Collection[EventKind] | None = None
    ) -> Sequence[Event]:
        """The oldest events that nobody has been told of; of these kinds only, if named."""
        return await self._parts.outbox.undelivered(limit, kinds)

    async def delivered(self, event_ids: Sequence[int]) -> None:
        """Mark events as told."""
        await self._parts.outbox.delivered(event_ids)

    async def orphans(self) -> Sequence[Orphan]:
        """What is left of plots that no living plotter works on."""
        return await self._parts.sweep.orphans()

    async def clean(self, listed: Sequence[Orphan], by: str) -> CleanResult:
        """Remove exactly these files, as far as they may still go."""
        return await self._parts.sweep.clean(listed, by)

    async def rescue(self, plot_ids: Sequence[str], by: str) -> RescueResult:
        """Give whole plots among the orphans their final names."""
        return await self._parts.sweep.rescue(plot_ids, by)

    async def changed(self) -> None:
        """Return at the next change."""
        await self._parts.roster.changed()

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value over restarts."""
        await self._parts.store.remember(f"bot.{key}", value)

    async def recall(self, key: str) -> str | None:
        """What was kept under a key."""
        return await self._parts.store.recall(f"bot.{key}")

    async def note(self, deed: Deed) -> None:
        """Put down in the audit what somebody did or tried."""
        await self._parts.audit.note(deed)

    async def audit(self, last: int | None = None, rows: int = 10) -> AuditView:
        """Entries of the audit, the newest first."""
        return await self._parts.audit.view(last, rows)

    async def tell(self, kind: EventKind, what: str) -> None:
        """Tell something of Plotobot's own, as an event."""
        await self._parts.tell(kind, what)

    async def _write(self, changes: Mapping[str, object]) -> None:
        if self._keep is None:
            raise Refusal("These settings cannot be written from here; edit the settings file.")
        await asyncio.to_thread(self._keep, changes)
