"""When the demo's farm has a report told, and how large its drives are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from plotobot.demo.farm import FIRST_REPORT, LittleFarm, needs_of, reserve, tell_reports
from plotobot.demo.run import Options
from plotobot.engine.models import Drive, DriveKind, DriveView, Job, JobState
from plotobot.engine.reporting.filling import FULL

OUT = Drive(DriveKind.OUT, "/out1")


class Told(Exception):  # noqa: N818
    """There is nothing more to be told of."""


class Story:
    """An engine of which a test tells how many jobs ended and run, and how many plots still fit."""

    def __init__(self, *steps: tuple[int, int, int]) -> None:
        self.steps: Iterator[tuple[int, int, int]] = iter(steps)
        self.now = next(self.steps)
        self.reports: list[int] = []

    async def jobs(self) -> list[Job]:
        old = Job("old", "chiapos", 18, "/t", "/o", state=JobState.COMPLETED)
        ended = [replace(old, id=f"ended{n}") for n in range(self.now[0])]
        live = [replace(old, id=f"live{n}", state=JobState.RUNNING) for n in range(self.now[1])]
        return [old, *ended, *live]

    async def drives(self, kind: DriveKind) -> list[DriveView]:
        return [DriveView(replace(OUT, kind=kind), takes=self.now[2])]

    async def tell_summary(self) -> None:
        self.reports.append(self.now[0])

    async def changed(self) -> None:
        await asyncio.sleep(0)
        try:
            self.now = next(self.steps)
        except StopIteration:
            raise Told from None


@pytest.mark.parametrize(
    ("steps", "plots", "reports"),
    [
        ([(0, 2, 9), (2, 2, 9), (3, 2, 9), (3, 2, 9), (4, 2, 9), (6, 2, 9)], None, [3]),
        ([(0, 2, 9), (4, 1, 9), (5, 0, 9), (5, 0, 9)], 5, [4, 5]),
        ([(0, 2, 9), (1, 1, 9), (2, 0, 9)], 2, [2]),
        ([(3, 2, 2), (4, 1, 0), (5, 0, 0), (5, 0, 0)], None, [3, 5]),
        ([(0, 0, 0), (0, 0, 0)], None, []),
    ],
    ids=["after a few", "after the last", "only at the end", "when all is full", "full before"],
)
async def test_when_a_report_is_told(
    steps: list[tuple[int, int, int]],
    plots: int | None,
    reports: list[int],
) -> None:
    story = Story(*steps)

    with pytest.raises(Told):
        await tell_reports(cast(Any, story), {"old"}, plots)

    assert story.reports == reports
    assert FIRST_REPORT == 3


@pytest.mark.parametrize("k", [18, 20, 21, 22])
@pytest.mark.parametrize("plots", [None, 5, 13, 100])
@pytest.mark.parametrize("share", [0.90, 0.94, 0.98], ids=["small", "usual", "large"])
def test_drives_fill_beyond_what_is_told_and_take_all_that_were_asked_for(
    k: int, plots: int | None, share: float
) -> None:
    """Plots of one k differ in size: by so much of the room that is asked for them."""
    options = Options(k=k, plots=plots)
    needs = needs_of(options)
    temps, outs = LittleFarm().drive_sizes(options)
    made, filled = 0, []
    for size in outs:
        free = size
        while free >= needs.out + reserve(needs):
            free -= round(needs.out * share)
            made += 1
        filled.append(1 - free / size)

    assert made >= (plots or 10)
    assert max(filled) >= FULL
    assert min(temps) >= needs.temp + reserve(needs)
