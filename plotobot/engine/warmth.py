"""Tells when the processor or a drive gets too hot: each once, and again only after it cooled.

The processor's sensors are read through psutil, drives' through smartctl where that is there, else
through the kernel's own sensors for NVMe (chips `nvme` and `drivetemp` in Linux' hwmon).
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psutil

from plotobot.engine.models import Event, EventKind
from plotobot.engine.notes import noted
from plotobot.engine.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = 300.0
"""Seconds between two looks."""
COOLER = 5.0
"""Degrees below the limit at which something counts as cool again."""
PATIENCE = 10.0
"""Seconds that smartctl may take for a drive."""
MOST = 64
"""Drives that are asked."""
NOTE = "warmth.hot"
"""The note of what was told as too hot."""
CPU_CHIPS = frozenset({"coretemp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal"})
DRIVE_CHIPS = frozenset({"nvme", "drivetemp"})

Put = Callable[[Sequence[Event]], Awaitable[None]]
"""Stores events."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How hot something is, in degrees Celsius."""

    what: str
    celsius: float
    limit: float


def news(
    hot: frozenset[str], readings: Sequence[Reading], now: datetime
) -> tuple[frozenset[str], list[Event]]:
    """What is worth telling. Pure.

    Args:
        hot: what was told as too hot.
        readings: those of this look; what is not among them stays as it was.
        now: when that was.
    """
    events = []
    for one in readings:
        if one.limit <= 0:
            hot -= {one.what}
        elif one.celsius >= one.limit and one.what not in hot:
            hot |= {one.what}
            events.append(_event(EventKind.TOO_HOT, one, now))
        elif one.celsius <= one.limit - COOLER and one.what in hot:
            hot -= {one.what}
            events.append(_event(EventKind.COOL_AGAIN, one, now))
    return hot, events


def _event(kind: EventKind, one: Reading, now: datetime) -> Event:
    data = {"what": one.what, "celsius": round(one.celsius), "limit": round(one.limit)}
    return Event(kind, now, None, data)


class Warmth:
    """Looks at the sensors from time to time."""

    def __init__(
        self,
        store: Store,
        put: Put,
        now: Callable[[], datetime],
        limits: Callable[[], tuple[float, float]],
    ) -> None:
        """Prepare; `limits` are asked each time: of the processor and of drives, 0 for none."""
        self._store, self._put, self._now, self._limits = store, put, now, limits
        self._hot: frozenset[str] = frozenset()
        self._told_missing = False

    async def run(self) -> None:
        """Look until cancelled."""
        self._hot = noted(await self._store.recall(NOTE), frozenset[str], frozenset())
        while True:
            try:
                await self.look()
            except Exception:  # the last frame: plots are made whatever a sensor says
                log.exception("a look at the temperatures failed")
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Look once, and tell what is worth it."""
        cpu, drive = self._limits()
        readings = []
        if cpu > 0 or drive > 0:
            chips = await asyncio.to_thread(sensors)
            readings = [Reading(what, heat, cpu) for what, heat in _hottest(chips, CPU_CHIPS)]
        if drive > 0:
            drives = await self._smart() or _hottest(chips, DRIVE_CHIPS)
            readings += [Reading(what, heat, drive) for what, heat in drives]
        hot, events = news(self._hot, readings, self._now())
        if events:
            await self._put(events)
        if hot != self._hot:
            self._hot = hot
            await self._store.remember(NOTE, json.dumps(sorted(hot)))

    async def _smart(self) -> list[tuple[str, float]]:
        program = await asyncio.to_thread(shutil.which, "smartctl")
        if program is None:
            if not self._told_missing:
                log.info("smartctl is not there, so only the sensors that psutil knows are read")
            self._told_missing = True
            return []
        scan = await _asked(program, "--scan")
        names = [one.get("name") for one in scan.get("devices", ()) if isinstance(one, dict)]
        found = []
        for name in [name for name in names if isinstance(name, str)][:MOST]:
            # A sleeping drive is cool, and is let sleep.
            answer = await _asked(program, "-n", "standby", "-i", "-A", name)
            if (heat := _celsius(answer)) is not None:
                found.append((f"{name} {answer.get('model_name') or ''}".strip(), heat))
        return found


def sensors() -> Mapping[str, Sequence[Any]]:
    """The sensors that psutil knows, by chip; none where the system has no way to ask. Blocks."""
    ask = getattr(psutil, "sensors_temperatures", None)  # Linux and FreeBSD only
    found: Mapping[str, Sequence[Any]] = ask() if ask else {}
    return found


def _hottest(chips: Mapping[str, Sequence[Any]], wanted: frozenset[str]) -> list[tuple[str, float]]:
    """The hottest sensor of each chip: its cores get hot together, and are one thing to tell."""
    what = "the processor" if wanted is CPU_CHIPS else "a drive"
    heats = {
        f"{what} ({chip})": [float(one.current) for one in sensors if one.current]
        for chip, sensors in chips.items()
        if chip in wanted
    }
    return [(name, max(found)) for name, found in heats.items() if found]


async def _asked(program: str, *arguments: str) -> dict[str, Any]:
    """What smartctl answers as JSON; nothing of use is an empty answer."""
    process = await asyncio.create_subprocess_exec(
        program,
        "--json",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
        answer = json.loads(out)
    except (TimeoutError, ValueError, RecursionError):
        return {}
    finally:
        # One that hangs in a dead drive does not even die; nobody waits for it.
        with suppress(ProcessLookupError):
            process.kill()
    return answer if isinstance(answer, dict) else {}


def _celsius(answer: Mapping[str, Any]) -> float | None:
    temperature = answer.get("temperature")
    current = temperature.get("current") if isinstance(temperature, dict) else None
    # Drives without a sensor say 0, and broken ones 255.
    return float(current) if isinstance(current, int | float) and 0 < current < 150 else None
