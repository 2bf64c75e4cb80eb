"""Processes where there is neither pidfd nor `/proc`: macOS and Windows, not run by us.

A process is told by its pid and psutil's creation time, which must lie within two seconds of the
time its record was written. This is weaker than on Linux: a clock that was set in between makes a
living plotter look gone, and a pid given out again within two seconds would be taken for it.
Exit codes of processes that are not our children are never known here, save from exit.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from plotobot.engine.processes.base import How, Identity, Row, Usage, traffic

TOLERANCE = 2.0  # seconds between a process's start and its record


class PortableProcess:
    """A process held by psutil, which compares the creation time before every act."""

    def __init__(self, identity: Identity, process: psutil.Process) -> None:
        self._identity = identity
        self._process: psutil.Process | None = process

    @property
    def identity(self) -> Identity:
        """Which process it is."""
        return self._identity

    def fileno(self) -> int | None:
        """None: the end must be asked for."""
        return None

    def ended(self) -> bool:
        """Whether it is gone or a zombie."""
        if self._process is None:
            return True
        try:
            alive = self._process.is_running()
            return not alive or self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def reaped(self) -> bool:
        """Whether it is gone."""
        return self._process is None or not self._process.is_running()

    def exit_code(self) -> tuple[int, How] | None:
        """Never known here."""
        return None

    def signal(self, number: int) -> bool:
        """Send a signal (on Windows SIGTERM means TerminateProcess); False when it is gone."""
        if self._process is None:
            return False
        try:
            self._process.send_signal(number)
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied as problem:
            raise PermissionError(str(problem)) from problem
        return True

    def close(self) -> None:
        """Let go of it."""
        self._process = None


class PortableProcesses:
    """The processes psutil sees."""

    def boot_id(self) -> str:
        """Unknown here."""
        return ""

    def hold(self, identity: Identity) -> PortableProcess | None:
        """Look the pid up and compare the creation time, exactly where it is known."""
        if identity.pid <= 1:
            return None
        try:
            process = psutil.Process(identity.pid)
            created = process.create_time()
        except (psutil.Error, ValueError, OverflowError):
            return None
        if identity.ticks:
            same = round(created * 1000) == identity.ticks
        else:
            same = abs(created - identity.at) <= TOLERANCE
        return PortableProcess(identity, process) if same else None

    def table(self) -> Mapping[int, Row]:
        """All processes; sessions are not told, so every process counts as its own."""
        rows = {}
        for process in psutil.process_iter(["pid", "ppid", "create_time"]):
            info = process.info
            ticks = round((info["create_time"] or 0.0) * 1000)
            rows[info["pid"]] = Row(info["pid"], info["ppid"] or 0, info["pid"], ticks)
        return rows

    def usage(self, row: Row) -> Usage | None:
        """What psutil tells."""
        try:
            process = psutil.Process(row.pid)
            if round(process.create_time() * 1000) != row.ticks:
                return None
            with process.oneshot():
                cpu, rss = process.cpu_times(), process.memory_info().rss
                read, written = traffic(process)
        except psutil.Error:
            return None
        ended = getattr(cpu, "children_user", 0.0) + getattr(cpu, "children_system", 0.0)
        return Usage(1, cpu.user + cpu.system + ended, rss, read, written)

    def holders(self, lock: Path) -> Iterable[Identity]:
        """Nobody: plotters hold no lock here."""
        return ()
