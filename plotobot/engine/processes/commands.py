"""The command lines of all processes, read once each.

What a process may write about itself is anything at all: it is cut to a bound and decoded without
errors. Processes come and go while the table is read, and those of others may be hidden; all of
that only makes the table shorter.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from plotobot.engine.processes.base import Row

LONGEST = 256 * 1024
"""Bytes of a command line that are read."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Command:
    """A process and what it was started with."""

    row: Row
    argv: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Known:
    mark: object
    """Changes when the process becomes another program."""
    argv: tuple[str, ...]
    settled: bool
    """Whether it was read twice: just after its fork a process still shows its parent's words."""


class CommandLines:
    """Reads the process table again and again, each command line only twice.

    Args:
        keep: which command lines are of interest; of all other processes only the row is kept.
    """

    def __init__(self, keep: Callable[[tuple[str, ...]], bool]) -> None:
        self._keep = keep
        self._known: dict[int, _Known] = {}

    def look(self) -> Mapping[int, Command]:
        """All processes that can be seen, by pid. Blocks for some milliseconds.

        Raises:
            OSError: the process table cannot be read at all.
        """
        known, self._known = self._known, {}
        commands = {}
        for row, mark, read in _rows():
            before = known.get(row.pid)
            if before is None or before.mark != mark:
                before = _Known(mark, self._kept(read()), settled=False)
            elif not before.settled:
                before = _Known(mark, self._kept(read()), settled=True)
            self._known[row.pid] = before
            commands[row.pid] = Command(row, before.argv)
        return commands

    def _kept(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return argv if argv and self._keep(argv) else ()


def split(raw: bytes) -> tuple[str, ...]:
    """A command line as the kernel gives it; one that was cut loses its last word."""
    words = raw.removesuffix(b"\0").split(b"\0")
    if len(raw) >= LONGEST:
        words.pop()
    return tuple(map(os.fsdecode, words)) if raw else ()


def cwd_of(pid: int) -> str | None:
    """The folder a process works in; None where it is not told, or gone."""
    try:
        folder = psutil.Process(pid).cwd()
    except (psutil.Error, OSError, ValueError):
        return None
    return folder if folder and Path(folder).is_absolute() and os.path.isdir(folder) else None  # noqa: PTH112


def hides_some() -> bool:
    """Whether what some processes do is hidden: those of others, or around a container.

    Only root on Linux sees which files the processes of others hold open. The kernel gives the
    machine's own set of processes the number 4026531836 (PROC_PID_INIT_INO in proc_ns.h).
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return True
    try:
        return os.readlink("/proc/self/ns/pid") != "pid:[4026531836]"  # noqa: PTH115 - no path
    except OSError:
        return True


if sys.platform == "linux":
    from plotobot.engine.processes.linux import Stat

    def _rows() -> Iterator[tuple[Row, object, Callable[[], tuple[str, ...]]]]:
        """Rows, each with what changes when the process becomes another program."""
        for name in os.listdir(_PROC):  # noqa: PTH208 - names are wanted, not paths
            if not name.isdigit():
                continue
            try:
                stat = Stat(_read(f"/proc/{name}/stat", 4096))
                row = stat.row(int(name))
            except (OSError, ValueError, IndexError):
                continue
            yield row, (row.ticks, stat.name), _argv(row.pid)

    def _argv(pid: int) -> Callable[[], tuple[str, ...]]:
        def read() -> tuple[str, ...]:
            try:
                return split(_read(f"/proc/{pid}/cmdline", LONGEST))
            except OSError:
                return ()

        return read

    def _read(path: str, most: int) -> bytes:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = b""
            while len(data) < most and (more := os.read(fd, most - len(data))):
                data += more
            return data
        finally:
            os.close(fd)

else:

    def _rows() -> Iterator[tuple[Row, object, Callable[[], tuple[str, ...]]]]:
        """Rows as psutil sees them; sessions are not told."""
        for process in psutil.process_iter(["pid", "ppid", "create_time"]):
            info = process.info
            ticks = round((info["create_time"] or 0.0) * 1000)
            row = Row(info["pid"], info["ppid"] or 0, info["pid"], ticks)
            yield row, ticks, _argv(process)

    def _argv(process: psutil.Process) -> Callable[[], tuple[str, ...]]:
        def read() -> tuple[str, ...]:
            try:
                return tuple(process.cmdline())
            except (psutil.Error, OSError):
                return ()

        return read
