"""Turns a planned start into a running job."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from plotobot.engine.config import PlotSettings
from plotobot.engine.drives.waiting import apart
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.own_folders import (
    forget_own_folders,
    make_own_folders,
    with_own_folders,
)
from plotobot.engine.planner import Start
from plotobot.engine.roster import Roster
from plotobot.engine.store import job_adapter
from plotobot.engine.supervision.finding import Found, State
from plotobot.engine.supervision.jobdir import LOG, VERDICT, Spec, new_job_id, write_record
from plotobot.engine.supervision.launching import LaunchFailed
from plotobot.engine.supervision.supervisor import Launched, Supervisor
from plotobot.errors import Refusal
from plotobot.plots.address import decode_address
from plotobot.plots.keys import public_key
from plotobot.plotters import plotter
from plotobot.plotters.base import PlotOrder, Plotter, Program

log = logging.getLogger(__name__)

PASSED_ON = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "CHIA_ROOT", "CHIA_KEYS_ROOT",
    "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT", "LOCALAPPDATA", "APPDATA",
    "USERPROFILE", "TEMP", "TMP", "VIRTUAL_ENV",
)  # fmt: skip
"""What a plotter gets of the bot's environment. The token and all else stay behind."""


EXEC_FAILED = 127
"""What the shim's child ends with when the plotter's program cannot be run."""


PATIENCE = 5.0
"""Seconds a temp drive gets to make a folder on it; one that hangs holds up no other start."""


class Launcher:
    """Starts plotters as a start's profile says."""

    def __init__(self, supervisor: Supervisor, roster: Roster, now: Callable[[], datetime]) -> None:
        self._supervisor = supervisor
        self._roster = roster
        self._now = now

    def refused(self) -> str | None:
        """Why no job can be started at all, as of the last look; None when one can."""
        return self._supervisor.home.trouble

    async def launch(self, program: Program, start: Start) -> Job:
        """Start one plot; a job that could not be started comes back as failed, with the reason."""
        job = self._job(start)
        directory = self._supervisor.directory(job.id)
        wish = start.kind.profile.plot
        try:
            order = order_of(wish, start.temp, start.temp2, start.out)
            own = with_own_folders(order, plotter(wish.plotter), job.id)
            argv = plotter(wish.plotter).command(program, own)
        except Refusal as refusal:  # a plotter that needs keys, say, and has none
            return await self._not_started(job, str(refusal))
        log.info("%s starts: %s", job.label, start.why)
        spec = Spec(
            argv=argv, cwd=str(directory), env=environment(), job=_plain(job), window=wish.window
        )
        return await self._started(job, partial(self._supervisor.launch, job.id, spec))

    async def relaunch(self, job: Job) -> Job:
        """Start a job that was prepared before a stop and never ran."""
        return await self._started(job, partial(self._supervisor.relaunch, job.id))

    async def _started(self, job: Job, launch: Callable[[], Awaitable[Launched]]) -> Job:
        """Put down how a launch went, and tell it."""
        try:
            await _of_own_folders(make_own_folders, job)
            found = (await launch()).found
        except (LaunchFailed, Refusal, OSError, ValueError) as error:
            return await self._not_started(job, str(error))
        if found.state is State.EXITED and found.code == EXEC_FAILED:
            tail = await asyncio.to_thread(
                last_lines, log_of(self._supervisor.directory(job.id)), 3
            )
            return await self._not_started(job, "\n".join(tail) or "its program cannot be run")
        job = as_running(job, found, self._now())
        event = Event(EventKind.JOB_SPAWNED, self._now(), job)
        await self._roster.put(job, events=[event])
        return job

    async def _not_started(self, job: Job, problem: str) -> Job:
        now = self._now()
        with suppress(OSError):  # what hangs is left
            await _of_own_folders(forget_own_folders, job)
        job = replace(
            job, state=JobState.FAILED, status="Failed", ended_at=now, reason=problem, exit_code=127
        )
        with suppress(OSError):  # without it the job is tried once more at the next start
            directory = self._supervisor.directory(job.id)
            await asyncio.to_thread(write_record, directory, VERDICT, _plain(job))
        event = Event(EventKind.JOB_NOT_SPAWNED, now, job, {"what": problem})
        await self._roster.put(job, events=[event])
        return job

    def _job(self, start: Start) -> Job:
        needs, profile = start.kind.needs, start.kind.profile
        return Job(
            id=new_job_id(),
            plotter=profile.plot.plotter,
            k=profile.plot.k,
            profile=profile.name,
            temp=start.temp,
            temp2=start.temp2,
            out=start.out,
            created_at=self._now(),
            temp_need=needs.temp,
            temp2_need=needs.temp2 if start.temp2 else 0,
            out_need=needs.out,
            replaces=start.replaces,
        )


async def _of_own_folders(act: Callable[[Job, Plotter], None], job: Job) -> None:
    """Make a job's own folders, or forget them, in bounded time."""
    try:
        async with asyncio.timeout(PATIENCE):
            await apart(act, job, plotter(job.plotter))
    except TimeoutError:
        raise OSError("its temp drive does not answer") from None


def order_of(wish: PlotSettings, temp: str, temp2: str | None, out: str) -> PlotOrder:
    """What a plotter is to make by these settings, in these folders.

    Raises:
        Refusal: a key or the contract is none, so that nobody could ever farm the plot.
    """
    checked_keys(wish)
    return PlotOrder(
        k=wish.k, temp=temp, temp2=temp2, out=out, threads=wish.threads,
        buffer_mib=wish.buffer_mib, buckets=wish.buckets, bitfield=wish.bitfield,
        compression=wish.compression,
        farmer_key=wish.farmer_key, pool_key=wish.pool_key, contract=wish.contract,
    )  # fmt: skip


def checked_keys(wish: PlotSettings) -> None:
    """Refuse keys that are none, whoever made the settings.

    Raises:
        Refusal: with what is wrong; it never repeats a key.
    """
    if wish.contract and wish.pool_key:
        raise Refusal("plot.pool_key and plot.contract exclude each other; keep one of them.")
    checks = (("farmer_key", public_key), ("pool_key", public_key), ("contract", decode_address))
    for name, check in checks:
        try:
            if value := getattr(wish, name):
                check(value)
        except ValueError as error:
            raise Refusal(f"plot.{name} will not do: {error}") from None


def as_running(job: Job, found: Found, now: datetime) -> Job:
    """The job with what its directory tells of its plotter."""
    at = found.child.at if found.child else 0.0
    started = datetime.fromtimestamp(at, UTC) if at else job.started_at or now
    pid = found.child.pid if found.child else job.pid
    return replace(job, state=JobState.RUNNING, pid=pid, started_at=started)


def environment(of: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment a plotter runs in."""
    of = os.environ if of is None else of
    return {name: of[name] for name in PASSED_ON if name in of}


def log_of(job_directory: Path) -> Path:
    """Where a job's log stands."""
    return job_directory / LOG


def _plain(job: Job) -> dict[str, Any]:
    plain: dict[str, Any] = job_adapter().dump_python(job, mode="json")
    return plain
