"""Read the header of a plot file: what it is, for whom, and whether it is all there.

At most 4 KiB are read from the front, and twice eight bytes from a `.plot2`. No length in a header
is trusted, so that any file may be given: a damaged one, a huge one, a pipe.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from plotobot.errors import NotAPlot
from plotobot.plots.layout import Cursor, Header, MemoKind, PlotFormat
from plotobot.plots.pos2 import POS2_GROUP_MAGIC, POS2_MAGIC, ReadAt, parse_group, parse_pos2
from plotobot.plots.v1 import PLOT_MAGIC, V1_MAGIC, parse_plot, parse_v1

__all__ = [
    "HEAD_SIZE",
    "Header",
    "MemoKind",
    "PlotFormat",
    "Unreadable",
    "parse_header",
    "read_header",
    "read_open",
]

HEAD_SIZE = 4096

_FLAGS = ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT")


class Unreadable(NotAPlot):
    """Nothing can be said of the file: it is missing, not ours to read, or its drive fails.

    The OSError, where there was one, is the cause. Never delete a file for this reason.
    """


def read_header(path: str | os.PathLike[str], *, follow: bool = True) -> Header:
    """The header of a plot file. Blocks for one or a few reads.

    Args:
        path: the file.
        follow: whether a symbolic link stands for what it leads to; else it is no regular file.

    Raises:
        Unreadable: it is missing, cannot be opened or read, or is no regular file (a folder, a
            pipe). A pipe without a writer does not block.
        NotAPlot: it is a file, but its header is no plot's; the message is one sentence.
    """
    place = os.fspath(path)
    try:
        with _open_regular(place, follow) as file:
            return read_open(file, place)
    except Unreadable as error:
        raise Unreadable(f"{_shown(place)} cannot be read: {error}.") from None
    except NotAPlot as error:
        raise NotAPlot(f"{_shown(place)} is not a plot: {error}.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreadable(f"{_shown(place)} cannot be read: {reason}.") from error
    except ValueError as error:  # a zero byte in the path, or characters the system cannot have
        raise Unreadable(f"{_shown(place)} cannot be read: no file has this name.") from error


def parse_header(data: bytes | bytearray, size: int, read_at: ReadAt, path: str = "") -> Header:
    """The header in the first bytes of a file. Pure but for `read_at`.

    Args:
        data: the first bytes; HEAD_SIZE of them are enough for every plot.
        size: the file's size in bytes.
        read_at: gives eight bytes from a place within `size`; called at most twice.
        path: kept in the result, nothing else.

    Raises:
        NotAPlot: with half a sentence, such as "its header is cut short".
    """
    if data.startswith(V1_MAGIC):
        return parse_v1(Cursor(data, len(V1_MAGIC)), size, path)
    if data.startswith(PLOT_MAGIC):
        return parse_plot(Cursor(data, len(PLOT_MAGIC)), size, path)
    if data.startswith(POS2_MAGIC):
        return parse_pos2(Cursor(data, len(POS2_MAGIC)), size, read_at, path)
    if data.startswith(POS2_GROUP_MAGIC):
        return parse_group(Cursor(data, len(POS2_GROUP_MAGIC)), size, path)
    raise NotAPlot("it does not begin like one" if size else "it is empty")


def read_open(file: io.FileIO, path: str = "") -> Header:
    """The header of a plot file that is open for reading, at its beginning.

    Args:
        file: a regular file.
        path: kept in the result, nothing else.

    Raises:
        NotAPlot: with half a sentence, such as "its header is cut short".
        OSError: it cannot be read.
    """

    def read_at(offset: int) -> bytes:
        file.seek(offset)
        return file.read(8) or b""

    head = bytearray(HEAD_SIZE)
    try:
        del head[file.readinto(head) or 0 :]
        size = os.fstat(file.fileno()).st_size
        return parse_header(head, size, read_at, path)
    finally:
        # The memo ends in a secret key: nothing that outlives this call (a traceback) may hold it.
        head[:] = bytes(len(head))


@contextmanager
def _open_regular(path: str, follow: bool) -> Iterator[io.FileIO]:
    # Looked at before: opening a device can have effects.
    _require_regular(os.stat(path) if follow else os.lstat(path))  # noqa: PTH116
    with open(path, "rb", buffering=0, opener=_open if follow else _open_no_link) as file:
        _require_regular(os.fstat(file.fileno()))
        yield file


def _open(path: str, flags: int) -> int:
    for name in _FLAGS:  # not every system has each of them
        flags |= getattr(os, name, 0)
    return os.open(path, flags)


def _open_no_link(path: str, flags: int) -> int:
    return _open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable("it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("it is not a regular file")


def _shown(path: str) -> str:
    """The path as text that every terminal and every message can hold."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
