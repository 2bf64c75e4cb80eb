"""Charts come from a process of their own, whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from plotobot.engine.reporting import painting
from plotobot.engine.reporting.painting import NoChart, Painter, environment
from plotobot.engine.summary import Summary

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
Children = Callable[[], set[psutil.Process]]
IDLE = Summary("m", NOW - timedelta(days=1), NOW)


@pytest.fixture
def painters() -> Children:
    """The processes that came since the test began, whether at work or left unreaped."""
    before = set(psutil.Process().children())
    return lambda: set(psutil.Process().children()) - before


async def test_a_chart_is_drawn_while_the_loop_goes_on(painters: Children) -> None:
    late: list[float] = []

    async def tick() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(0.005)
            late.append(time.perf_counter() - asked)

    ticking = asyncio.create_task(tick())
    png = await Painter().paint("overview", IDLE)
    ticking.cancel()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(late) > 20
    assert painters() == set()


async def test_a_chart_that_is_none_says_why() -> None:
    with pytest.raises(NoChart, match="usage"):
        await Painter().paint("pie", IDLE)


async def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, painters: Children) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/sh")
    monkeypatch.setattr(painting, "COMMAND", ("-c", "exec sleep 60"))
    with pytest.raises(NoChart, match=r"within 0\.2 s"):
        await Painter(patience=0.2).paint("days", IDLE)
    assert painters() == set()


async def test_one_that_is_cancelled_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch, painters: Children
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/sh")
    monkeypatch.setattr(painting, "COMMAND", ("-c", "exec sleep 60"))
    drawing = asyncio.create_task(Painter().paint("days", IDLE))
    while not painters():
        await asyncio.sleep(0.01)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert painters() == set()


async def test_where_there_is_no_python_there_is_no_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(NoChart, match="No such file"):
        await Painter().paint("days", IDLE)


def test_the_child_learns_no_secret() -> None:
    given = environment({**os.environ, "DISCORD_TOKEN": "secret", "HOME": "/home/f", "TZ": "UTC"})
    assert "secret" not in given.values()
    assert given["TZ"] == "UTC"
    assert "MPLCONFIGDIR" in given
