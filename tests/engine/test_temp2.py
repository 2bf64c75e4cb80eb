"""What the planner reckons with on second temp drives, with the needs the settings lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plotobot.engine.case import Kind, Rules, World
from plotobot.engine.config import EngineConfig, Limits, PlotSettings, SpaceRules
from plotobot.engine.models import GIB, Drive, DriveKind
from plotobot.engine.planner import plan
from plotobot.engine.spawner import kinds_of
from plotobot.plotters import PLOTTERS, plotter
from plotobot.plotters.base import PlotOrder

KNOW_TEMP2 = ("chia", "chiapos", "madmax", "bladebit_disk", "gigahorse")


def kind_of(name: str, space: SpaceRules | None = None) -> Kind:
    plot = PlotSettings(plotter=name, k=32)
    config = EngineConfig("rig1", Path("/state"), {}, plot=plot, space=space or SpaceRules())
    (kind,) = kinds_of(config)
    return kind


def drive(kind: DriveKind, path: str, free: int, bus: str | None = None) -> Drive:
    return Drive(kind, path, filesystem=path, total=free, free=free, bus=bus)


def temp2s(kind: Kind, second: Drive, reserve: int = 0) -> list[str | None]:
    """The temp2 drive of each of three plots, started at once."""
    temp = drive(DriveKind.TEMP, "/temp", 9000 * GIB)
    out = drive(DriveKind.OUT, "/out", 9000 * GIB)
    limits = Limits(max_parallel=3, max_parallel_per_drive=3)
    world = World(datetime(2026, 11, 26, tzinfo=UTC), [temp, second, out], [])
    return [start.temp2 for start in plan(world, Rules(limits, [kind], reserve)).starts]


@pytest.mark.parametrize("name", PLOTTERS)
def test_a_kind_needs_on_temp2_what_its_plotter_takes_there(name: str) -> None:
    needs = kind_of(name).needs
    alone, both = (plotter(name).needs(PlotOrder(32, "/t", "/o", two)) for two in (None, "/t2"))
    assert needs == replace(alone, temp2=both.temp2)
    assert bool(needs.temp2) == (name in KNOW_TEMP2)


def test_what_the_settings_say_of_temp2_goes_first() -> None:
    assert kind_of("madmax", SpaceRules(temp2=GIB)).needs.temp2 == GIB


@pytest.mark.parametrize("name", KNOW_TEMP2)
def test_a_temp2_drive_takes_as_many_plots_as_fit_on_it(name: str) -> None:
    kind = kind_of(name)
    second = drive(DriveKind.TEMP2, "/temp2", kind.needs.temp2 * 2 + GIB)
    assert temp2s(kind, second) == ["/temp2", "/temp2", None]
    assert temp2s(kind, replace(second, free=0)) == [None, None, None]


def test_a_ram_disk_as_big_as_a_plot_takes_one_whatever_the_reserve_is() -> None:
    kind = kind_of("madmax")
    memory = drive(DriveKind.TEMP2, "/ram", 110 * GIB, bus="RAM")
    assert temp2s(kind, memory, reserve=GIB) == ["/ram", None, None]
    assert temp2s(kind, replace(memory, bus="NVMe"), reserve=GIB) == [None, None, None]
