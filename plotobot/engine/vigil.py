"""Attends to running jobs: how long each has been at work, until when it will be, and its silences.

Time is counted from step to step by the loop's clock, which no change of the system's time moves.
A gap between two steps means that the machine slept: it counts for nobody. What was before this
run of the bot is told by the system: a process's age, and when its log was written last.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import psutil

from plotobot.engine.history import History
from plotobot.engine.launcher import log_of
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import Event, EventKind, Job
from plotobot.engine.processes import Identity, Usage
from plotobot.engine.silence import Signs, Silence, patience
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.time_left import TimeLeft, time_left

ASLEEP = 60.0
"""Seconds between two steps after which the machine must have slept."""
NEW = 2.0
"""Seconds at work after which a job that is first met must be of an earlier run of the bot."""
CATCHING_UP = 10.0
"""Seconds, at most, until such a job's log is read and its files are measured."""
LOOK_AFTER, LOOK_EVERY = 60.0, 30.0
"""Seconds of silence before a job's processes are looked at, and between two such looks."""
MOVES = timedelta(seconds=2)
"""An end that is expected this much earlier or later is news; so is a fiftieth of the rest."""


@dataclass(slots=True)
class _Attended:
    age: float
    """Seconds at work."""
    silence: Silence
    catching_up: bool
    """Whether what becomes known of it may be old."""
    signs: Signs
    watched: float = 0.0
    """Seconds since this run of the bot attends to it."""
    looked: float = 0.0
    """`watched` at the last look at its processes."""
    looks: int = 0
    """Looks within the present silence."""
    usage: Usage | None = None
    leader: Identity | None = field(default=None, repr=False)


class Vigil:
    """What is known of running jobs beside what their logs say."""

    def __init__(
        self,
        supervisor: Supervisor,
        history: History,
        jobs_root: Path,
        stalled_after: float,
        now: Callable[[], datetime],
    ) -> None:
        self._supervisor = supervisor
        self._history = history
        self._jobs_root = jobs_root
        self._stalled_after = stalled_after
        self._now = now
        self._attended: dict[str, _Attended] = {}
        self._clock: float | None = None
        self._passed = 0.0

    def tick(self, clock: float, live: Collection[str]) -> None:
        """A step begins.

        Args:
            clock: seconds by the loop's clock.
            live: the ids of the jobs that run; the others are forgotten.
        """
        passed = 0.0 if self._clock is None else clock - self._clock
        self._clock, self._passed = clock, passed if 0 <= passed <= ASLEEP else 0.0
        for gone in self._attended.keys() - set(live):
            del self._attended[gone]

    async def attend(self, before: Job, job: Job, read: int) -> tuple[Job, list[Event]]:
        """Attend to a live job once a step.

        Args:
            before: the job as it was at the last step.
            job: the job as its log now tells of it.
            read: bytes of its log read so far.

        Returns:
            The job with its marks, its expected end and its silence, and what is to be told.
        """
        one = self._attended.get(job.id)
        if one is None:
            one = self._attended[job.id] = await self._met(job, read)
        # A plot that Plotobot itself holds still grows neither older nor silent.
        passed = 0.0 if job.paused else self._passed
        one.age += passed
        one.watched += self._passed
        job = _expected(_marked(one, before, job), await self._left(one, job), self._now())
        await self._listen(one, job, read)
        stuck = _of_stuck(before, job, self._now())
        job, events = await self._judge(one, job)
        return job, stuck + events

    async def _met(self, job: Job, read: int) -> _Attended:
        age, silent = await asyncio.to_thread(self._past, job)
        # What was told as stalled stays so until there is a sign of work.
        still = math.inf if job.stalled else silent
        return _Attended(age, Silence(silent, still), age > NEW, Signs(read, _files(job)))

    def _past(self, job: Job) -> tuple[float, float]:
        """A job's age, and how long its log has not been written to, in seconds. Blocks."""
        now = time.time()
        age = age_of(job)
        try:
            written = os.stat(log_of(self._jobs_root / job.id)).st_mtime  # noqa: PTH116
        except OSError:
            return age, 0.0
        return age, min(max(0.0, now - written), age)

    async def _left(self, one: _Attended, job: Job) -> TimeLeft | None:
        if job.stuck or job.stalled:  # as long as it waits, nobody knows
            return None
        return time_left(job, one.age, await self._history.of(job))

    async def _listen(self, one: _Attended, job: Job, read: int) -> None:
        """Take the time that passed, and the signs of work there are, into the silence."""
        one.silence = one.silence.grown(0.0 if job.paused else self._passed)
        signs = Signs(read, _files(job), one.signs.cpu)
        apart = one.watched - one.looked
        if one.silence.quiet >= min(LOOK_AFTER, self._stalled_after / 4) and (
            not one.looks or apart >= min(LOOK_EVERY, self._stalled_after / 8)
        ):
            one.usage = await self._usage(one, job)
            signs = replace(signs, cpu=one.usage.cpu_seconds if one.usage else None)
            one.looks, one.looked = one.looks + 1, one.watched
        if one.catching_up:
            caught_up = one.watched and signs.log == one.signs.log
            one.catching_up = not caught_up and one.watched < CATCHING_UP
            one.signs = replace(signs, cpu=one.signs.cpu)
        one.silence = one.silence.broken(one.signs, signs, apart)
        one.signs = signs
        if one.silence == Silence():
            one.looks, one.usage, one.signs = 0, None, replace(signs, cpu=None)

    async def _usage(self, one: _Attended, job: Job) -> Usage | None:
        try:
            one.leader = one.leader or (await self._supervisor.look(job.id)).child
        except OSError:  # the state disk refuses; asked again at the next look
            return None
        return await self._supervisor.usage(one.leader) if one.leader else None

    async def _judge(self, one: _Attended, job: Job) -> tuple[Job, list[Event]]:
        """Tell of a silence once it is too long, and once of its end."""
        usual = await self._history.of(job)
        limit = patience(self._stalled_after, usual, job.status)
        silent = one.silence.lasts(limit)
        if job.stalled and not silent:
            return _going_on(job, self._now())
        # Two looks at least: what is carried over from before a restart proves nothing alone.
        if job.stalled or job.stuck or not silent or one.looks < 2:
            return job, []
        busy = one.silence.still < limit
        seconds = one.silence.quiet if busy else one.silence.still
        lines = await asyncio.to_thread(last_lines, log_of(self._jobs_root / job.id), 1)
        job = replace(job, stalled=self._now() - timedelta(seconds=seconds))
        data = {
            "silent_seconds": seconds,
            "usual_seconds": usual.step(job.status) if usual else None,
            "last_line": lines[0] if lines else None,
            "paused": bool(one.usage and one.usage.stopped),
            "busy": busy,
        }
        return job, [Event(EventKind.JOB_STALLED, self._now(), job, data)]


def _going_on(job: Job, now: datetime) -> tuple[Job, list[Event]]:
    silent = max(timedelta(), now - (job.stalled or now))
    job = replace(job, stalled=None)
    data = {"silent_seconds": silent / timedelta(seconds=1)}
    return job, [Event(EventKind.JOB_GOES_ON, now, job, data)]


def age_of(job: Job) -> float:
    """Seconds since a plotter's start, right also where the clock was set meanwhile. Blocks."""
    try:
        started = psutil.Process(job.pid).create_time() if job.pid else math.inf
    except psutil.Error:
        return 0.0
    # Both are told by the present clock: psutil counts from the boot and adds when that was.
    now = time.time()
    pause = now - job.paused.timestamp() if job.paused else 0.0
    return max(0.0, now - started - job.paused_seconds - pause)


def _files(job: Job) -> tuple[int, ...]:
    return job.temp_used, job.temp2_used, job.out_used


def _marked(one: _Attended, before: Job, job: Job) -> Job:
    """The job with the mark of a status that it has just reached.

    What was reached while nobody looked gets none: a log is read in pieces after a restart.
    """
    if one.catching_up or (job.status == before.status and one.watched):
        return job
    if any(code == job.status for code, _ in job.marks):
        return job
    return replace(job, marks=(*job.marks, (job.status, round(one.age, 1))))


def _expected(job: Job, left: TimeLeft | None, now: datetime) -> Job:
    """The job with when it will be done; an end that hardly moves stays where it is."""
    if left is None:
        return replace(job, eta=None, eta_basis=None)
    eta = now + timedelta(seconds=left.seconds)
    slack = max(MOVES, timedelta(seconds=left.seconds / 50))
    if job.eta and job.eta >= now and abs(job.eta - eta) <= slack:
        eta = job.eta
    return replace(job, eta=eta, eta_basis=left.basis)


def _of_stuck(before: Job, job: Job, now: datetime) -> list[Event]:
    """What to tell where a line says that a job waits, or shows that it waits no more."""
    if job.stuck and not before.stuck:
        return [Event(EventKind.JOB_STUCK, now, job)]
    if before.stuck and not job.stuck:
        return [Event(EventKind.JOB_GOES_ON, now, job)]
    return []
