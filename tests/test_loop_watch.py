"""A loop that stands still is told once, with the place where it stands."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from plotobot.loop_watch import LoopWatch, watched_loop


def dawdle(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_stall_is_logged_with_the_stack_and_its_length(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with watched_loop(stall=0.3):
        await asyncio.sleep(0.3)
        assert caplog.messages == []
        dawdle(1.0)
        await asyncio.sleep(0.5)

    still, over = caplog.messages
    assert "in dawdle" in still
    assert over.startswith("the event loop stood still for ")


async def test_nothing_is_left_of_a_watch() -> None:
    before = threading.active_count()
    with watched_loop():
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_process_that_was_halted_is_no_stall(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    watch = LoopWatch(threading.get_ident(), 1.0, lambda: now[0])
    for moment in (0.1, 0.2, 3600.0, 3600.1, 3600.9):
        now[0] = moment
        watch.look()
    assert caplog.messages == []
    for tick in range(9):
        now[0] = 3601.0 + tick / 10
        watch.look()
    assert len(caplog.messages) == 1
