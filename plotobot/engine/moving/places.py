"""A folder held open: whatever happens to its path meanwhile, files go to and from this one.

A move that works by path can write to the root file system below an empty mount point, and
then remove the source (measured with `umount -l`). On Windows, which knows no operations relative
to a folder, the path is all there is.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
from typing import Self

from plotobot.engine.moving import system
from plotobot.engine.moving.base import Space


class Place:
    """A folder, by its descriptor.

    Raises:
        OSError: it is not there, or is no folder.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.fd: int | None = None
        if sys.platform != "win32":
            self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.status = os.stat(path) if self.fd is None else os.fstat(self.fd)  # noqa: PTH116

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd is not None:
            os.close(self.fd)

    def at(self, name: str) -> str:
        """What a call relative to this folder is given for a file in it."""
        return name if self.fd is not None else os.path.join(self.path, name)  # noqa: PTH118

    def still_here(self) -> bool:
        """Whether the path still leads to this very folder."""
        try:
            now = os.stat(self.path)  # noqa: PTH116
        except OSError:
            return False
        return (now.st_dev, now.st_ino) == (self.status.st_dev, self.status.st_ino)

    def writable(self) -> bool:
        """Whether names in it may be changed; not on a read-only file system, even by root."""
        return os.access(self.at("."), os.W_OK, dir_fd=self.fd)

    def find(self, name: str) -> os.stat_result | None:
        """What stands under a name, links not followed; None where nothing does."""
        try:
            return os.stat(self.at(name), dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Open a file in it; never through a symbolic link."""
        flags |= system.OPEN | system.NO_SURPRISE
        return os.open(self.at(name), flags, mode, dir_fd=self.fd)

    def file(self, name: str, flags: int) -> io.FileIO:
        """Open a file in it, unbuffered."""
        return io.FileIO(self.open(name, flags), "r+" if flags & os.O_RDWR else "r")

    def names(self) -> list[str]:
        """All names in it."""
        return os.listdir(self.path if self.fd is None else self.fd)  # noqa: PTH208

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(self.at(name), dir_fd=self.fd)

    def sync(self) -> None:
        """Make the names in it durable; Windows does so by itself."""
        if self.fd is not None:
            system.sync(self.fd)

    def space(self) -> Space:
        """The room an ordinary user has on its file system."""
        if sys.platform == "win32" or self.fd is None:
            usage = shutil.disk_usage(self.path)
            return Space(usage.free, usage.total)
        found = os.fstatvfs(self.fd)
        return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)

    def fingerprint(self) -> tuple[int, int]:
        """Tells this folder from one on another drive, also after a reboot.

        It is the inode and the file system's id, which ext4, xfs and btrfs take from their UUID.
        """
        if sys.platform == "win32" or self.fd is None:
            return self.status.st_ino, self.status.st_dev
        return self.status.st_ino, os.fstatvfs(self.fd).f_fsid

    def disk(self) -> str:
        """The name of the physical disk below, such as "sda"; else the device's numbers."""
        number = self.status.st_dev
        if sys.platform != "linux":
            return f"device {number}"
        numbers = f"{os.major(number)}:{os.minor(number)}"
        block = os.path.realpath(f"/sys/dev/block/{numbers}")
        if not os.path.isdir(block):  # noqa: PTH112 - network, tmpfs, btrfs
            return numbers
        if os.path.exists(f"{block}/partition"):  # noqa: PTH110
            block = os.path.dirname(block)  # noqa: PTH120
        return os.path.basename(block)  # noqa: PTH119


def move_name(source: Place, name: str, target: Place, new: str) -> None:
    """Rename a file from folder to folder without ever replacing another.

    Raises:
        FileExistsError: the new name is taken.
        OSError: EXDEV between file systems.
    """
    system.rename_no_replace(source.fd, source.at(name), target.fd, target.at(new))


def is_file(status: os.stat_result) -> bool:
    """Whether this is a regular file."""
    return stat.S_ISREG(status.st_mode)
