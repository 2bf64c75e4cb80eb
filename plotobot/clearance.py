"""Clears away orphans from the command line, while no bot is at work on the state directory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from plotobot.command_line import noted
from plotobot.engine.cleanup import DeleteEntry
from plotobot.engine.clearing import Scene, claim_of, clean
from plotobot.engine.config import EngineConfig
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.models import CleanResult, Orphan
from plotobot.engine.orphans import Knowledge
from plotobot.engine.processes.commands import hides_some
from plotobot.engine.shelf import read_jobs
from plotobot.engine.store import Store
from plotobot.engine.supervision.locks import StateDirInUse, hold_state_dir
from plotobot.errors import SettingsError
from plotobot.surroundings import look_at_drives

NOBODYS = Path("/nonexistent/jobs")
"""A jobs folder without jobs: to those who clear away, every plotter at work is a foreign one."""


@dataclass(frozen=True, slots=True)
class Yard:
    """A machine's drives, held against any bot. Its methods block."""

    config: EngineConfig

    def orphans(self) -> list[Orphan]:
        """What is left of plots that no living plotter works on, oldest first."""
        return self._scene().orphans()

    def clean(self, listed: Sequence[Orphan]) -> CleanResult:
        """Remove exactly these files, as far as they may still go."""
        return asyncio.run(self._clean(listed))

    async def _clean(self, listed: Sequence[Orphan]) -> CleanResult:
        store = await Store.open(self.config.state_dir / "plotobot.db")

        async def journal(plot_id: str, entries: Sequence[DeleteEntry]) -> None:
            why = "orphan, from the command line"
            await store.journal(
                [(str(Path(e.folder, e.name)), e.size, plot_id, why) for e in entries]
            )

        try:
            async with noted(store, f"clean, {len(listed)} plots' files listed") as result:
                done = await clean(listed, await asyncio.to_thread(self._scene), journal)
                result.append(f"{done.files} files removed, {len(done.left)} left")
            return done
        finally:
            await store.close()

    def _scene(self) -> Scene:
        drives = look_at_drives(self.config)
        jobs = read_jobs(self.config.jobs_root)
        plotters = ForeignPlots(NOBODYS)
        plotters.look_now(drives, ())
        live = [claim_of(job) for job in jobs if job.state.live]
        tenants = [*live, *plotters.tenants]
        plotters.close()
        knowledge = Knowledge(
            now=datetime.now(UTC),
            tenants=tenants,
            gone={job.plot_id for job in jobs if job.plot_id and not job.state.live},
            hidden=hides_some(),
            blind=plotters.blind,
        )
        return Scene(drives, knowledge)


@contextlib.contextmanager
def opened(config: EngineConfig) -> Iterator[Yard]:
    """Hold the state directory meanwhile.

    Raises:
        StateDirInUse: a bot holds it; the command line ends with 3 then.
        SettingsError: it cannot be used.
    """
    folder = config.state_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = hold_state_dir(folder)
    except StateDirInUse:
        raise StateDirInUse(f"Plotobot is at work with {folder}: use /clean there.") from None
    except OSError as error:
        reason = error.strerror or error
        raise SettingsError([f"the state folder {folder} cannot be used: {reason}."]) from None
    with lock:
        yield Yard(config)
