"""Reading files from the disk and not from memory: what was read back is what is there.

After an fsync the page cache is dropped, and where the file system can, it is passed by
(O_DIRECT), several reads being under way at once: a single one leaves fast drives waiting.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from blake3 import blake3

from plotobot.engine.moving import system
from plotobot.engine.moving.places import Place

PIECE = 4 * 1024**2
AHEAD = 4
_AT_ONCE = 1 if sys.platform == "win32" else AHEAD
"""Where reads have no position of their own, they take turns."""
_DIRECT = getattr(os, "O_DIRECT", 0)
_SAMPLE = 1024**2
_FEWEST_SAMPLES = 16

Progress = Callable[[int], None]
"""Told how many bytes are done."""


def nobody(done: int) -> None:
    """Progress that nobody wants to know."""


class Reader:
    """A file opened for reading past the page cache.

    Raises:
        OSError: it is not there or cannot be read.
    """

    def __init__(self, place: Place, name: str) -> None:
        self._fd = _open_uncached(place, name)
        self.size = os.fstat(self._fd).st_size
        system.drop(self._fd, 0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            system.drop(self._fd, 0, 0)
        os.close(self._fd)

    def digests(
        self, chunk: int, count: int | None = None, told: Progress = nobody
    ) -> Iterator[str]:
        """The digests of the first `count` chunks, or of all, in hex.

        Args:
            chunk: bytes that share a digest; a multiple of 4096.
            count: how many; None is all.
            told: is told the bytes read so far.
        """
        end = self.size if count is None else min(count * chunk, self.size)
        digest, done = blake3(), 0
        for piece in self._pieces(end, _common(PIECE, chunk)):
            digest.update(piece)
            done += len(piece)
            if done % chunk == 0 or done == end:
                yield digest.hexdigest()
                digest = blake3()
            told(done)

    def at(self, start: int, length: int) -> bytes:
        """The bytes at a multiple of 4096."""
        with mmap.mmap(-1, max(length, 1)) as buffer, memoryview(buffer) as view:
            return bytes(view[: _read_at(self._fd, view, start)])

    def _pieces(self, end: int, piece: int) -> Iterator[memoryview]:
        """The file's front in order; each piece is valid until the next is asked for."""
        starts = iter(range(0, end, piece))
        buffers = [memoryview(mmap.mmap(-1, piece)) for _ in range(AHEAD)]
        under_way: deque[tuple[memoryview, int, Future[int]]] = deque()
        with ThreadPoolExecutor(_AT_ONCE) as pool:

            def ask(buffer: memoryview) -> None:
                start = next(starts, None)
                if start is not None:
                    wanted = min(piece, end - start)
                    read = pool.submit(_read_at, self._fd, buffer, start)
                    under_way.append((buffer, wanted, read))

            for buffer in buffers:
                ask(buffer)
            while under_way:
                buffer, wanted, read = under_way.popleft()
                if read.result() < wanted:
                    raise OSError(errno.EIO, "the file is shorter than it was")
                yield buffer[:wanted]
                ask(buffer)


def same_samples(one: Reader, other: Reader, told: Progress) -> bool:
    """Whether two files agree in a random block of each of many stretches, and at both ends."""
    if one.size != other.size:
        return False
    size = one.size
    stretch = _up(max(_SAMPLE, min(size // _FEWEST_SAMPLES, 1024**3)))
    last = (size - 1) // 4096 * 4096
    places = [0, *(start + _somewhere(stretch) for start in range(0, size, stretch)), last]
    for start in places:
        if one.at(start, _SAMPLE) != other.at(start, _SAMPLE):
            return False
        told(min(start, size))
    return True


def _somewhere(stretch: int) -> int:
    return random.randrange(0, stretch, 4096)  # noqa: S311 - no secret


def _common(piece: int, chunk: int) -> int:
    """The largest piece that no chunk's border falls into."""
    while chunk % piece:
        piece //= 2
    return piece


def _up(size: int) -> int:
    return -(-size // 4096) * 4096


def _open_uncached(place: Place, name: str) -> int:
    """Open past the cache, where the file system can; it may say so only when it is read."""
    if _DIRECT:
        with contextlib.suppress(OSError):
            fd = place.open(name, os.O_RDONLY | _DIRECT)
            try:
                with mmap.mmap(-1, 4096) as buffer, memoryview(buffer) as view:
                    _read_at(fd, view, 0)
            except OSError:
                os.close(fd)
                raise
            return fd
    fd = place.open(name, os.O_RDONLY)
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(fd, fcntl.F_NOCACHE, 1)
    return fd


if sys.platform == "win32":

    def _read_at(fd: int, buffer: memoryview, start: int) -> int:
        os.lseek(fd, start, os.SEEK_SET)
        data = os.read(fd, len(buffer))
        buffer[: len(data)] = data
        return len(data)

else:

    def _read_at(fd: int, buffer: memoryview, start: int) -> int:
        return os.preadv(fd, [buffer], start)
