"""Plots that somebody else started: by hand, from chia's GUI, by another manager.

A plotter is known by its command line. It is counted with ours and shown beside them; nothing is
ever done to it unasked. What a process tells of itself is taken for a claim: whatever cannot be
read (a folder, a log, a plot id) stays unknown and is never guessed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from plotobot.engine.drives.waiting import Patience
from plotobot.engine.models import Drive, Job
from plotobot.engine.placing import on_drives
from plotobot.engine.processes import Row, descendants
from plotobot.engine.processes.commands import Command, CommandLines, cwd_of
from plotobot.engine.stranger import Stranger, Tenant
from plotobot.engine.supervision.finding import identities
from plotobot.engine.supervision.jobdir import VERDICT
from plotobot.engine.usage import measure
from plotobot.plotters import recognise

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds a look may take: a drive that does not answer must hold no pass."""


class ForeignPlots:
    """The plotters on this machine that are not ours, as of the last look.

    Args:
        jobs_root: where the directories of our own jobs are.
        shown: whether they are to be shown and counted; without, they are looked for only to know
            what must not be cleared away.
    """

    def __init__(self, jobs_root: Path, *, shown: bool = True) -> None:
        self._jobs_root = jobs_root
        self._shown = shown
        self._looking = asyncio.Lock()
        self._blind = True
        self._warned = False
        self._lines = CommandLines(lambda argv: recognise(argv) is not None)
        self._patience: Patience[str, None] = Patience(PATIENCE)
        self._strangers: dict[str, Stranger] = {}
        self._jobs: Sequence[Job] = ()
        self._counted: Sequence[Job] = ()
        self._gone: set[str] = set()
        self._ours: set[str] = set()

    async def look(
        self, drives: Sequence[Drive], own: Collection[str], *, anyway: bool = False
    ) -> bool:
        """Look for them; returns whether one came or went.

        Args:
            drives: the configured ones.
            own: the ids of our live jobs.
            anyway: also where they are not shown.
        """
        if not (self._shown or anyway):
            return False
        async with self._looking:
            before = {job.id for job in self.jobs}
            await asyncio.to_thread(self.look_now, drives, own)
            return before != {job.id for job in self.jobs}

    def look_now(self, drives: Sequence[Drive], own: Collection[str]) -> None:
        """Look for them, for a bounded time. Blocks."""
        answer = self._patience.ask({"": lambda: self._look(drives, own)})[""]
        warned, self._warned = self._warned, isinstance(answer, OSError)
        self._blind = self._warned
        if self._warned and not warned:
            log.warning("plotters that Plotobot did not start cannot be looked for: %s", answer)

    @property
    def jobs(self) -> Sequence[Job]:
        """They as jobs, newest first."""
        return self._jobs if self._shown else ()

    @property
    def counted(self) -> Sequence[Job]:
        """They as they count on the configured drives."""
        return self._counted if self._shown else ()

    @property
    def blind(self) -> bool:
        """Whether the last look failed, so that any plotter may be at work anywhere."""
        return self._blind

    @property
    def tenants(self) -> list[Tenant]:
        """What they have a claim to."""
        return [stranger.tenant() for stranger in self._strangers.values()]

    @property
    def gone(self) -> frozenset[str]:
        """The plot ids of those that were seen at work and whose every process ended since."""
        return frozenset(self._gone)

    def job(self, job_id: str) -> Job | None:
        """One of them as a job, if it was there at the last look."""
        return next((job for job in self.jobs if job.id == job_id), None)

    def find(self, job_id: str) -> Stranger | None:
        """The plotter behind a job, if it was there at the last look."""
        return self._strangers.get(job_id)

    def close(self) -> None:
        """Read no more logs."""
        for stranger in self._strangers.values():
            stranger.close()

    def _look(self, drives: Sequence[Drive], own: Collection[str]) -> None:
        commands = self._lines.look()
        present: dict[str, Stranger] = {}
        for command in self._not_ours(top_plotters(commands), commands, own):
            stranger = self._known(command, commands)
            if stranger is not None:
                present[stranger.id] = stranger
        self._bury(present, commands)
        self._strangers = present
        jobs = measure(stranger.follow() for stranger in present.values())
        self._jobs = tuple(sorted(jobs.values(), key=lambda job: job.id, reverse=True))
        self._counted = tuple(on_drives(job, drives) for job in self._jobs)

    def _not_ours(
        self, tops: Sequence[Command], commands: Mapping[int, Command], own: Collection[str]
    ) -> list[Command]:
        """Those that are not our own; each new one is asked about once."""
        ids = {Stranger.id_of(command.row) for command in tops}
        self._ours &= ids
        if not ids <= self._ours | self._strangers.keys():
            pids = self._own(commands, own)
            self._ours |= {Stranger.id_of(c.row) for c in tops if c.row.pid in pids}
        return [c for c in tops if Stranger.id_of(c.row) not in self._ours]

    def _known(self, command: Command, commands: Mapping[int, Command]) -> Stranger | None:
        row = command.row
        rows = {pid: one.row for pid, one in commands.items()}
        pids = {row.pid, *descendants(rows, [row.pid])}
        stranger = self._strangers.get(Stranger.id_of(row))
        if stranger is None or stranger.argv != command.argv:
            stranger = Stranger.meet(row, command.argv)
        if stranger is not None:
            stranger.pids = {pid: rows[pid].ticks for pid in pids}
        return stranger

    def _bury(self, present: Mapping[str, Stranger], commands: Mapping[int, Command]) -> None:
        """Put down whose every process has ended."""
        for stranger in self._strangers.values():
            if stranger.id in present:
                continue
            stranger.close()
            if not any(_alive(commands, pid, ticks) for pid, ticks in stranger.pids.items()):
                self._gone |= stranger.plot_ids
        self._gone -= {one for stranger in present.values() for one in stranger.plot_ids}

    def _own(self, commands: Mapping[int, Command], jobs: Iterable[str]) -> set[int]:
        """The pids of our own jobs' processes: below their shims, or in a job's directory.

        One that still runs although its job was judged is nobody's we know: it counts as foreign.
        """
        rows = {pid: command.row for pid, command in commands.items()}
        roots = own_roots(rows, self._jobs_root, jobs)
        sessions = {pid for pid, row in rows.items() if row.session in roots}
        home = self._jobs_root.absolute()
        inside = {
            pid
            for pid, command in commands.items()
            if command.argv and (cwd := cwd_of(pid)) and _is_unjudged_job(Path(cwd), home)
        }
        all_roots = roots | sessions | inside
        return all_roots | descendants(rows, all_roots)


def own_roots(rows: Mapping[int, Row], jobs_root: Path, jobs: Iterable[str]) -> set[int]:
    """The pids of our jobs' shims and plotters that are still those very processes."""
    named = (identity for job in jobs for identity in identities(jobs_root / job))
    return {
        identity.pid
        for identity in named
        if identity.pid in rows and rows[identity.pid].ticks == identity.ticks
    }


def top_plotters(commands: Mapping[int, Command]) -> list[Command]:
    """The plotters that were not started by another one of them.

    Args:
        commands: all processes; those with words are plotters.
    """
    plotters = {pid: c for pid, c in commands.items() if c.argv and not c.row.zombie}
    if not plotters:
        return []
    below = descendants({pid: c.row for pid, c in commands.items()}, plotters)
    return [command for pid, command in plotters.items() if pid not in below]


def _is_unjudged_job(folder: Path, jobs_root: Path) -> bool:
    return folder.parent == jobs_root and not (folder / VERDICT).exists()


def _alive(commands: Mapping[int, Command], pid: int, ticks: int) -> bool:
    command = commands.get(pid)
    return command is not None and command.row.ticks == ticks and not command.row.zombie
