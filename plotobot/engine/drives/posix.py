"""What Linux and macOS ask alike."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """A file system's size and state, by statvfs. Sizes are bytes."""

    total: int
    free: int
    """What an ordinary user may still write (f_bavail): less than root may."""
    read_only: bool
    fsid: int
    """The kernel's own number for it; some file systems give their device's."""


def room(path: str) -> Room:
    """Ask a file system for its room; may block for as long as the file system does.

    Raises:
        OSError: no such path, or the drive does not answer.
    """
    if sys.platform == "win32":
        raise OSError("statvfs does not exist on Windows")
    answer = os.statvfs(path)
    return Room(
        total=answer.f_blocks * answer.f_frsize,
        free=answer.f_bavail * answer.f_frsize,
        read_only=bool(answer.f_flag & os.ST_RDONLY),
        fsid=answer.f_fsid,
    )


def real_folder(path: str) -> str:
    """A folder without symbolic links.

    Raises:
        OSError: there is nothing, or something that is no folder.
    """
    # Path.resolve raises a RuntimeError at a link that leads to itself.
    real = os.path.realpath(path, strict=True)
    if not stat.S_ISDIR(Path(real).stat().st_mode):
        raise NotADirectoryError(f"{path} is no folder")
    return real
