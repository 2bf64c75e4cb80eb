"""The reporter: drives that fill are told once over restarts, and the plan is kept for good."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.app import running_engine
from plotobot.engine.config import ReportRules
from plotobot.engine.models import GIB, Drive, DriveKind, DriveView, EventKind, MoverView
from plotobot.engine.reporting.reporter import Reporter, Sources
from plotobot.engine.store import Store
from plotobot.settings import load_settings
from plotobot.settings.editing import edit_settings
from tests.engine.farm import Farm

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
OUT = DriveView(Drive(DriveKind.OUT, "/mnt/hdd1", total=7000 * GIB, free=3000 * GIB))


class Watched:
    """A reporter whose one drive and whose clock are set."""

    def __init__(self, store: Store) -> None:
        self.store, self.now, self.views = store, NOW, [OUT]
        self.again()

    def again(self) -> None:
        sources = Sources(
            lambda: "m", list, lambda: self.views, lambda: MoverView(False), self.farm
        )
        self.reporter = Reporter(self.store, ReportRules(), sources, lambda: None, lambda: self.now)

    async def farm(self, since: datetime, until: datetime) -> Mapping[str, float]:
        if until - since > timedelta(days=10):
            raise OSError("the farm's log is away")
        return {"Eligible plots": 12.0}

    async def hour(self, gib_less: float, minutes: int = 60) -> None:
        self.now += timedelta(minutes=minutes)
        drive = self.views[0].drive
        less = replace(drive, free=int(drive.free - gib_less * GIB))
        self.views = [replace(self.views[0], drive=less)]
        await self.reporter.look()

    async def told(self) -> int:
        events = await self.store.undelivered(100)
        return sum(event.kind is EventKind.DRIVE_FILLING for event in events)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    store = await Store.open(tmp_path / "plotobot.db")
    yield Watched(store)
    await store.close()


async def test_a_filling_drive_is_foretold_and_told_once_over_restarts(watched: Watched) -> None:
    for _ in range(12):
        await watched.hour(100)
    [view] = watched.reporter.with_forecasts(watched.views)
    assert view.full_at is not None
    assert abs(view.full_at - watched.now - timedelta(hours=18)) < timedelta(hours=1)
    assert await watched.told() == 0
    for _ in range(12):
        await watched.hour(100)
        watched.again()
    assert await watched.told() == 1
    summary = await watched.reporter.summary(watched.now - timedelta(days=1))
    [fill] = summary.fills
    assert len(fill.points) >= 24
    assert fill.points[-1][1] == watched.views[0].drive.free


async def test_the_first_look_of_a_full_drive_tells_it(watched: Watched) -> None:
    await watched.hour(2900)
    assert await watched.told() == 1
    await watched.hour(-2500)
    await watched.hour(2500)
    assert await watched.told() == 2


async def test_the_farms_log_counts_and_costs_no_summary_when_it_is_away(
    watched: Watched,
) -> None:
    day = await watched.reporter.summary(NOW - timedelta(days=1))
    season = await watched.reporter.summary(NOW - timedelta(days=99))
    assert (day.farm, season.farm) == ({"Eligible plots": 12.0}, {})


async def test_a_plan_kept_for_good_stands_in_the_settings_file(farm: Farm, tmp_path: Path) -> None:
    file = tmp_path / "plotobot.toml"
    file.write_text("# mine\n[report]\nevery_hours = 12.0 # twice a day\n", "utf-8")

    def keep(changes: Mapping[str, object]) -> None:
        edit_settings(file, changes)

    async with running_engine(farm.config(count=0), keep=keep) as engine:
        await engine.change_report_plan(at=["19:00", "7:30"])
        plan = await engine.keep_report_plan()
    assert (plan.written_hours, plan.written_at) == (0.0, ("07:30", "19:00"))
    report = load_settings(file).engine.report
    assert (report.every, report.at) == (None, ("07:30", "19:00"))
    assert "# twice a day" in file.read_text("utf-8")


async def test_a_summary_that_a_new_plan_makes_overdue_comes_now(watched: Watched) -> None:
    await watched.reporter.begin()
    watched.now += timedelta(hours=20)
    watched.reporter.change(1.0, None)

    assert (await watched.reporter.plan()).next == watched.now
    assert await watched.reporter.tell_if_due()
