"""Processes that cannot be mistaken for one another.

A pid alone names nobody: it is given out again. A process is named by the boot it lives in, its
pid and the moment of its start in kernel ticks, and it is held by a handle that the kernel ties to
that one process. Handles are opened first and compared after; signals go through them and never to
a pid.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import psutil

How = Literal["shim", "pidfd", "zombie"]
"""Who told an exit code: the shim's record, the kernel, or the dead process itself."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, distinct from every other that ever had or will have its pid."""

    boot_id: str
    pid: int
    ticks: int
    """Start in kernel ticks since boot; 0 on systems where only `at` is known."""
    at: float = 0.0
    """Start by the wall clock, in seconds: for people, and for systems without ticks."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the process table."""

    pid: int
    parent: int
    session: int
    ticks: int
    zombie: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a job's processes take. The counters grow; two looks give a rate."""

    processes: int
    cpu_seconds: float
    rss: int
    """Bytes of memory."""
    read_bytes: int
    write_bytes: int
    stopped: int = 0
    """How many of the processes are stopped, as by SIGSTOP."""


class Process(Protocol):
    """A held process. Safe to use from several threads; after `close` it counts as ended."""

    @property
    def identity(self) -> Identity:
        """Which process it is."""
        ...

    def fileno(self) -> int | None:
        """A descriptor that polls readable once it ended; None where there is no such thing."""
        ...

    def ended(self) -> bool:
        """Whether it runs no more; a zombie has ended."""
        ...

    def reaped(self) -> bool:
        """Whether its parent has taken its exit status, too."""
        ...

    def exit_code(self) -> tuple[int, How] | None:
        """Its exit code, where the system still knows it; never a guess."""
        ...

    def signal(self, number: int) -> bool:
        """Send a signal to this process and no other; False when it is gone.

        Raises:
            PermissionError: it belongs to somebody else.
        """
        ...

    def close(self) -> None:
        """Let go of it; nothing happens to the process."""
        ...


class Processes(Protocol):
    """What the system tells about processes. Everything blocks for microseconds to milliseconds."""

    def boot_id(self) -> str:
        """Names this boot of the machine."""
        ...

    def hold(self, identity: Identity) -> Process | None:
        """Hold a process, dead but unreaped ones too; None when it is not (or no more) there."""
        ...

    def table(self) -> Mapping[int, Row]:
        """All processes, by pid."""
        ...

    def usage(self, row: Row) -> Usage | None:
        """What one process takes, its children that have ended included; None when it is gone."""
        ...

    def holders(self, lock: Path) -> Iterable[Identity]:
        """The processes that hold a lock file's lock; none where the system does not tell."""
        ...


def descendants(table: Mapping[int, Row], roots: Iterable[int]) -> set[int]:
    """The pids of all processes below some, the roots left out. Pure.

    A child is never older than its parent; a row that says so was read across a change and is
    left out.
    """
    children: dict[int, list[Row]] = {}
    for row in table.values():
        children.setdefault(row.parent, []).append(row)
    found: set[int] = set()
    todo = [pid for pid in roots if pid in table]
    while todo:
        parent = table[todo.pop()]
        for row in children.get(parent.pid, ()):
            if row.ticks >= parent.ticks and row.pid not in found:
                found.add(row.pid)
                todo.append(row.pid)
    return found


def tree_of(processes: Processes, root: Identity) -> list[Identity]:
    """A living process, its session and all below it; empty when it is not alive. Blocks."""
    held = processes.hold(root)
    if held is None:
        return []
    try:
        table = processes.table()
        session = {row.pid for row in table.values() if row.session == root.pid}
        pids = session | descendants(table, session | {root.pid}) | ({root.pid} & table.keys())
        # Asked last: while the root lives, nobody else can have its pid or its session.
        if held.ended():
            return []
        rows = (table[pid] for pid in sorted(pids))
        return [Identity(root.boot_id, row.pid, row.ticks) for row in rows if not row.zombie]
    finally:
        held.close()


def usage_of(processes: Processes, leader: Identity) -> Usage | None:
    """What a plotter and all below it take; None when it is not alive. Blocks: for a thread."""
    pids = [member.pid for member in tree_of(processes, leader)]
    looks = [look for look in map(_look, pids) if look is not None]
    if not looks:
        return None
    cpu, rss, read, written, stopped = zip(*looks, strict=True)
    return Usage(len(looks), sum(cpu), sum(rss), sum(read), sum(written), sum(stopped))


def _look(pid: int) -> tuple[float, int, int, int, bool] | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            cpu, memory = process.cpu_times(), process.memory_info()
            stopped = process.status() == psutil.STATUS_STOPPED
            return (cpu.user + cpu.system, memory.rss, *traffic(process), stopped)
    except psutil.Error:
        return None


def traffic(process: psutil.Process) -> tuple[int, int]:
    """Bytes that a process read and wrote, where the system tells."""
    if sys.platform == "darwin":
        return 0, 0
    try:
        counters = process.io_counters()
    except psutil.AccessDenied:
        return 0, 0
    return counters.read_bytes, counters.write_bytes
