"""Tells the regular summaries, and keeps what they are made of."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plotobot.engine.config import ReportRules
from plotobot.engine.models import DriveView, Event, Job, JobState, MoverView
from plotobot.engine.moving.shelf import MoveShelf
from plotobot.engine.notes import noted
from plotobot.engine.reporting import plan
from plotobot.engine.reporting.book import Book
from plotobot.engine.reporting.days import Made, days_of, made_since
from plotobot.engine.reporting.due import next_due, served
from plotobot.engine.reporting.filling import KINDS, filling
from plotobot.engine.reporting.fills import FillBook, Points, thin
from plotobot.engine.reporting.forecast import LOOK_BACK, full_at
from plotobot.engine.reporting.painting import NoChart, Painter
from plotobot.engine.reporting.usual import expected_ends, usual_times
from plotobot.engine.store import Store, put_events
from plotobot.engine.summary import DriveFill, PastSummary, ReportPlan, Summary

log = logging.getLogger(__name__)

TOLD = "drives.filling"
"""The note of the drives whose filling was told."""
DAYS = 14
FILL_DAYS = timedelta(days=7)
POINTS = 96
"""Points of each drive that a chart is made of."""

FarmFigures = Callable[[datetime, datetime], Awaitable[Mapping[str, float]]]
"""What the farm's log counted from one moment to another."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a summary's parts come from."""

    machine: Callable[[], str]
    jobs: Callable[[], Sequence[Job]]
    """The live ones and the latest that ended."""
    drives: Callable[[], Sequence[DriveView]]
    mover: Callable[[], MoverView]
    farm: FarmFigures | None = None


class Reporter:
    """The summaries of one machine."""

    def __init__(
        self,
        store: Store,
        rules: ReportRules,
        sources: Sources,
        changed: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._sources = store, sources
        self._rules = self._written = rules
        self._changed, self._now = changed, now
        self._book, self._fills = Book(store), FillBook(store)
        self._moves = MoveShelf(store)
        self._painter = Painter()
        self._telling = asyncio.Lock()
        self._forecasts: Mapping[str, datetime | None] = {}

    async def begin(self) -> None:
        """From the first call ever, all that ends will be in a summary."""
        await self._book.anchor(self._now())

    # --- when ---

    async def tell_if_due(self) -> bool:
        """Tell a summary if one is due; returns whether it did. Those missed are told as one."""
        async with self._telling:
            now = self._now()
            anchor = await self._book.anchor(now)
            due = next_due(anchor, self._rules)
            if due is None or due > now:
                return False
            await self._tell(served(anchor, now, self._rules))
            return True

    async def tell(self) -> None:
        """Tell a summary now, whatever the hour; the hours count from here."""
        async with self._telling:
            await self._book.anchor(self._now())
            await self._tell(self._now())

    async def plan(self) -> ReportPlan:
        """When summaries are told."""
        now = self._now()
        anchor = await self._book.anchor(now)
        rules, written = self._rules, self._written
        due = next_due(anchor, rules)
        return ReportPlan(
            hours=(rules.every or 0) / 3600,
            at=rules.at,
            written_hours=(written.every or 0) / 3600,
            written_at=written.at,
            next=due and max(due, now),  # what is overdue comes now
        )

    def change(self, hours: float | None, at: Sequence[str] | None) -> None:
        """Tell them at other hours until the next start.

        Raises:
            Refusal: it may not be so.
        """
        self._rules = plan.changed(self._rules, hours, at)

    def keep(self) -> None:
        """Take the plan as it is for written: the settings have it now."""
        self._written = self._rules

    def reconfigure(self, rules: ReportRules) -> None:
        """Go on with other settings; what was changed by command stays so."""
        self._rules = plan.carried(self._rules, self._written, rules)
        self._written = rules

    @property
    def rules(self) -> ReportRules:
        """When summaries are told now, and what they draw."""
        return self._rules

    # --- what ---

    async def summary(self, since: datetime) -> Summary:
        """What happened since a moment, whether it was told or not."""
        ended = await self._store.ended_since(since)
        draft = replace(
            await self._draft(self._now(), since),
            finished=tuple(job for job in ended if job.state is JobState.COMPLETED),
            failed=tuple(job for job in ended if job.state is not JobState.COMPLETED),
            moved=tuple(await self._moves.ended_since(since)),
        )
        return replace(draft, fills=await self._drive_fills(draft))

    async def read(self, number: int) -> Summary:
        """A summary that was told, as it was then.

        Raises:
            Refusal: there is none of this number.
        """
        summary = await self._book.read(number)
        return replace(summary, fills=await self._drive_fills(summary))

    async def past(self) -> Sequence[PastSummary]:
        """The summaries that were told, the newest first."""
        return await self._book.past()

    async def chart(self, chart: str, summary: Summary) -> bytes:
        """A chart of a summary as a PNG.

        Raises:
            NoChart: it is switched off, or could not be drawn.
        """
        if chart not in self._rules.charts:
            raise NoChart("This chart is switched off in the settings.")
        return await self._painter.paint(chart, summary)

    # --- drives ---

    async def look(self) -> bool:
        """Note how full the drives are, and tell of those that fill; whether there was news."""
        now, views = self._now(), self._sources.drives()
        await self._fills.note([view.drive for view in views], now)
        known = await self._fills.since(now - LOOK_BACK, now)
        self._forecasts = {view.drive.path: _forecast(view, known, now) for view in views}
        told = noted(await self._store.recall(TOLD), frozenset[str], frozenset())
        new, events = filling(told, self.with_forecasts(views), now)
        if new != told:
            await self._store.run(lambda db: _note(db, new, events))
            self._changed()
        return bool(events)

    def with_forecasts(self, views: Sequence[DriveView]) -> list[DriveView]:
        """The drives with when each will be full."""
        return [replace(view, full_at=self._forecasts.get(view.drive.path)) for view in views]

    # --- its own ---

    async def _tell(self, due: datetime) -> None:
        now = self._now()
        summary = await self._book.tell(await self._draft(now, now), due)
        log.info(
            "summary %d: %d plots finished, %d failed",
            summary.number, len(summary.finished), len(summary.failed),
        )  # fmt: skip
        self._changed()

    async def _draft(self, now: datetime, since: datetime) -> Summary:
        jobs, mover = self._sources.jobs(), self._sources.mover()
        running = tuple(job for job in jobs if job.state.live)
        usual = usual_times(jobs)
        made = await self._made(now)
        return Summary(
            machine=self._sources.machine(),
            since=since,
            until=now,
            running=running,
            drives=tuple(self._sources.drives()),
            moving=tuple(move for move in mover.moves if move.state.live),
            waiting=mover.waiting,
            waiting_bytes=mover.waiting_bytes,
            ends=expected_ends(running, usual, now),
            usual=tuple(usual.values()),
            days=tuple(days_of(made, now, DAYS)),
            farm=await self._farm(since, now),
        )

    async def _made(self, now: datetime) -> list[Made]:
        try:
            since = now - timedelta(days=DAYS + 1)
        except OverflowError:
            return []
        return await self._store.run(lambda db: made_since(db, since))

    async def _farm(self, since: datetime, until: datetime) -> Mapping[str, float]:
        if self._sources.farm is None:
            return {}
        try:
            return await self._sources.farm(since, until)
        except Exception:  # the last frame: a farm log that cannot be read costs no summary
            log.exception("the farm's log could not be counted")
            return {}

    async def _drive_fills(self, summary: Summary) -> tuple[DriveFill, ...]:
        known = await self._fills.since(summary.until - FILL_DAYS, summary.until)
        points = thin(known, POINTS)
        at = int(summary.until.timestamp())
        return tuple(
            DriveFill(
                path=view.drive.path,
                kind=view.drive.kind.value,
                total=view.drive.total,
                points=(*points.get(view.drive.path, ()), (at, view.drive.free)),
                full_at=view.full_at,
            )
            for view in summary.drives
            if view.drive.total and not view.drive.missing
        )


def _forecast(view: DriveView, known: Mapping[str, Points], now: datetime) -> datetime | None:
    drive = view.drive
    if drive.kind not in KINDS or drive.problem or not drive.total:
        return None
    return full_at(known.get(drive.path, ()), drive.total, drive.free, now)


def _note(db: sqlite3.Connection, told: frozenset[str], events: Sequence[Event]) -> None:
    sql = "INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    db.execute(sql, (TOLD, json.dumps(sorted(told))))
    put_events(db, events)
