"""Goes on reading a log where it left off, through rotation, truncation and restarts.

No file is held open between two looks (on Windows an open file cannot be rotated away). Which
file the reading stands in is told by its inode, and by the bytes just before the place: so a log
that was copied, cut or compressed meanwhile is found again, and a reused inode deceives nobody.
Lines are lost only where the file that holds them is gone, or its tail cut off, between two looks.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from plotobot.farmlog.files import rotated

AT_MOST = 1024 * 1024
"""Bytes read in one look; also the longest line."""
REMEMBERED = 256
"""Bytes before the place that must still be there at the next look."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file the reading stands; plain values, made to be stored."""

    inode: int = -1
    offset: int = 0
    before: str = ""
    """The bytes just before the offset, in hex; at most `REMEMBERED` of them."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look gave."""

    data: bytes
    """Whole lines, each with its end; none that an earlier look gave."""
    place: Place
    """Where to go on."""
    more: bool
    """Whether there is something left to read at once."""


def look(path: Path, place: Place | None, at_most: int = AT_MOST) -> Look:
    """Read on, at most so many bytes. Blocks for as long as the drive does.

    Args:
        path: the log; it may be missing for as long as it likes.
        place: where the last look ended; None begins near the end of the log.
        at_most: bytes, more than `REMEMBERED`.

    Raises:
        OSError: the drive does not let the log be read, or it is no file.
    """
    if place is None:
        return _first_look(path, at_most)
    if found := _go_on(path, place, at_most):
        return found
    younger = path
    for log in rotated(path):
        if found := _go_on(log, place, at_most, closed=True):
            # Read to its end, it gives way to the next younger one.
            ended = not found.data
            return _begin(younger, place, at_most, closed=younger != path) if ended else found
        younger = log
    return _begin(path, place, at_most)


def _first_look(path: Path, at_most: int) -> Look:
    try:
        with _opened(path) as log:
            size = log.seek(0, os.SEEK_END)
            begin = max(0, size - at_most)
            data = _read(log, begin, size - begin)
            left_out = data.find(b"\n") + 1 if begin else 0
            return _found(log, begin + left_out, data[:left_out], data[left_out:], at_most)
    except FileNotFoundError:
        return Look(b"", Place(), more=False)


def _go_on(path: Path, place: Place, at_most: int, *, closed: bool = False) -> Look | None:
    """What came behind the place; None where this is not the file it is in."""
    before = bytes.fromhex(place.before)
    try:
        with _opened(path) as log:
            if not before and _inode(log) != place.inode:  # nothing of the file was read yet
                return None
            data = _read(log, place.offset - len(before), len(before) + at_most)
            if not data.startswith(before):
                return None
            return _found(log, place.offset, before, data[len(before) :], at_most, closed=closed)
    except FileNotFoundError:
        return None
    except (EOFError, zlib.error, gzip.BadGzipFile):  # it is being compressed just now
        return None


def _begin(path: Path, place: Place, at_most: int, *, closed: bool = False) -> Look:
    """The beginning of a file that was never read; while there is none, the place stays."""
    try:
        with _opened(path) as log:
            return _found(log, 0, b"", _read(log, 0, at_most), at_most, closed=closed)
    except FileNotFoundError:
        return Look(b"", place, more=False)


def _found(
    log: BinaryIO, offset: int, before: bytes, data: bytes, at_most: int, *, closed: bool = False
) -> Look:
    """The whole lines of what was read.

    A closed log has younger ones, and nobody goes on with its last line.
    """
    full = len(data) >= at_most
    whole = data[: data.rfind(b"\n") + 1]
    if not whole and (full or closed):
        whole = data
    before = (before + whole)[-REMEMBERED:]
    return Look(whole, Place(_inode(log), offset + len(whole), before.hex()), more=full or closed)


def _opened(path: Path) -> BinaryIO:
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(f"{path} is not a file")
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _read(log: BinaryIO, offset: int, size: int) -> bytes:
    log.seek(offset)
    return log.read(size)


def _inode(log: BinaryIO) -> int:
    return os.fstat(log.fileno()).st_ino
