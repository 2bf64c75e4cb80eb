"""Turns a planned start into a running job."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from plotobot.engine.config import PlotSettings
from plotobot.engine.jobdir import LOG, Spec, new_job_id
from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.planner import Start
from plotobot.engine.roster import Roster
from plotobot.engine.store import JOB
from plotobot.engine.supervisor import Launched, Supervisor
from plotobot.plotters.base import PlotOrder, Plotter, Program

PASSED_ON = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "CHIA_ROOT", "CHIA_KEYS_ROOT",
    "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT", "LOCALAPPDATA", "APPDATA",
    "USERPROFILE", "TEMP", "TMP", "VIRTUAL_ENV",
)  # fmt: skip
"""What a plotter gets of the bot's environment. The token and all else stay behind."""


class Launcher:
    """Starts plotters as the settings say."""

    def __init__(
        self,
        settings: PlotSettings,
        plotter: Plotter,
        supervisor: Supervisor,
        roster: Roster,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._plotter = plotter
        self._supervisor = supervisor
        self._roster = roster
        self._now = now

    async def launch(self, program: Program, start: Start) -> Job:
        """Start one plot; a job that could not be started comes back as failed, with the reason."""
        job = self._job(start)
        argv = self._plotter.command(program, self.order(start.temp, start.temp2, start.out))
        spec = Spec(argv=argv, cwd=start.temp, env=environment(), job=_plain(job))
        try:
            launched = await self._supervisor.launch(job.id, spec)
        except OSError as error:
            launched = Launched(pid=None, started_at=None, problem=str(error))
        return await self.started(job, launched)

    async def started(self, job: Job, launched: Launched) -> Job:
        """Put down how a launch went, and tell it."""
        if launched.pid is None:
            return await self._not_started(job, launched.problem or "the plotter did not start")
        job = replace(
            job,
            state=JobState.RUNNING,
            pid=launched.pid,
            started_at=launched.started_at or self._now(),
        )
        event = Event(EventKind.JOB_SPAWNED, self._now(), job)
        await self._roster.put(job, events=[event])
        return job

    def order(self, temp: str, temp2: str | None, out: str) -> PlotOrder:
        """What the plotter is to make."""
        wish = self._settings
        return PlotOrder(
            k=wish.k, temp=temp, temp2=temp2, out=out, threads=wish.threads,
            buffer_mib=wish.buffer_mib, buckets=wish.buckets, bitfield=wish.bitfield,
            farmer_key=wish.farmer_key, pool_key=wish.pool_key, contract=wish.contract,
        )  # fmt: skip

    async def _not_started(self, job: Job, problem: str) -> Job:
        now = self._now()
        job = replace(
            job, state=JobState.FAILED, status="Failed", ended_at=now, reason=problem, exit_code=127
        )
        event = Event(EventKind.JOB_NOT_SPAWNED, now, job, {"what": problem})
        await self._roster.put(job, events=[event])
        return job

    def _job(self, start: Start) -> Job:
        needs = start.needs
        return Job(
            id=new_job_id(),
            plotter=self._plotter.name,
            k=start.k,
            temp=start.temp,
            temp2=start.temp2,
            out=start.out,
            created_at=self._now(),
            temp_need=needs.temp,
            temp2_need=needs.temp2 if start.temp2 else 0,
            out_need=needs.out,
        )


def environment(of: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment a plotter runs in."""
    of = os.environ if of is None else of
    return {name: of[name] for name in PASSED_ON if name in of}


def log_of(job_directory: Path) -> Path:
    """Where a job's log stands."""
    return job_directory / LOG


def _plain(job: Job) -> dict[str, Any]:
    plain: dict[str, Any] = JOB.dump_python(job, mode="json")
    return plain
