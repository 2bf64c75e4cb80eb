"""Advice: what the simulator says of the settings, worked out in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace

from plotobot.engine.auto.learning import learned_of
from plotobot.engine.config import NO_CAP, EngineConfig
from plotobot.engine.models import Advice, Drive, Job
from plotobot.engine.one_shot import ask, passed_on
from plotobot.engine.spawner import kinds_of
from plotobot.errors import Refusal
from plotobot.simulate.rig import Rig, Span
from plotobot.simulate.this_machine import rig_of

SPAN = Span(days=4.0, warm_up=1.5)
PATIENCE = 300.0
"""Seconds: a machine of many drives takes a minute, and plots go first."""
COMMAND = ("-I", "-m", "plotobot.simulate")
TAKEN: Mapping[str, float | str] = {
    "spawn.mode": "auto",
    "spawn.max_parallel": NO_CAP,
    "spawn.max_parallel_per_drive": NO_CAP,
}
"""The settings that taking the advice writes."""


class Adviser:
    """Simulates this machine for whoever asks, one at a time."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._simulating = asyncio.Lock()

    async def advise(
        self, config: EngineConfig, drives: Sequence[Drive], made: Sequence[Job]
    ) -> Advice:
        """What the limits bring that are set, beside auto mode.

        Raises:
            Refusal: nothing is known of how this kind of plot goes, there is no temp drive, another
                simulation runs, or it took too long.
        """
        if self._simulating.locked():
            raise Refusal("A simulation is running already; ask again in a minute.")
        async with self._simulating:
            rig = await asyncio.to_thread(_rig, config, drives, made)
            rules, auto = await self._rates(rig, config)
        bound = rig.bound
        return Advice(config.mode, rules, auto, bound.plots_a_day, bound.binds, rig.profile.source)

    async def _rates(self, rig: Rig, config: EngineConfig) -> tuple[float, float]:
        """Plots a day by the limits, and in auto mode."""
        question = pickle.dumps((rig, replace(config.limits, count=None), SPAN))
        try:
            answer, complaint = await ask(COMMAND, question, self._patience, passed_on(os.environ))
        except TimeoutError:
            raise Refusal(f"The simulation took more than {self._patience:g} s.") from None
        except OSError as error:
            raise Refusal(f"The simulation could not be started: {error}.") from error
        if not answer:
            raise Refusal(f"The simulation failed: {complaint or 'it gave no answer'}.")
        rules, auto = json.loads(answer)
        return rules, auto


def _rig(config: EngineConfig, drives: Sequence[Drive], made: Sequence[Job]) -> Rig:
    return rig_of(kinds_of(config)[0], drives, learned_of(made), config.machine)
