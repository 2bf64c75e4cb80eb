"""Copying a file with a digest of each chunk, without filling the page cache.

A window is handed to the disk as soon as it is written, and let go of once the next one is. So at
most two windows are dirty, errors of the drive come early, and neither the plot nor its copy
pushes out of memory what running plotters need. At the end of each chunk all is durable.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass

from blake3 import blake3

from plotobot.engine.moving import system
from plotobot.engine.moving.errand import Errand
from plotobot.engine.moving.reading import Progress
from plotobot.engine.moving.words import at_destination, at_source

_LEAST_BLOCK = 4096
_BLOCKS_A_SECOND = 8
_LONGEST_SLEEP = 1.0


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what while copying."""

    progress: Progress
    chunk: Callable[[str], None]
    """The digest of a whole chunk whose copy is durable."""
    synced: Callable[[int], None]
    """Bytes that were handed to the disk."""


def copy(
    source: io.FileIO, part: io.FileIO, errand: Errand, start: int, ears: Ears
) -> tuple[str, ...]:
    """Copy from `start`, a whole number of chunks, to the end.

    Returns:
        The digest of the last chunk, which is written but not yet durable; nothing where `start`
        is the end.

    Raises:
        MoveRefused: either side refuses.
        DestinationAway: the destination went away.
    """
    system.expect_sequence(source.fileno())
    source.seek(start)
    part.seek(start)
    copier = _Copier(source, part, errand, ears)
    return copier.run(start)


class _Copier:
    def __init__(self, source: io.FileIO, part: io.FileIO, errand: Errand, ears: Ears) -> None:
        self._source, self._part = source, part
        self._errand, self._ears = errand, ears
        self._buffer = memoryview(bytearray(_block(errand)))
        self._limit = _Limit(errand.bandwidth)

    def run(self, start: int) -> tuple[str, ...]:
        size, chunk = self._errand.ident.size, self._errand.chunk
        last: tuple[str, ...] = ()
        for begin in range(start, size, chunk):
            end = min(begin + chunk, size)
            digest = self._chunk(begin, end)
            if end < size:
                self._make_durable()
                self._ears.chunk(digest)
            else:
                last = (digest,)
        return last

    def _chunk(self, begin: int, end: int) -> str:
        digest, window = blake3(), self._errand.pace.window
        for start in range(begin, end, window):
            stop = min(start + window, end)
            self._window(start, stop, digest)
            self._let_go(start, stop - start, begin)
        return digest.hexdigest()

    def _window(self, start: int, stop: int, digest: blake3) -> None:
        while start < stop:
            piece = self._read(min(len(self._buffer), stop - start))
            digest.update(piece)
            self._write(piece)
            start += len(piece)
            self._ears.progress(start)
            self._limit.after(len(piece), lambda: self._ears.progress(start))  # noqa: B023

    def _read(self, wanted: int) -> memoryview:
        with at_source(str(self._errand.source)):
            count = self._source.readinto(self._buffer[:wanted])
            if not count:
                raise OSError(0, "it has become shorter")
        return self._buffer[:count]

    def _write(self, piece: memoryview) -> None:
        with at_destination(str(self._errand.folder)):
            while piece:
                piece = piece[self._part.write(piece) or 0 :]

    def _let_go(self, start: int, length: int, begin: int) -> None:
        """Have a window written, wait for the one before it in this chunk, and drop that."""
        window = self._errand.pace.window
        with at_destination(str(self._errand.folder)):
            system.start_writing(self._part.fileno(), start, length)
            if start > begin:
                system.finish_writing(self._part.fileno(), start - window, window)
                system.drop(self._part.fileno(), start - window, window)
        with at_source(str(self._errand.source)):
            system.drop(self._source.fileno(), start, length)
        self._ears.synced(start + length)

    def _make_durable(self) -> None:
        with at_destination(str(self._errand.folder)):
            system.sync(self._part.fileno())
            system.drop(self._part.fileno(), 0, 0)


def _block(errand: Errand) -> int:
    """Bytes a read: fewer where they are to come slowly, so that the rate is even."""
    if not errand.bandwidth:
        return errand.pace.block
    share = errand.bandwidth // _BLOCKS_A_SECOND // _LEAST_BLOCK * _LEAST_BLOCK
    return max(_LEAST_BLOCK, min(errand.pace.block, share))


class _Limit:
    """Holds a rate down by sleeping; what was lost by a slow disk is not made up for."""

    def __init__(self, rate: int | None) -> None:
        self._rate = rate
        self._free_at = 0.0

    def after(self, count: int, meanwhile: Callable[[], None]) -> None:
        if not self._rate:
            return
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + count / self._rate
        while (rest := self._free_at - time.monotonic()) > 0:
            time.sleep(min(rest, _LONGEST_SLEEP))
            meanwhile()
