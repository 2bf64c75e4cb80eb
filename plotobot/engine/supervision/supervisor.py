"""Starts plotters, waits for them and ends them, and finds them again after any death of the bot.

The supervisor owns no plotter: a shim does (see `shim`), and the job directory holds the truth (see
`finding`). What the supervisor keeps in memory are handles of living processes, which make the wait
for their end immediate and their exit codes known even where a shim was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from plotobot.engine.processes import How, Identity, Process, Processes, Usage, native_processes
from plotobot.engine.processes import usage_of as usage_of_tree
from plotobot.engine.supervision.ending import end_tree, hold_still
from plotobot.engine.supervision.finding import Found, State, inspect
from plotobot.engine.supervision.home import StateFolder
from plotobot.engine.supervision.jobdir import (
    JOB_ID,
    Record,
    Spec,
    create,
    job_directory,
    read_spec,
    read_verdict,
    remove,
)
from plotobot.engine.supervision.launching import await_start, shim_command, start_shim
from plotobot.engine.supervision.waiting import end_of, reap

FIRST_PAUSE, LONGEST_PAUSE = 0.004, 1.0
PATIENCE = 30.0
"""Seconds that a shim has to put an exit code down, before the kernel is asked for it."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A job whose shim was started; `found` is `running`, or `exited` for a short one.

    On a very slow disk it may still be `starting`: waiting for it is all one can do.
    """

    job_id: str
    found: Found

    @property
    def pid(self) -> int | None:
        """The plotter's pid."""
        return None if self.found.child is None else self.found.child.pid


@dataclass(frozen=True, slots=True)
class Adopted:
    """A job directory that was there when the bot came."""

    job_id: str
    found: Found
    spec: Spec | None
    """None where it is damaged."""
    verdict: Record | None
    """The engine's judgement of an earlier life, if there is one."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a plotter ended."""

    code: int | None
    """None where nobody can know it."""
    how: How | Literal["lost"]
    at: datetime
    """When it ended, as its shim wrote it; else when the end was noticed."""
    why: str | None = None
    """Why it is lost."""


class Supervisor:
    """The plotters of one state directory. All methods run in the event loop and never block it."""

    def __init__(
        self,
        jobs_root: Path,
        *,
        command: Callable[[Path], Sequence[str]] = shim_command,
        processes: Processes | None = None,
        start_timeout: float = 60.0,
    ) -> None:
        self._root = jobs_root.absolute()
        self.home = StateFolder(self._root.parent)
        """The state folder: while it is away, nothing is launched, looked at or ended."""
        self._command = command
        self._processes = processes or native_processes()
        self._start_timeout = start_timeout
        self._plotters: dict[str, Process] = {}
        self._watches: dict[str, asyncio.Task[Exit]] = {}
        self._launches: dict[str, asyncio.Task[Launched]] = {}
        self._shims: dict[asyncio.Task[None], subprocess.Popen[bytes]] = {}

    async def launch(self, job_id: str, spec: Spec) -> Launched:
        """Start a new job. Cancelling the call does not undo a start under way.

        Raises:
            LaunchFailed: nothing runs, and the job is `pending` on disk.
            FileExistsError: the job exists already.
            ValueError: the id or the spec is no good.
            OSError: the state directory refuses or is away; nothing runs.
        """
        return await self._once(job_id, spec)

    async def relaunch(self, job_id: str) -> Launched:
        """Start a job that was found `pending`; harmless on any other: at most one start ever.

        Raises:
            LaunchFailed: nothing runs, and the job is still `pending`.
        """
        return await self._once(job_id, None)

    async def adopt(self, settled: Collection[str] = ()) -> list[Adopted]:
        """Look at all job directories, oldest first; hold what runs, remove what is void.

        Args:
            settled: jobs nobody needs to look at again.

        Raises:
            OSError: the state directory cannot be read; nothing is decided then.
        """
        return await asyncio.to_thread(self._adopt_all, settled, tuple(self._launches))

    async def wait(self, job_id: str) -> Exit:
        """Wait for a job's end; any number of callers may, at any time, also after it."""
        watch = self._watches.get(job_id)
        if watch is None:
            watch = asyncio.create_task(self._watch(job_id), name=f"watch {job_id}")
            self._watches[job_id] = watch
            watch.add_done_callback(lambda _: self._unwatch(job_id))
        return await asyncio.shield(watch)

    async def look(self, job_id: str) -> Found:
        """What a job's directory says now."""
        job_directory(self._root, job_id)
        return await asyncio.to_thread(self._look, job_id, None)

    async def end(self, job_id: str, grace: float = 5.0) -> int:
        """End a job's whole process tree; returns how many processes were ended.

        Args:
            job_id: the job.
            grace: seconds between SIGTERM and SIGKILL.

        Raises:
            NotEnded: some processes resist even SIGKILL; the temp files must stay.
            StateFolderGone: whose processes they are cannot be known.
        """
        directory = job_directory(self._root, job_id)
        await asyncio.to_thread(self.home.require)
        count = await end_tree(self._processes, directory, grace)
        await asyncio.to_thread(self.home.require)
        return count

    async def pause(self, job_id: str) -> int:
        """Hold a job's whole process tree still; returns how many processes there were.

        Its shim goes on, and sees the end of it as ever. Harmless on one that stands still.
        """
        return await self._hold_still(job_id, still=True)

    async def resume(self, job_id: str) -> int:
        """Let a job's processes go on; harmless on those that do."""
        return await self._hold_still(job_id, still=False)

    async def _hold_still(self, job_id: str, *, still: bool) -> int:
        directory = job_directory(self._root, job_id)
        return await asyncio.to_thread(hold_still, self._processes, directory, still=still)

    async def usage(self, leader: Identity) -> Usage | None:
        """What a job's processes take (`Found.child` names the leader); None when it ended."""
        return await asyncio.to_thread(usage_of_tree, self._processes, leader)

    def directory(self, job_id: str) -> Path:
        """A job's directory."""
        return job_directory(self._root, job_id)

    async def close(self) -> None:
        """Let go of everything; kills nothing. Plotters and shims go on."""
        tasks = [*self._watches.values(), *self._launches.values(), *self._shims]
        for process in self._shims.values():
            # Its parent goes now; init reaps it. Popen would warn of a child left behind.
            process.returncode = process.poll() or 0
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for held in self._plotters.values():
            held.close()
        self._plotters.clear()

    async def _once(self, job_id: str, spec: Spec | None) -> Launched:
        task = self._launches.get(job_id)
        if task is None:
            task = asyncio.create_task(self._launch(job_id, spec), name=f"launch {job_id}")
            self._launches[job_id] = task
            task.add_done_callback(lambda _: self._launches.pop(job_id, None))
        return await asyncio.shield(task)

    async def _launch(self, job_id: str, spec: Spec | None) -> Launched:
        directory = job_directory(self._root, job_id)
        if spec is not None:
            await asyncio.to_thread(self.home.require)
            await asyncio.to_thread(create, self._root, job_id, spec)
        process = await asyncio.to_thread(start_shim, self._command(directory), directory)
        reaper = asyncio.create_task(reap(process), name=f"shim of {job_id}")
        self._shims[reaper] = process
        reaper.add_done_callback(self._shims.pop)
        found = await asyncio.to_thread(
            await_start, directory, process, self._start_timeout, self._processes
        )
        self._keep(job_id, found)
        return Launched(job_id, found)

    def _adopt_all(self, settled: Collection[str], launching: Collection[str]) -> list[Adopted]:
        skipped = {*settled, *launching}
        try:
            names = sorted(entry.name for entry in self._root.iterdir() if entry.is_dir())
        except FileNotFoundError:
            return []
        jobs = [name for name in names if JOB_ID.fullmatch(name) and name not in skipped]
        return [adopted for adopted in map(self._adopt, jobs) if adopted is not None]

    def _adopt(self, job_id: str) -> Adopted | None:
        directory = self._root / job_id
        found = inspect(directory, processes=self._processes)
        if found.state is State.VOID:
            with contextlib.suppress(OSError):  # a stranger's file in it: it stays
                remove(directory)
            return None
        self._keep(job_id, found)
        return Adopted(job_id, found, read_spec(directory), read_verdict(directory))

    def _keep(self, job_id: str, found: Found) -> None:
        if found.state is not State.RUNNING or found.child is None or job_id in self._plotters:
            return
        held = self._processes.hold(found.child)
        if held is not None and self._plotters.setdefault(job_id, held) is not held:
            held.close()

    def _unwatch(self, job_id: str) -> None:
        self._watches.pop(job_id, None)
        held = self._plotters.pop(job_id, None)
        if held is not None:
            held.close()

    async def _watch(self, job_id: str) -> Exit:
        pause = FIRST_PAUSE
        while True:
            try:
                found = await asyncio.to_thread(self._look_and_keep, job_id)
                if found.state not in (State.RUNNING, State.ENDING, State.STARTING):
                    return _exit(found)
                rested = await self._rest(job_id, found)
            except OSError:  # the state disk refuses us or the shim, perhaps for good
                if known := self._by_kernel(job_id):
                    return known
                raise
            if rested:
                pause = FIRST_PAUSE
                continue
            await asyncio.sleep(pause)
            pause = min(pause * 1.2, LONGEST_PAUSE)

    def _look_and_keep(self, job_id: str) -> Found:
        found = self._look(job_id, self._plotters.get(job_id))
        self._keep(job_id, found)
        return found

    def _look(self, job_id: str, held: Process | None) -> Found:
        found = inspect(self._root / job_id, held, self._processes)
        self.home.require()  # afterwards: below a bare mount point there was nothing to be found
        return found

    def _by_kernel(self, job_id: str) -> Exit | None:
        """How a plotter ended whose shim cannot tell it, where the kernel remembers that."""
        held = self._plotters.get(job_id)
        status = held.exit_code() if held is not None and held.ended() else None
        return Exit(*status, datetime.now(UTC)) if status else None

    async def _rest(self, job_id: str, found: Found) -> bool:
        """Wait for the process whose end brings news; False where there is none to wait for.

        Raises:
            TimeoutError: the plotter has ended, and its shim cannot put the code down.
        """
        held = self._plotters.get(job_id)
        if found.state is State.RUNNING and held is not None and not held.ended():
            await end_of(held)
            return True
        if found.state is not State.ENDING or found.shim is None:
            return False
        shim = await asyncio.to_thread(self._processes.hold, found.shim)
        if shim is None:
            return False
        try:
            if shim.ended():
                return False
            async with asyncio.timeout(PATIENCE):
                await end_of(shim)
            return True
        finally:
            shim.close()


def _exit(found: Found) -> Exit:
    at = found.at or datetime.now(UTC)
    if found.state is State.EXITED and found.how is not None:
        return Exit(found.code, found.how, at)
    why = found.why or "it was never started"
    return Exit(None, "lost", at, why)
