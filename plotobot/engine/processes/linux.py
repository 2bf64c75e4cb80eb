"""Processes on Linux: pidfds, `/proc`, and exit statuses the kernel still knows.

Layout of `/proc/PID/stat`: proc(5). `PIDFD_GET_INFO` and its 64 bytes: linux/pidfd.h, since 6.15.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import mmap
import os
import select
import signal
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from plotobot.engine.processes.base import How, Identity, Row, Usage

assert sys.platform == "linux"  # noqa: S101 - lets type checkers skip the rest elsewhere

INFO_SIZE = 64
PIDFD_GET_INFO = (3 << 30) | (INFO_SIZE << 16) | (0xFF << 8) | 11
INFO_EXIT = 1 << 3
STATUS_OFFSET = 60
EXIT_CODE_FIELD = 52
CPU_FIELDS = (14, 15, 16, 17)
"""Ticks of the process in user and kernel mode, and of its children that were waited for."""
PROC = Path("/proc")


class Stat:
    """The fields of `/proc/PID/stat`, numbered as in proc(5)."""

    def __init__(self, text: bytes) -> None:
        # The name in field 2 may hold blanks and brackets: the last bracket ends it.
        head, _, rest = text.rpartition(b")")
        self.name = head.partition(b"(")[2]
        """The name of the program it runs, cut to 15 bytes; another one after an exec."""
        self._rest = rest.split()

    def number(self, field: int) -> int:
        """A numeric field."""
        return int(self._rest[field - 3])

    @property
    def zombie(self) -> bool:
        """Dead, and its parent has not asked yet."""
        return self._rest[0] in (b"Z", b"X")

    def row(self, pid: int) -> Row:
        """As a line of the process table."""
        return Row(pid, self.number(4), self.number(6), self.number(22), self.zombie)


def read_stat(pid: int) -> Stat | None:
    """A process's status now, or None when no process has this pid."""
    try:
        return Stat(_read(f"/proc/{pid}/stat"))
    except (FileNotFoundError, ProcessLookupError):
        return None


def _read(path: str) -> bytes:
    """A small file of the kernel's, at a third of what `Path` takes: there are many."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


class LinuxProcess:
    """A process held by its pidfd."""

    def __init__(self, identity: Identity, fd: int) -> None:
        self._identity = identity
        self._fd: int | None = fd
        self._lock = threading.Lock()  # a closed descriptor's number is soon somebody else's

    @property
    def identity(self) -> Identity:
        """Which process it is."""
        return self._identity

    def fileno(self) -> int | None:
        """The pidfd."""
        return self._fd

    def ended(self) -> bool:
        """Whether the pidfd polls readable."""
        with self._lock:
            if self._fd is None:
                return True
            poll = select.poll()
            poll.register(self._fd, select.POLLIN)
            return bool(poll.poll(0))

    def reaped(self) -> bool:
        """Whether signal 0 finds nobody."""
        try:
            return not self.signal(0)
        except PermissionError:
            return False

    def exit_code(self) -> tuple[int, How] | None:
        """From the kernel's memory of a reaped process, else from a zombie's status."""
        with self._lock:
            if self._fd is None:
                return None
            return self._from_pidfd(self._fd) or self._from_zombie()

    def signal(self, number: int) -> bool:
        """Send a signal through the pidfd; False when the process is gone."""
        with self._lock:
            if self._fd is None:
                return False
            try:
                signal.pidfd_send_signal(self._fd, number)
            except ProcessLookupError:
                return False
            return True

    def close(self) -> None:
        """Close the pidfd."""
        with self._lock:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def _from_pidfd(self, fd: int) -> tuple[int, How] | None:
        info = bytearray(struct.pack("Q", INFO_EXIT).ljust(INFO_SIZE, b"\0"))
        try:
            fcntl.ioctl(fd, PIDFD_GET_INFO, info, True)
        except OSError:  # an older kernel, or one that has forgotten
            return None
        if not struct.unpack_from("Q", info)[0] & INFO_EXIT:
            return None
        return _decode(struct.unpack_from("i", info, STATUS_OFFSET)[0], "pidfd")

    def _from_zombie(self) -> tuple[int, How] | None:
        pid = self._identity.pid
        try:
            owner = (PROC / str(pid)).stat().st_uid
        except (FileNotFoundError, ProcessLookupError):
            return None
        stat = read_stat(pid)
        if stat is None or not stat.zombie or stat.number(22) != self._identity.ticks:
            return None
        # The kernel shows strangers a 0 here, which must not be taken for success.
        if os.geteuid() not in (0, owner):
            return None
        return _decode(stat.number(EXIT_CODE_FIELD), "zombie")


class LinuxProcesses:
    """The processes of a Linux machine."""

    def boot_id(self) -> str:
        """The kernel's own name of this boot."""
        return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()

    def hold(self, identity: Identity) -> LinuxProcess | None:
        """Open the pidfd, then compare: between the two the pid cannot change its owner unseen."""
        if not 1 < identity.pid < 2**31:
            return None
        try:
            fd = os.pidfd_open(identity.pid)
        except (ProcessLookupError, ValueError):
            return None
        except OSError as problem:
            if problem.errno in (errno.EINVAL, errno.ENOENT):  # a thread's id, no process
                return None
            raise
        held = LinuxProcess(identity, fd)
        stat = read_stat(identity.pid)
        same = stat is not None and stat.number(22) == identity.ticks
        if not same or identity.boot_id != self.boot_id() or held.reaped():
            held.close()
            return None
        return held

    def table(self) -> Mapping[int, Row]:
        """All of `/proc`, read once."""
        rows = {}
        for name in os.listdir(PROC):  # noqa: PTH208 - names are wanted, not paths
            if name.isdigit() and (stat := read_stat(int(name))) is not None:
                rows[int(name)] = stat.row(int(name))
        return rows

    def usage(self, row: Row) -> Usage | None:
        """From its `stat` and its `io`, which only its owner and root may read."""
        stat = read_stat(row.pid)
        if stat is None or stat.number(22) != row.ticks:
            return None
        cpu = sum(map(stat.number, CPU_FIELDS)) / os.sysconf("SC_CLK_TCK")
        return Usage(1, cpu, stat.number(24) * mmap.PAGESIZE, *_traffic(row.pid))

    def holders(self, lock: Path) -> Iterator[Identity]:
        """The processes with a descriptor whose open file holds the lock.

        A descriptor on the same file is not enough: whoever only looks at it is a stranger.
        """
        try:
            wanted = lock.stat()
        except FileNotFoundError:
            return
        boot_id = self.boot_id()
        for pid, row in self.table().items():
            if pid != os.getpid() and _holds(pid, wanted):
                yield Identity(boot_id, pid, row.ticks)


def _traffic(pid: int) -> tuple[int, int]:
    try:
        words = _read(f"/proc/{pid}/io").split()
    except OSError:
        return 0, 0
    names = (b"read_bytes:", b"write_bytes:")
    read, written = (int(words[words.index(name) + 1]) if name in words else 0 for name in names)
    return read, written


def _holds(pid: int, wanted: os.stat_result) -> bool:
    folder = PROC / str(pid)
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for name in os.listdir(folder / "fd"):  # noqa: PTH208
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if os.path.samestat((folder / "fd" / name).stat(), wanted):
                    return b"OFDLCK" in (folder / "fdinfo" / name).read_bytes()
    return False


def _decode(status: int, how: How) -> tuple[int, How] | None:
    try:
        return os.waitstatus_to_exitcode(status), how
    except ValueError:
        return None
