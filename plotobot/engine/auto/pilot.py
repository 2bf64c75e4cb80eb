"""Auto mode at work: learns from the plots made here, keeps the guard, looks for knees of drives.

In rules mode it does one thing: it lets go whom an earlier auto mode has held still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from plotobot.engine.auto.bankers import guarded
from plotobot.engine.auto.forecast import Auto
from plotobot.engine.auto.guard import Guard
from plotobot.engine.auto.knee import EVERY, knees
from plotobot.engine.auto.knowing import auto_of
from plotobot.engine.auto.learning import LATEST, learned_of
from plotobot.engine.auto.profile import StageProfile
from plotobot.engine.case import Kind
from plotobot.engine.models import Drive, Job
from plotobot.engine.perf import tallies
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store


class Pilot:
    """What auto mode knows and does beside the planner."""

    def __init__(
        self, guard: Guard, roster: Roster, store: Store, now: Callable[[], datetime]
    ) -> None:
        self._guard = guard
        self._roster = roster
        self._store = store
        self._now = now
        self._learned: Mapping[tuple[str, int], StageProfile] = {}
        self._most: Mapping[str, int] = {}
        self._ended = -1
        self._next_knees: datetime | None = None

    async def know(self, kinds: Sequence[Kind], drives: Sequence[Drive]) -> Auto:
        """What is known now, of this machine and these kinds of plot."""
        await self._learn(kinds)
        auto = await asyncio.to_thread(auto_of, kinds, drives, self._learned, self._most)
        if self._next_knees is None or self._now() >= self._next_knees:
            self._next_knees = self._now() + EVERY
            jobs, now = self._roster.all(), self._now()
            self._most = await asyncio.to_thread(knees, jobs, auto.profiles, now)
        return auto

    async def guard(
        self, auto: Auto | None, drives: Sequence[Drive], jobs: Sequence[Job], reserve: int
    ) -> None:
        """Hold still who has to be, and let the others go on; all of them in rules mode."""
        if auto is None or not auto.can_pause:
            await self._guard.hold(())
        else:
            await self._guard.hold(guarded(auto, drives, jobs, self._now(), reserve))

    async def _learn(self, kinds: Sequence[Kind]) -> None:
        """Learn anew once another plot has ended."""
        ended = sum(not job.state.live for job in self._roster.all())
        if ended == self._ended:
            return
        self._ended = ended
        plots = {(kind.profile.plot.plotter, kind.profile.plot.k) for kind in kinds}
        made = [job for plot in plots for job in await self._store.completed(*plot, LATEST)]
        seen = await tallies(self._store, made)
        self._learned = await asyncio.to_thread(learned_of, made, seen=seen)
