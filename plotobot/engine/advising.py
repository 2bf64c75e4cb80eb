"""Advice: what the simulator says of the settings, worked out in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from plotobot.engine.auto.learning import learned_of
from plotobot.engine.config import NO_CAP, EngineConfig
from plotobot.engine.models import Advice, Drive, Job
from plotobot.engine.spawner import kinds_of
from plotobot.simulate.comparing import compare
from plotobot.simulate.rig import Span
from plotobot.simulate.this_machine import rig_of

SPAN = Span(days=4.0, warm_up=1.5)
TAKEN: Mapping[str, float | str] = {
    "spawn.mode": "auto",
    "spawn.max_parallel": NO_CAP,
    "spawn.max_parallel_per_drive": NO_CAP,
}
"""The settings that taking the advice writes."""


async def advice_of(config: EngineConfig, drives: Sequence[Drive], made: Sequence[Job]) -> Advice:
    """Simulate this machine.

    Raises:
        Refusal: nothing is known of how this kind of plot goes, or there is no temp drive.
    """
    rig = rig_of(kinds_of(config)[0], drives, learned_of(made), config.machine)
    limits = replace(config.limits, count=None)
    # Not in a thread: minutes of pure Python would make everything else here late.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(pool, compare, rig, limits, SPAN)
    bound = rig.bound
    return Advice(
        config.mode, found.rules.plots_a_day, found.auto.plots_a_day, bound.plots_a_day,
        bound.binds, rig.profile.source,
    )  # fmt: skip
