"""Follows a growing log: each look hands over the lines written since the last one.

It notices a log that was replaced (another inode), cut short, or cut short and grown again (the
bytes before the place differ), and starts at the beginning then. What it has read survives a
restart as a `Place`. One limit stands: lines written and cut away between two looks are lost.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

AT_MOST = 1024 * 1024
"""Bytes read in one look."""
LONGEST_REST = 64 * 1024
"""An unfinished line longer than this is handed over as it is, so that memory stays bounded."""
REMEMBERED = 256
"""Bytes before the place that must still be there at the next look."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file the reading stands; plain values, made to be stored."""

    device: int = -1
    inode: int = -1
    offset: int = 0
    """Bytes whose lines were handed over."""
    before: str = ""
    """The bytes just before the offset, in hex; at most `REMEMBERED` of them."""


class Follower:
    """Follows one log. Its methods block for as long as the drive does: use it in a thread.

    Args:
        path: the log; it need not exist yet.
        state: the place an earlier follower of this log had come to.
    """

    def __init__(self, path: str | Path, state: Place | None = None) -> None:
        place = state or Place()
        self._path = str(path)
        self._fd: int | None = None
        self._file = (place.device, place.inode)
        self._offset = place.offset
        self._before = self._settled = bytes.fromhex(place.before)
        self._rest: list[bytes] = []
        self._rest_size = 0

    @property
    def state(self) -> Place:
        """The place to go on from after a restart: an unfinished line will be read again."""
        return Place(*self._file, self._offset - self._rest_size, self._settled.hex())

    @property
    def offset(self) -> int:
        """Bytes of the present file that were read, an unfinished line with them."""
        return self._offset

    @property
    def rest(self) -> bytes:
        """The unfinished line at the end; the last words of a plotter that died in the middle."""
        return b"".join(self._rest)

    def poll(self) -> list[bytes]:
        """Read what is new, at most 1 MiB of it.

        Returns:
            Whole lines without their line ends. Empty when there is nothing new, while the log
            is missing, and in the middle of a long line.

        Raises:
            OSError: the drive does not let the log be read.
        """
        try:
            there = os.stat(self._path)  # noqa: PTH116 - once a look and log: a str is quicker
        except FileNotFoundError:
            return self._read(self._held_size()) if self._fd is not None else []
        if self._fd is None:
            self._open()
        if (there.st_dev, there.st_ino) == self._file:
            return self._read(there.st_size)
        lines = self._read(self._held_size())
        if not lines and self._offset >= self._held_size():
            self.close()
            self._open()
            lines = self._read(self._held_size())
        return lines

    def close(self) -> None:
        """Let go of the file; a further look opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        flags |= getattr(os, "O_NONBLOCK", 0)  # a pipe in the log's place must block nobody
        self._fd = os.open(self._path, flags)
        found = os.fstat(self._fd)
        if (found.st_dev, found.st_ino) != self._file:
            self._file = (found.st_dev, found.st_ino)
            self._start_over()

    def _start_over(self) -> None:
        self._offset = 0
        self._before = self._settled = b""
        self._drop_rest()

    def _drop_rest(self) -> None:
        self._rest.clear()
        self._rest_size = 0

    def _held_size(self) -> int:
        return 0 if self._fd is None else os.fstat(self._fd).st_size

    def _read(self, size: int) -> list[bytes]:
        """Read on in the open file, which is `size` bytes long now."""
        if self._fd is None:
            return []
        known = len(self._before)
        if size >= self._offset:
            wanted = known + min(size - self._offset, AT_MOST)
            data = _read_at(self._fd, wanted, self._offset - known)
            if data.startswith(self._before):
                return self._take(data[known:])
        self._start_over()
        return self._take(_read_at(self._fd, min(size, AT_MOST), 0))

    def _take(self, data: bytes) -> list[bytes]:
        if not data:
            return []
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = self.rest + lines[0]
            self._drop_rest()
            self._settled = (self._before + data[: len(data) - len(rest)])[-REMEMBERED:]
        self._offset += len(data)
        self._before = (self._before + data)[-REMEMBERED:]
        self._rest.append(rest)
        self._rest_size += len(rest)
        if self._rest_size > LONGEST_REST:
            lines.append(self.rest)
            self._drop_rest()
            self._settled = self._before
        if b"\r" in data:
            lines = [line.removesuffix(b"\r") for line in lines]
        return lines


if sys.platform == "win32":

    def _read_at(fd: int, size: int, offset: int) -> bytes:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, size)

else:

    def _read_at(fd: int, size: int, offset: int) -> bytes:
        return os.pread(fd, size, offset)
