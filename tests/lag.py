"""How long the event loop was held up, by our own doing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

LAG = 0.25
"""Seconds that the loop may be late at most."""
TICK = 0.01


def stood_in_line() -> float:
    """Seconds for which this thread could have run, and other processes had all CPUs.

    Only Linux tells; elsewhere 0.
    """
    told = Path("/proc/thread-self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0


@asynccontextmanager
async def free_loop() -> AsyncIterator[None]:
    """Hold that the event loop never waits longer than `LAG` seconds, while inside.

    What counts is our own doing: what the loop's thread computed, and what it slept in a call or
    for a lock. The kernel tells for how long the thread merely got no CPU.
    """
    lags, clock = [(0.0, 0.0)], time.monotonic

    async def beat() -> None:
        began, stood = clock(), stood_in_line()
        while True:
            await asyncio.sleep(TICK)
            ended, stands = clock(), stood_in_line()
            lag = ended - began - TICK
            lags.append((lag - (stands - stood), lag))
            began, stood = ended, stands

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
    own, whole = max(lags)[0], max(lag for _, lag in lags)
    print(f"the loop's worst lag: {own * 1e3:.0f} ms, with the machine's {whole * 1e3:.0f} ms")
    assert own < LAG
