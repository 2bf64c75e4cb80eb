"""Background tasks that never die silently: what breaks is logged, told, and begun anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

TOLD_EVERY = 3600.0
"""Seconds between two alerts about one task; the log has every failure."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Seconds before a task that failed begins anew."""

    first: float = 1.0
    """Doubled with each failure in a row."""
    longest: float = 300.0
    """Whoever works for longer than that has recovered."""


async def tended(
    name: str,
    work: Callable[[], Awaitable[None]],
    alarm: Callable[[str], Awaitable[None]],
    rest: Rest | None = None,
) -> None:
    """Run some work until it ends by itself or is cancelled; begin it anew when it raises.

    Args:
        name: what people call it, as in "the mover".
        work: begins it.
        alarm: tells a sentence to the farmer.
        rest: how long to wait before it begins anew.
    """
    rest = rest or Rest()
    clock = asyncio.get_running_loop().time
    delay, told_at = rest.first, -TOLD_EVERY
    while True:
        began = clock()
        try:
            await work()
        except BaseException as error:  # the last frame: what it is for is to go on
            if _meant(error):
                raise
            delay = rest.first if clock() - began > rest.longest else delay
            log.exception("%s failed; it begins anew in %.0f s", name, delay)
            if clock() - told_at >= TOLD_EVERY:
                told_at = clock()
                await _tell(alarm, f"{name} failed ({type(error).__name__}) and begins anew")
        else:
            return
        await asyncio.sleep(delay)
        delay = min(delay * 2, rest.longest)


def _meant(error: BaseException) -> bool:
    """Whether this ends the task: its own cancelling does, another task's that it awaits not."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return not isinstance(error, Exception)


async def _tell(alarm: Callable[[str], Awaitable[None]], what: str) -> None:
    try:
        await alarm(f"{what}; the log has the rest")
    except Exception:  # the last frame: the alarm may be what is broken
        log.exception("that could not be told")
