"""The plot here: known by its ident, and removed by it. All of it blocks: for a thread."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from plotobot.engine.moving.apart import clear_probes, place_probe
from plotobot.engine.moving.base import Ident, MoveOrder, MoveRefused
from plotobot.engine.moving.places import Place


def check(order: MoveOrder) -> None:
    """See that the plot is the one of the order.

    Raises:
        MoveRefused: it is gone, another one, or no regular file.
    """
    try:
        _compare(order, os.lstat(order.source))
    except OSError as problem:
        raise MoveRefused(
            f"{_shown(order.source)} cannot be moved: {problem.strerror}; is its drive mounted?"
        ) from None


def is_gone(order: MoveOrder) -> bool:
    """Whether nothing has the plot's name any more, in a folder that is there."""
    return not os.path.lexists(order.source) and order.source.parent.is_dir()


def remove(order: MoveOrder) -> None:
    """Remove the plot durably, after a last look at it.

    Raises:
        MoveRefused: it is another one by now, or the drive refuses; it stays.
    """
    try:
        _remove(order)
    except OSError as problem:
        raise MoveRefused(
            f"{_shown(order.source)} was copied whole but cannot be removed here:"
            f" {problem.strerror}; remove it by hand"
        ) from None


def first_byte(order: MoveOrder, folder: Path) -> Path:
    """A file of the plot's name and rights with its first byte alone, in a folder of our own."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    start = folder / order.source.name
    with order.source.open("rb") as plot:
        start.write_bytes(plot.read(1))
        start.chmod(stat.S_IMODE(os.fstat(plot.fileno()).st_mode) & 0o666 | stat.S_IRUSR)
    return start


def forget_first_byte(order: MoveOrder, folder: Path) -> None:
    """Remove what `first_byte` made."""
    (folder / order.source.name).unlink(missing_ok=True)
    folder.rmdir()


def make_probe(order: MoveOrder, probe: Path) -> None:
    """Make an empty file in a plot's folder, to be looked for over there.

    Raises:
        MoveRefused: the folder takes none.
    """
    try:
        with Place(str(probe.parent)) as folder:
            clear_probes(folder, order.id)
            place_probe(folder, probe.name)
    except OSError as problem:
        raise MoveRefused(
            f"{_shown(probe.parent)} takes no new file, not even an empty one"
            f" ({problem.strerror}): make room there, and let Plotobot's user write to it"
        ) from None


def forget_probe(probe: Path) -> None:
    """Remove what `make_probe` made; on a drive that refuses it is empty and in nobody's way."""
    with suppress(OSError):
        probe.unlink()


def _compare(order: MoveOrder, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise MoveRefused(f"{_shown(order.source)} is no regular file: it is not moved")
    if Ident(found.st_size, found.st_mtime_ns, found.st_ino) != order.ident:
        raise MoveRefused(
            f"{_shown(order.source)} has changed since it was to be moved:"
            " see what writes to it, then order the move again"
        )


def _shown(path: Path) -> str:
    """A path in a sentence: names may hold anything but a slash."""
    text = str(path)
    return text if text.isprintable() else repr(text)


if sys.platform == "win32":

    def _remove(order: MoveOrder) -> None:
        """Windows knows no operations relative to a folder."""
        check(order)
        order.source.unlink()

else:

    def _remove(order: MoveOrder) -> None:
        folder = os.open(order.source.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            name = order.source.name
            _compare(order, os.stat(name, dir_fd=folder, follow_symlinks=False))
            os.unlink(name, dir_fd=folder)
            os.fsync(folder)
        finally:
            os.close(folder)
