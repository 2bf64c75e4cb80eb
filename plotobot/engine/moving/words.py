"""What goes wrong on a move, in sentences: what, where, what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from plotobot.engine.moving.base import DestinationAway, MoveRefused

GIB = 1024**3

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""The drive is full, or what this user may have of it."""

_GONE = frozenset(
    getattr(errno, name, errno.ENODEV)
    for name in (
        "ENODEV", "ENXIO", "ENOMEDIUM", "ESTALE", "ENOTCONN", "ESHUTDOWN", "ETIMEDOUT",
        "EHOSTDOWN", "EHOSTUNREACH", "ENOENT", "ENOTDIR",
    )
)  # fmt: skip

_READ_ONLY = frozenset({errno.EROFS})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_OF_THE_NAME = frozenset(
    {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ELOOP, errno.EISDIR, errno.EEXIST}
)
"""The drive may well take a plot of another name."""

CLOSED = FULL | _READ_ONLY | _FORBIDDEN
"""The folder takes no new file."""


def shown(path: str) -> str:
    """A path as one line of text that every terminal and every message can hold."""
    text = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def gib(size: int) -> str:
    """Bytes as GiB for people."""
    return f"{size / GIB:.1f} GiB" if size >= GIB // 10 else f"{size / 1024**2:.2f} MiB"


def reason(problem: OSError) -> str:
    """What the system says, without paths."""
    return problem.strerror or type(problem).__name__


class End(StrEnum):
    """One of the two ends of a move."""

    SOURCE = "source"
    DESTINATION = "destination"


_at_work: list[End] = []


def at_work() -> End | None:
    """Where this process, which makes one move, waits for a disk: told while it hangs there."""
    return _at_work[-1] if _at_work else None


@contextmanager
def working(end: End) -> Iterator[None]:
    """Let it be known at which end the work is."""
    _at_work.append(end)
    try:
        yield
    finally:
        _at_work.pop()


@contextmanager
def at_source(path: str) -> Iterator[None]:
    """Say an OSError as trouble with the plot that is to be moved.

    Raises:
        MoveRefused: instead of the OSError.
    """
    try:
        with working(End.SOURCE):
            yield
    except FileNotFoundError as problem:
        raise MoveRefused(
            f"{shown(path)} is not there: was it moved by hand, or is its drive away?"
        ) from problem
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            raise MoveRefused(
                f"{shown(path)} is a symbolic link: move the plot it leads to"
            ) from problem
        raise MoveRefused(
            f"{shown(path)} cannot be read or removed ({reason(problem)}): check its drive and"
            " its permissions"
        ) from problem


@contextmanager
def at_destination(folder: str) -> Iterator[None]:
    """Say an OSError as trouble with the place the plot is to go to.

    Raises:
        MoveRefused: the drive is full, read-only, failing, or forbids it.
        DestinationAway: it is not there any more.
    """
    try:
        with working(End.DESTINATION):
            yield
    except OSError as problem:
        raise _destination_trouble(shown(folder), problem) from problem


@contextmanager
def at_state(path: str) -> Iterator[None]:
    """Say an OSError as trouble with Plotobot's own state directory.

    Raises:
        MoveRefused: instead of the OSError.
    """
    try:
        yield
    except OSError as problem:
        raise MoveRefused(
            f"the journal {shown(path)} cannot be kept ({reason(problem)}): see to the state"
            " directory's drive; the plot stays where it is"
        ) from problem


def _destination_trouble(folder: str, problem: OSError) -> MoveRefused | DestinationAway:
    number = problem.errno
    if number in _GONE:
        return DestinationAway(f"{folder} is not there ({reason(problem)}): connect its drive")
    text = f"{folder} {_destination_words(problem)}"
    return MoveRefused(text, full=number in FULL, by_place=number not in _OF_THE_NAME)


def _destination_words(problem: OSError) -> str:
    number = problem.errno
    if number in FULL:
        return "is full: make room there"
    if number in _READ_ONLY:
        return "is read-only: check the drive and mount it for writing"
    if number in _FORBIDDEN:
        return "may not be written to: give Plotobot's user the right to it"
    if number == errno.EFBIG:
        return "cannot hold a file of this size: is it FAT32?"
    if number == errno.EIO:
        return "fails with I/O errors: check its cable and the drive"
    return f"refuses the plot ({reason(problem)}): check the drive"


def joined(folder: str, name: str) -> str:
    """A path in a folder, for people."""
    return shown(os.path.join(folder, name))  # noqa: PTH118 - names need not be UTF-8
