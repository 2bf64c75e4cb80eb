"""An engine in memory, for states that are slow or dangerous to reach with real plots.

It stands in only for those: 200 jobs at once, failed and stuck plots, missing drives, an engine
that breaks. What the real engine does is shown with the real engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from plotobot.engine.config import Limits, ReportRules
from plotobot.engine.inventory.overview import overview
from plotobot.engine.inventory.plot import Check, Plot, Stock
from plotobot.engine.limits import changed, views
from plotobot.engine.models import (
    GIB,
    Advice,
    AuditEntry,
    AuditView,
    CleanResult,
    Deed,
    Drive,
    DriveKind,
    DriveView,
    Event,
    EventKind,
    Job,
    JobState,
    LimitView,
    MoverView,
    Orphan,
    OrphanFile,
    RescueResult,
    SpawnerView,
    StopResult,
)
from plotobot.engine.replot.arming import Armed
from plotobot.engine.replot.fork import Fork
from plotobot.engine.replot.plan import Plan, Terms
from plotobot.engine.replot.rule import Rule
from plotobot.engine.replot.views import ReplotPlan, ReplotStatus
from plotobot.engine.reporting import plan
from plotobot.engine.summary import PastSummary, Perf, ReportPlan, Summary
from plotobot.errors import Refusal
from plotobot.farmlog.report import FarmLog, Kind
from plotobot.farmlog.statistics import FarmStats
from plotobot.plots.proofs import ProofCheck, ProofVerdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""The moment at which the simulated Discord begins."""


def make_job(number: int = 1, **changes: Any) -> Job:
    """A running job, three hours old."""
    job = Job(
        id=f"20260101-{number:04x}",
        plotter="madmax",
        k=32,
        temp=f"/mnt/ssd{number % 4}",
        out="/mnt/hdd1",
        state=JobState.RUNNING,
        status="3.2",
        fraction=0.42,
        pid=4000 + number,
        created_at=NOW - timedelta(hours=3, minutes=5),
        started_at=NOW - timedelta(hours=3, minutes=5),
        phase_seconds=(4000.0, 2000.0, None, None),
        temp_need=239 * GIB,
        temp_used=180 * GIB,
    )
    return replace(job, **changes)


def make_drive(number: int = 1, **changes: Any) -> DriveView:
    """A temp drive with one plot on it and room for two."""
    drive = Drive(
        DriveKind.TEMP,
        f"/mnt/ssd{number}",
        f"fs{number}",
        total=894 * GIB,
        free=350 * GIB,
        label=f"ssd{number}",
        model="Samsung 980 PRO",
        bus="nvme",
        fs_type="xfs",
    )
    return DriveView(replace(drive, **changes), jobs=1, reserved=59 * GIB, takes=2)


def make_event(number: int = 1, kind: EventKind = EventKind.JOB_SPAWNED, **changes: Any) -> Event:
    """An event with the id and the nonce a store would give."""
    event = Event(kind, NOW, job=make_job(number), id=number, nonce=f"nonce-{number}")
    return replace(event, **changes)


def make_orphan(number: int = 1, *, whole: bool = False, kept: str | None = None) -> Orphan:
    """What a plot left behind two days ago: three temp files of 10 GiB, or a whole plot."""
    plot_id = f"{number:08x}" * 8
    ends = (".plot.2.tmp",) if whole else (".plot.sort.tmp", ".plot.table1.tmp", ".plot.table2.tmp")
    files = tuple(
        OrphanFile(
            "/mnt/ssd1", f"plot-k32-2026-01-01-00-00-{plot_id}{end}", 10 * GIB, 1, 1, 0, whole
        )
        for end in ends
    )
    return Orphan(plot_id, 32, files, NOW - timedelta(days=2), kept)


PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


async def as_is(awaitable: Awaitable[Any]) -> Any:
    """Wait for it, here."""
    return await awaitable


class ScriptedEngine:
    """The engine's protocol over plain lists that a test sets."""

    machine = "rig1"

    def __init__(self) -> None:
        self.all_jobs: list[Job] = []
        self.all_drives: list[DriveView] = []
        self.all_orphans: list[Orphan] = []
        self.stays: tuple[str, ...] = ()
        """What cannot be removed."""
        self.events: list[Event] = []
        self.told: list[int] = []
        self.view = SpawnerView(running=True, spawned=0, count=None)
        self.now_limits = self.written_limits = Limits()
        self.moving = MoverView(running=False)
        self.rules = self.written_rules = ReportRules()
        self.past: dict[int, Summary] = {}
        self.perfs: dict[str, Perf] = {}
        self.picture: bytes | Exception = PNG
        self.drawn: list[tuple[str, Summary]] = []
        self.advice = Advice("rules", 21.4, 31.8, 33.6, "CPU", "a log")
        self.log: list[str] = ["Computing table 1", "Computing table 2"]
        self.stock = Stock(scanned_at=NOW)
        self.proofs = ProofCheck(30, 28, 0, ProofVerdict.SOUND, "Sound: 28 valid proofs.", 12.3)
        self.replot = ReplotPlan(Plan(Terms(NOW, GIB)), Rule(), Fork(), 412, "feed" * 4)
        self.replotting = ReplotStatus(enabled=True)
        self.kept: dict[str, str] = {}
        self.farm = FarmLog(FarmStats())
        self.farm_asked: list[Kind] = []
        self.deeds: list[tuple[Any, ...]] = []
        self.notes: list[Deed] = []
        """The audit."""
        self.tampered: int | None = None
        self.broken: Exception | None = None
        """Raised by whatever is asked next."""
        self.wait: Callable[[Awaitable[Any]], Awaitable[Any]] = as_is
        """How to wait for a change; the simulated Discord wants to know of such waits."""
        self._changed = asyncio.Event()

    async def replot_plan(self) -> ReplotPlan:
        return self.replot

    async def arm_replot(self, fingerprint: str, by: str) -> ReplotStatus:
        self.deeds.append(("arm", fingerprint, by))
        armed = Armed(by, NOW, "", self.replot.most)
        self.replotting = replace(self.replotting, armed=armed, left=self.replot.most)
        return self.replotting

    async def disarm_replot(self, by: str) -> ReplotStatus:
        self.deeds.append(("disarm", by))
        self.replotting = replace(self.replotting, armed=None)
        return self.replotting

    async def replot_status(self) -> ReplotStatus:
        return self.replotting

    def change(self) -> None:
        """Wake all who wait for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def happen(self, *events: Event) -> None:
        """Put events into the outbox."""
        self.events.extend(events)
        self.change()

    def _ask(self) -> None:
        if self.broken is not None:
            raise self.broken

    async def jobs(self) -> Sequence[Job]:
        self._ask()
        return tuple(self.all_jobs)

    async def job(self, job_id: str) -> Job:
        self._ask()
        found = [job for job in self.all_jobs if job.id == job_id]
        if not found:
            raise Refusal("There is no such job.")
        return found[0]

    async def stop(self, job_id: str, by: str) -> StopResult:
        self._ask()
        job = await self.job(job_id)
        if not job.state.live:
            raise Refusal("It has ended already.")
        stopped = replace(job, state=JobState.STOPPED, status="Stopped", ended_at=NOW)
        self.all_jobs = [stopped if j.id == job_id else j for j in self.all_jobs]
        self.deeds.append(("stop", job_id, by))
        return StopResult(stopped, processes=3, files=12, bytes=180 * GIB)

    async def log_tail(self, job_id: str, lines: int = 20) -> Sequence[str]:
        await self.job(job_id)
        return self.log[-lines:]

    async def drives(self, kind: DriveKind | None = None) -> Sequence[DriveView]:
        self._ask()
        return tuple(v for v in self.all_drives if kind is None or v.drive.kind is kind)

    async def spawner(self) -> SpawnerView:
        self._ask()
        return self.view

    async def start_spawning(
        self, count: int | None = None, until: datetime | None = None
    ) -> SpawnerView:
        self._ask()
        self.deeds.append(("start", count))
        self.view = replace(self.view, running=True, count=count, until=until)
        return self.view

    async def pause_spawning(self, *, drain: bool = False) -> SpawnerView:
        self._ask()
        self.deeds.append(("pause",))
        self.view = replace(self.view, running=False, draining=drain)
        return self.view

    async def limits(self) -> Sequence[LimitView]:
        self._ask()
        return views(self.now_limits, self.written_limits)

    async def change_limits(self, changes: Mapping[str, float]) -> Sequence[LimitView]:
        self._ask()
        self.now_limits = changed(self.now_limits, changes)
        self.deeds.append(("limits", dict(changes)))
        return await self.limits()

    async def keep_limits(self) -> Sequence[LimitView]:
        self._ask()
        self.written_limits = self.now_limits
        self.deeds.append(("keep",))
        return await self.limits()

    async def advise(self) -> Advice:
        self._ask()
        return self.advice

    async def take_advice(self) -> None:
        self._ask()
        self.deeds.append(("auto",))

    async def spawn_once(self) -> Sequence[Job]:
        self._ask()
        self.deeds.append(("once",))
        return (make_job(99),)

    async def mover(self) -> MoverView:
        self._ask()
        return self.moving

    async def start_moving(self) -> MoverView:
        self._ask()
        self.deeds.append(("move",))
        self.moving = replace(self.moving, running=True)
        return self.moving

    async def stop_moving(self) -> MoverView:
        self._ask()
        self.deeds.append(("no move",))
        self.moving = replace(self.moving, running=False)
        return self.moving

    async def move_once(
        self, source: str | None = None, destination: str | None = None
    ) -> MoverView:
        self._ask()
        self.deeds.append(("move once", source, destination))
        return self.moving

    async def pause_destination(self, destination: str, *, paused: bool) -> MoverView:
        self._ask()
        self.deeds.append(("pause", destination, paused))
        return self.moving

    async def summary(self, since: datetime) -> Summary:
        self._ask()
        done = [job for job in self.all_jobs if job.state is JobState.COMPLETED]
        bad = [j for j in self.all_jobs if not j.state.live and j.state is not JobState.COMPLETED]
        live = [job for job in self.all_jobs if job.state.live]
        drives = tuple(self.all_drives)
        return Summary("rig1", since, NOW, tuple(done), tuple(bad), tuple(live), drives)

    async def farm_log(self, kind: Kind) -> FarmLog:
        self._ask()
        self.farm_asked.append(kind)
        return self.farm

    def stocked(self, *plots: Plot) -> None:
        """Let these be all plots there are."""
        self.stock = Stock(plots, overview(plots), NOW)

    async def plots(self) -> Stock:
        self._ask()
        return self.stock

    async def rescan(self) -> Stock:
        self._ask()
        self.deeds.append(("rescan",))
        return self.stock

    async def check_plot(self, path: str, challenges: int) -> Check:
        self._ask()
        self.deeds.append(("check", path, challenges))
        plot = next(plot for plot in self.stock.plots if plot.path == path)
        return Check(path, plot.id or "", NOW, self.proofs)

    async def past_summaries(self) -> Sequence[PastSummary]:
        self._ask()
        return [
            PastSummary(n, s.since, s.until, len(s.finished), len(s.failed), 0)
            for n, s in sorted(self.past.items(), reverse=True)
        ]

    async def past_summary(self, number: int) -> Summary:
        self._ask()
        if number not in self.past:
            raise Refusal(f"There is no summary {number}.")
        return self.past[number]

    async def chart(self, chart: str, summary: Summary) -> bytes:
        self._ask()
        if isinstance(self.picture, Exception):
            raise self.picture
        self.drawn.append((chart, summary))
        return self.picture

    async def report_plan(self) -> ReportPlan:
        self._ask()
        now, then = self.rules, self.written_rules
        next_one = NOW + timedelta(hours=5)
        hours, written = (now.every or 0) / 3600, (then.every or 0) / 3600
        return ReportPlan(hours, now.at, written, then.at, next_one)

    async def change_report_plan(
        self, hours: float | None = None, at: Sequence[str] | None = None
    ) -> ReportPlan:
        self._ask()
        self.rules = plan.changed(self.rules, hours, at)
        self.deeds.append(("every", hours, at))
        return await self.report_plan()

    async def keep_report_plan(self) -> ReportPlan:
        self._ask()
        self.written_rules = self.rules
        self.deeds.append(("keep plan",))
        return await self.report_plan()

    async def perf(self) -> Mapping[str, Perf]:
        self._ask()
        return self.perfs

    async def undelivered(
        self, limit: int = 50, kinds: Collection[EventKind] | None = None
    ) -> Sequence[Event]:
        self._ask()
        untold = [event for event in self.events if event.id not in self.told]
        return [event for event in untold if kinds is None or event.kind in kinds][:limit]

    async def tell(self, kind: EventKind, what: str) -> None:
        number = 9000 + len(self.events)
        told = Event(kind, NOW, data={"what": what}, id=number, nonce=f"nonce-{number}")
        self.happen(told)

    async def delivered(self, event_ids: Sequence[int]) -> None:
        self._ask()
        self.told.extend(event_ids)

    async def orphans(self) -> Sequence[Orphan]:
        self._ask()
        return tuple(self.all_orphans)

    async def clean(self, listed: Sequence[Orphan], by: str) -> CleanResult:
        self._ask()
        self.deeds.append(("clean", [orphan.plot_id for orphan in listed], by))
        files = [file for orphan in listed for file in orphan.removable]
        return CleanResult(len(listed), len(files), sum(file.size for file in files), self.stays)

    async def rescue(self, plot_ids: Sequence[str], by: str) -> RescueResult:
        self._ask()
        self.deeds.append(("rescue", list(plot_ids), by))
        return RescueResult(tuple(f"/mnt/hdd1/{plot_id}.plot" for plot_id in plot_ids))

    async def changed(self) -> None:
        await self.wait(self._changed.wait())

    async def remember(self, key: str, value: str) -> None:
        self.kept[key] = value

    async def recall(self, key: str) -> str | None:
        return self.kept.get(key)

    async def note(self, deed: Deed) -> None:
        self.notes.append(replace(deed, at=NOW))

    async def audit(self, last: int | None = None, rows: int = 10) -> AuditView:
        self._ask()
        entries = [AuditEntry(n, deed, f"{n:064x}") for n, deed in enumerate(self.notes, 1)]
        shown = [one for one in reversed(entries) if one.id <= (last or len(entries))]
        return AuditView(tuple(shown[:rows]), len(entries), self.tampered)
