"""What the outside may ask of an engine, wherever it runs.

Cogs hold this protocol and never the concrete class. Every argument and result is a plain value of
`models` or `inventory.plot`, so that a machine elsewhere can stand behind the same protocol later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from plotobot.engine.inventory.plot import Check, Stock
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
    LimitView,
    MoverView,
    Orphan,
    RescueResult,
    SpawnerView,
    StopResult,
)
from plotobot.engine.replot.views import ReplotPlan, ReplotStatus
from plotobot.engine.summary import PastSummary, Perf, ReportPlan, Summary
from plotobot.farmlog.report import FarmLog, Kind


class Engine(Protocol):
    """One machine's plotting engine."""

    @property
    def machine(self) -> str:
        """The machine's name, Ploto's PlotterName."""
        ...

    async def jobs(self) -> Sequence[Job]:
        """All live jobs and the latest ended ones, newest start first. A memory read."""
        ...

    async def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            Refusal: no job has this id.
        """
        ...

    async def stop(self, job_id: str, by: str) -> StopResult:
        """End a job's whole process tree, then remove that plot's temp files and no others.

        Of a job that somebody else started only the process tree is ended; its files stay. Ask
        a person before.

        Args:
            job_id: the job.
            by: who asked, for the journal.

        Raises:
            Refusal: no such job, or it has ended already; or the stop goes on by itself, as
                processes are left or a drive hangs.
        """
        ...

    async def log_tail(self, job_id: str, lines: int = 20) -> Sequence[str]:
        """The last lines of a job's log, without colours."""
        ...

    async def drives(self, kind: DriveKind | None = None) -> Sequence[DriveView]:
        """The configured drives as of the last look."""
        ...

    async def spawner(self) -> SpawnerView:
        """Whether plots are being started, and what holds each drive."""
        ...

    async def start_spawning(
        self, count: int | None = None, until: datetime | None = None
    ) -> SpawnerView:
        """Start plots as the rules allow.

        Args:
            count: opens a new quota of so many; None goes on with the present one.
            until: when to start no more; None means without end.
        """
        ...

    async def pause_spawning(self, *, drain: bool = False) -> SpawnerView:
        """Start no more plots; running ones go on.

        Args:
            drain: whether to tell, as an event, when the last of them is done.
        """
        ...

    async def limits(self) -> Sequence[LimitView]:
        """The limits as they are now, and as they are written."""
        ...

    async def change_limits(self, changes: Mapping[str, float]) -> Sequence[LimitView]:
        """Change limits until the next start, by their keys in the settings' table `[spawn]`.

        Raises:
            Refusal: there is no such limit, or it may not be so; nothing was changed then.
        """
        ...

    async def keep_limits(self) -> Sequence[LimitView]:
        """Write the changed limits into the settings, so that they hold for good.

        Raises:
            Refusal: the settings cannot be written.
        """
        ...

    async def advise(self) -> Advice:
        """Simulate days of plotting on this machine: the limits that are set beside auto mode.

        Raises:
            Refusal: nothing is known of how this kind of plot goes, or there is no temp drive.
        """
        ...

    async def take_advice(self) -> None:
        """Write auto mode into the settings, and lift the caps on jobs; read anew, they hold.

        Raises:
            Refusal: the settings cannot be written.
        """
        ...

    async def spawn_once(self) -> Sequence[Job]:
        """One pass now, also while paused; returns the jobs it started."""
        ...

    async def mover(self) -> MoverView:
        """What is being moved, what waits, and what keeps it. A memory read."""
        ...

    async def start_moving(self) -> MoverView:
        """Move finished plots from the out drives as they come, from now on."""
        ...

    async def stop_moving(self) -> MoverView:
        """Begin no more moves; those that have begun go on."""
        ...

    async def move_once(
        self, source: str | None = None, destination: str | None = None
    ) -> MoverView:
        """Move the plots that are finished now, also while stopped.

        Args:
            source: an out drive's path; None takes all of them.
            destination: a destination's name; None chooses as the settings say.

        Raises:
            Refusal: there is no such drive or destination.
        """
        ...

    async def pause_destination(self, destination: str, *, paused: bool) -> MoverView:
        """Let nothing go to a destination, or again; what is on its way there waits meanwhile.

        Raises:
            Refusal: there is no such destination.
        """
        ...

    async def summary(self, since: datetime) -> Summary:
        """What happened since a moment."""
        ...

    async def farm_log(self, kind: Kind) -> FarmLog:
        """The farm's log of the last day: figures, and the last 200 records of one kind.

        Raises:
            Refusal: there is no such log, or it cannot be read.
        """
        ...

    async def plots(self) -> Stock:
        """The plots on the drives as of the last scan. A memory read."""
        ...

    async def rescan(self) -> Stock:
        """Look through the drives for plots now; it may take minutes on many new plots."""
        ...

    async def check_plot(self, path: str, challenges: int) -> Check:
        """Check the content of one plot, by a number of challenges.

        Raises:
            Refusal: no such plot, or it cannot be checked now.
            NotAPlot: it is no plot any more.
        """
        ...

    async def past_summaries(self) -> Sequence[PastSummary]:
        """The summaries that were told at their time, the newest first."""
        ...

    async def past_summary(self, number: int) -> Summary:
        """One of them, with its jobs, as it was told.

        Raises:
            Refusal: there is none of this number.
        """
        ...

    async def chart(self, chart: str, summary: Summary) -> bytes:
        """A chart of a summary as a PNG, drawn beside the event loop.

        Args:
            chart: a name of `summary.CHARTS`.
            summary: what it shows.

        Raises:
            Refusal: it is switched off, or cannot be drawn; the message says why.
        """
        ...

    async def report_plan(self) -> ReportPlan:
        """When summaries are told, now and as the settings have it."""
        ...

    async def change_report_plan(
        self, hours: float | None = None, at: Sequence[str] | None = None
    ) -> ReportPlan:
        """Tell summaries at other hours until the next start.

        Args:
            hours: from one to the next; 0 leaves it to the times; None leaves them as they are.
            at: times of day, as `07:30`; none at all takes them away; None leaves them.

        Raises:
            Refusal: it may not be so; nothing was changed then.
        """
        ...

    async def keep_report_plan(self) -> ReportPlan:
        """Write the plan of summaries into the settings, so that it holds for good.

        Raises:
            Refusal: the settings cannot be written.
        """
        ...

    async def perf(self) -> Mapping[str, Perf]:
        """What the jobs take of the machine, by job id; ended ones on average."""
        ...

    async def replot_plan(self) -> ReplotPlan:
        """What is old now, and what arming would allow; it looks through the drives."""
        ...

    async def arm_replot(self, fingerprint: str, by: str) -> ReplotStatus:
        """Let old plots go from now on. Ask an owner twice before.

        Args:
            fingerprint: of the plan that the owner was shown.
            by: who says so, for the journal.

        Raises:
            Refusal: the plan is another one now, or may not be carried out.
        """
        ...

    async def disarm_replot(self, by: str) -> ReplotStatus:
        """Let no old plot go any more; it holds at once.

        Raises:
            Refusal: it cannot be written down, and so holds until the next start only.
        """
        ...

    async def replot_status(self) -> ReplotStatus:
        """Where replotting stands. A memory read."""
        ...

    async def undelivered(
        self, limit: int = 50, kinds: Collection[EventKind] | None = None
    ) -> Sequence[Event]:
        """The oldest events that nobody has been told of; of these kinds only, if named."""
        ...

    async def delivered(self, event_ids: Sequence[int]) -> None:
        """Mark events as told; they never come again."""
        ...

    async def tell(self, kind: EventKind, what: str) -> None:
        """Tell something of Plotobot's own, as an event."""
        ...

    async def orphans(self) -> Sequence[Orphan]:
        """What is left of plots that no living plotter works on, oldest first."""
        ...

    async def clean(self, listed: Sequence[Orphan], by: str) -> CleanResult:
        """Remove exactly these files, as far as they may still go and have not changed.

        Args:
            listed: some of what `orphans` gave.
            by: who asked, for the journal.
        """
        ...

    async def rescue(self, plot_ids: Sequence[str], by: str) -> RescueResult:
        """Give whole plots among the orphans their final names; overwrites nothing."""
        ...

    async def changed(self) -> None:
        """Return at the next change of anything above."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value over restarts (the id of a message, the hash of the commands)."""
        ...

    async def recall(self, key: str) -> str | None:
        """What was kept under a key, or None."""
        ...

    async def note(self, deed: Deed) -> None:
        """Put down in the audit what somebody did or tried; never fails for want of room."""
        ...

    async def audit(self, last: int | None = None, rows: int = 10) -> AuditView:
        """Entries of the audit, the newest first, and whether all of it is as it was written.

        Args:
            last: the number of the newest entry to show; None means the newest there is.
            rows: how many to show.
        """
        ...
