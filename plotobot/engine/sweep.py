"""What a person may have done to what is not ours: end a foreign plotter, clear away orphans."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.clearing import Scene, claim_of, clean, save
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.foreign_end import end_foreign
from plotobot.engine.models import CleanResult, JobState, Orphan, RescueResult, StopResult
from plotobot.engine.orphans import Knowledge
from plotobot.engine.processes import Identity, Processes, native_processes
from plotobot.engine.processes.commands import hides_some
from plotobot.engine.roster import Roster
from plotobot.engine.spawner import Spawner
from plotobot.engine.store import Store
from plotobot.errors import Refusal

log = logging.getLogger(__name__)


class Sweep:
    """Carries out what was confirmed, on what is so at that moment."""

    def __init__(
        self,
        roster: Roster,
        foreign: ForeignPlots,
        spawner: Spawner,
        store: Store,
        now: Callable[[], datetime],
        processes: Processes | None = None,
    ) -> None:
        self._roster = roster
        self._foreign = foreign
        self._spawner = spawner
        self._store = store
        self._now = now
        self._processes = processes or native_processes()

    async def stop_foreign(self, job_id: str, by: str) -> StopResult:
        """End a foreign plotter's process tree; its files stay.

        Raises:
            Refusal: it has ended.
            NotEnded: some of its processes cannot be ended.
        """
        stranger = self._foreign.find(job_id)
        if stranger is None:
            raise Refusal(f"There is no job {job_id} any more.")
        boot_id = await asyncio.to_thread(self._processes.boot_id)
        root = Identity(boot_id, stranger.row.pid, stranger.row.ticks)
        log.warning("%s ends the foreign plotter %s", by, job_id)
        ended = await end_foreign(self._processes, root)
        if not ended:
            raise Refusal(f"{stranger.job.label} has ended already.")
        await self._spawner.look()
        job = replace(stranger.job, state=JobState.STOPPED, status="Stopped", ended_at=self._now())
        return StopResult(job, processes=ended, files=0, bytes=0)

    async def orphans(self) -> Sequence[Orphan]:
        """What is left of plots that no living plotter works on, oldest first."""
        scene = await self._scene()
        return await asyncio.to_thread(scene.orphans)

    async def clean(self, listed: Sequence[Orphan], by: str) -> CleanResult:
        """Remove exactly these files, as far as they may still go."""
        return await clean(listed, await self._scene(), partial(self._journal, f"orphan, by {by}"))

    async def rescue(self, plot_ids: Sequence[str], by: str) -> RescueResult:
        """Give whole plots among the orphans their final names."""
        result = await save(plot_ids, await self._scene())
        for path in result.saved:
            log.info("%s rescued %s", by, path)
        return result

    async def _scene(self) -> Scene:
        """Drives and processes as they are now. Always looks for foreign plots."""
        await self._spawner.look()
        drives = [view.drive for view in self._spawner.drives(None)]
        own = [job.id for job in self._roster.live()]
        await self._foreign.look(drives, own, anyway=True)
        jobs = self._roster.all()
        ended = {job.plot_id for job in jobs if job.plot_id and not job.state.live}
        tenants = await asyncio.to_thread(lambda: self._foreign.tenants)
        knowledge = Knowledge(
            now=self._now(),
            tenants=[*map(claim_of, self._roster.live()), *tenants],
            gone=ended | self._foreign.gone,
            hidden=await asyncio.to_thread(hides_some),
            blind=self._foreign.blind,
        )
        return Scene(drives, knowledge)

    async def _journal(self, why: str, plot_id: str, entries: Sequence[DeleteEntry]) -> None:
        rows = [(str(Path(e.folder, e.name)), e.size, plot_id, why) for e in entries]
        await self._store.journal(rows)
