"""Locks of the kernel: they end with their holder, however it dies.

Liveness locks are asked for and never taken: whoever probes by taking makes a starting shim believe
that another one is at work.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from plotobot.errors import PlotobotError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

NAME = "bot.lock"


class StateDirInUse(PlotobotError):  # noqa: N818 - it reads as what it is
    """Another bot works with this state directory; the message names its pid and host."""

    exit_code = 3


def is_held(lock: Path) -> bool:
    """Whether somebody holds a job's lock. Asks only; a missing file is a free lock.

    On Windows a locked byte cannot be read by others; on macOS a POSIX lock is asked for
    (neither run by us).
    """
    try:
        fd = os.open(lock, os.O_RDONLY)  # a disk that became read-only lets it be asked as well
    except FileNotFoundError:
        return False
    try:
        return _ask(fd)
    finally:
        os.close(fd)


if sys.platform == "linux":

    def _ask(fd: int) -> bool:
        whole = struct.pack("hh4xqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, whole)
        return bool(struct.unpack_from("h", answer)[0] != fcntl.F_UNLCK)

elif sys.platform == "win32":

    def _ask(fd: int) -> bool:
        try:
            os.read(fd, 1)
        except PermissionError:
            return True
        return False

else:

    def _ask(fd: int) -> bool:
        whole = struct.pack("qqihh", 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
        answer = fcntl.fcntl(fd, fcntl.F_GETLK, whole)
        return bool(struct.unpack_from("h", answer, 20)[0] != fcntl.F_UNLCK)


class StateDirLock:
    """Holds a state directory until released, or until this process dies."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def release(self) -> None:
        """Let another bot have it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def hold_state_dir(path: Path) -> StateDirLock:
    """Make this process the one bot of a state directory. Blocks shortly.

    Raises:
        StateDirInUse: another bot has it; the command line ends with 3 then.
        OSError: the directory cannot be written to.
    """
    fd = os.open(path / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(fd)
    except (BlockingIOError, PermissionError):
        holder = _holder(fd)
        os.close(fd)
        raise StateDirInUse(
            f"another Plotobot uses {path}: {holder}; stop it, or give this one its own state"
            " directory"
        ) from None
    except BaseException:
        os.close(fd)
        raise
    record = {"pid": os.getpid(), "host": socket.gethostname()}
    os.ftruncate(fd, 0)
    os.write(fd, json.dumps(record).encode() + b"\n")
    return StateDirLock(fd)


def _take(fd: int) -> None:
    if sys.platform == "win32":
        os.lseek(fd, 1 << 20, os.SEEK_SET)  # far behind the text, which others want to read
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        os.lseek(fd, 0, os.SEEK_SET)
    else:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(fd: int) -> str:
    os.lseek(fd, 0, os.SEEK_SET)
    try:
        record = json.loads(os.read(fd, 4096))
        return f"pid {int(record['pid'])} on {record['host']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "it did not say who it is"
