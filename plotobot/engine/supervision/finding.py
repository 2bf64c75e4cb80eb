"""What a job directory means: whether its plotter runs, and how it ended.

The questions are asked in an order in which every answer is still true when the next question is
asked: an exit code that stands stays; a lock that is free stays free.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeGuard

from plotobot.engine.processes import How, Identity, Process, Processes, native_processes
from plotobot.engine.supervision.jobdir import (
    CHILD,
    CHILD_LOCK,
    EXIT,
    FORMAT,
    SHIM,
    SHIM_LOCK,
    SPEC,
    Record,
    read_record,
    read_spec,
)
from plotobot.engine.supervision.locks import is_held


class State(StrEnum):
    """What a job directory shows, and what it means."""

    EXITED = "exited"
    RUNNING = "running"
    ENDING = "ending"
    """The plotter is dead, and its exit code is about to be known."""
    STARTING = "starting"
    PENDING = "pending"
    """Never started, and safe to start."""
    LOST = "lost"
    """It ended, and nobody can know how."""
    VOID = "void"
    """Not even a whole spec: the directory may go."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a job directory found."""

    state: State
    code: int | None = None
    """The exit code, -9 for SIGKILL; only where `state` is EXITED."""
    how: How | None = None
    """Who told the code."""
    at: datetime | None = None
    """When the plotter ended, as the shim wrote it."""
    why: str | None = None
    """Only where `state` is LOST: reboot, shim-killed, damaged record, or a whole sentence."""
    child: Identity | None = None
    """The plotter."""
    shim: Identity | None = None


def inspect(
    directory: Path, held: Process | None = None, processes: Processes | None = None
) -> Found:
    """What a job directory says about its job. Blocks for well under a millisecond.

    Args:
        directory: the job's directory.
        held: the plotter, where the caller holds it since it was alive: only so can the exit code
            of a plotter whose shim was killed still be known.
        processes: the system's processes.

    Raises:
        OSError: the disk refuses; then nothing is known.
    """
    return _Look(directory, held, processes or native_processes()).found()


def identities(directory: Path) -> list[Identity]:
    """The plotter and the shim that a job directory names, whether they live or not. Blocks."""
    try:
        named = [_identity(read_record(directory, name)) for name in (CHILD, SHIM)]
    except OSError:  # the disk refuses: nobody is named
        return []
    return [identity for identity in named if identity is not None]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a job directory, question by question."""

    directory: Path
    held: Process | None
    processes: Processes

    def found(self) -> Found:
        child = _identity(read_record(self.directory, CHILD))
        ended = self._exited(child)
        if ended is not None:
            return ended
        if child is not None:
            return self._started(child)
        return self._unstarted()

    def _exited(self, child: Identity | None) -> Found | None:
        record = read_record(self.directory, EXIT) or {}
        code = record.get("code")
        if type(code) is not int or not -256 < code < 2**32:
            return None
        return Found(State.EXITED, code, "shim", _moment(record.get("t")), child=child)

    def _started(self, child: Identity) -> Found:
        own = None if self.held is not None else self.processes.hold(child)
        try:
            return self._alive_or_ended(child, self.held or own)
        finally:
            if own is not None:
                own.close()

    def _alive_or_ended(self, child: Identity, held: Process | None) -> Found:
        shim = _identity(read_record(self.directory, SHIM))
        if held is not None and not held.ended():
            return Found(State.RUNNING, child=child, shim=shim)
        if is_held(self.directory / SHIM_LOCK):
            return Found(State.ENDING, child=child, shim=shim)
        known = self._exited(child)  # again: the shim may have finished since the first look
        if known is not None:
            return known
        status = held.exit_code() if held is not None else None
        if status is not None:
            return Found(State.EXITED, status[0], status[1], child=child, shim=shim)
        if held is not None and not held.reaped():
            return Found(State.ENDING, child=child, shim=shim)
        if is_held(self.directory / CHILD_LOCK):
            return Found(State.RUNNING, child=child, shim=shim)
        rebooted = child.boot_id != self.processes.boot_id()
        why = "reboot" if rebooted else "shim-killed"
        return Found(State.LOST, why=why, child=child, shim=shim)

    def _unstarted(self) -> Found:
        shim = _identity(read_record(self.directory, SHIM))
        if is_held(self.directory / SHIM_LOCK):
            return Found(State.STARTING, shim=shim)
        if self._exists(CHILD) or self._exists(EXIT):
            return self._damaged(shim)
        if read_spec(self.directory) is not None:
            return Found(State.PENDING, shim=shim)
        spec = read_record(self.directory, SPEC)
        if spec is not None and spec.get("format") != FORMAT:
            return Found(State.LOST, why="it was made by another version of Plotobot", shim=shim)
        return Found(State.VOID, shim=shim)

    def _damaged(self, shim: Identity | None) -> Found:
        """It was started once, so it never is again; the shim may have finished since."""
        child = _identity(read_record(self.directory, CHILD))
        if child is not None:
            return self._exited(child) or self._started(child)
        if is_held(self.directory / CHILD_LOCK):
            return Found(State.RUNNING, shim=shim)
        return self._exited(None) or Found(State.LOST, why="damaged record", shim=shim)

    def _exists(self, name: str) -> bool:
        return os.path.lexists(self.directory / name)


def _identity(record: Record | None) -> Identity | None:
    if record is None:
        return None
    pid, ticks, boot_id, at = (record.get(key) for key in ("pid", "ticks", "boot_id", "t"))
    if type(pid) is not int or type(ticks) is not int or not isinstance(boot_id, str):
        return None
    if not 1 < pid < 2**31 or not _is_time(at):
        return None
    return Identity(boot_id, pid, ticks, float(at))


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 <= value < 2**36 and math.isfinite(value)


def _moment(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if _is_time(value) else None
