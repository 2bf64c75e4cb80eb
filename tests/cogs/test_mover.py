from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plotobot.engine.models import GIB, DestinationView, Move, MoverView, MoveState
from tests.cogs.scripted import NOW

PLOT = "/out/plot-k32-2026-01-01-00-00-" + "ab" * 32 + ".plot"


def move(number: int = 1, **changes: object) -> Move:
    values = {"state": MoveState.COPYING, "done": 50 * GIB, "rate": 200e6, "started_at": NOW}
    return replace(Move(f"{number:04}", PLOT, "/farm1", 100 * GIB), **(values | changes))


@pytest.fixture
def busy(farm):
    ended = NOW - timedelta(hours=1)
    farm.engine.moving = MoverView(
        running=True,
        moves=(
            move(),
            move(2, state=MoveState.WAITING, reason="the drive is missing"),
            move(3, state=MoveState.DONE, ended_at=ended),
            move(4, state=MoveState.FAILED, ended_at=ended, reason="a different file is there"),
        ),
        destinations=(
            DestinationView("/farm1", 500 * GIB, 1000 * GIB, 1),
            DestinationView("rsync://nas/plots", None, None, 0, "paused", paused=True),
        ),
        waiting=3,
        waiting_bytes=300 * GIB,
        holds=("No destination has the 101.4 GiB that a plot takes.",),
    )
    return farm


async def test_the_status_tells_all(busy):
    result = await busy.slash("viewer", "move status")

    text = result.response.content
    assert "Moving is **on**" in text
    assert "3 plots wait (300 GiB)" in text
    assert "copying █████░░░░░ 50% of 100 GiB, 200 MB/s, 4 m 28 s left" in text
    assert "waits (the drive is missing)" in text
    assert "No destination has the 101.4 GiB" in text
    assert "`/farm1`: 500 GiB free, 1 move" in text
    assert "room unknown" in text
    assert "a different file is there" in text
    assert "abababab…" in text
    assert result.ephemeral


async def test_starting_and_stopping(farm):
    on = await farm.slash("operator", "move start")
    off = await farm.slash("operator", "move stop")

    assert "Moving is **on**" in on.response.content
    assert "Moving is **off**" in off.response.content
    assert farm.engine.deeds == [("move",), ("no move",)]


async def test_once_takes_a_source_and_a_destination(busy):
    await busy.slash("operator", "move once", source="/out", destination="/farm1")

    assert busy.engine.deeds == [("move once", "/out", "/farm1")]


async def test_a_destination_is_paused_and_used_again(busy):
    await busy.slash("operator", "move pause", destination="/farm1")
    await busy.slash("operator", "move pause", destination="/farm1", resume=True)

    assert busy.engine.deeds == [("pause", "/farm1", True), ("pause", "/farm1", False)]


async def test_destinations_and_out_drives_are_offered(busy, make_drive):
    offered = await busy.operator.autocomplete(busy.channel, "move once", "destination", "FARM")
    assert [choice["value"] for choice in offered] == ["/farm1"]


@pytest.mark.parametrize("number", [0, 1, 11, 200])
async def test_any_number_of_moves_fits(farm, number):
    moves = tuple(move(n, state=MoveState.WAITING, reason="x" * 300) for n in range(number))
    places = tuple(DestinationView("/" + "y" * 200, 1, 2) for _ in range(number))
    farm.engine.moving = MoverView(False, moves, places, holds=("z" * 500,) * 3)

    result = await farm.slash("viewer", "move status")

    assert len(result.response.content) <= 2000
