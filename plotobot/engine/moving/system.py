"""What only the operating system can do for a copy, one small function each.

On Linux by its own calls; elsewhere by the next best thing (type-checked, not run by us).
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from typing import Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NOT_HERE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ESPIPE)
"""What file systems and kernels answer that do not know a call."""

_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE: only take the room. With the size FAT and others would write zeros."""
_START, _START_AND_WAIT = 2, 7
"""Flags of sync_file_range: WRITE; and WAIT_BEFORE, WRITE and WAIT_AFTER."""
_NO_REPLACE = 1
"""RENAME_NOREPLACE of renameat2."""

OPEN = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_BINARY", "O_NOINHERIT"))
"""Flags that every opening here has."""
NO_SURPRISE = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY"))
"""Flags against symbolic links, pipes and devices that stand where a file should."""


def lock(fd: int) -> bool:
    """Lock an open file for as long as it is open; False when somebody else has it."""
    try:
        if sys.platform == "win32":
            os.lseek(fd, 1 << 60, os.SEEK_SET)  # far behind the bytes, which others may read
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            os.lseek(fd, 0, os.SEEK_SET)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as problem:
        # A file system without locks; NFS locks no file that is open for reading only.
        return problem.errno in (*_NOT_HERE, errno.ENOLCK, errno.EBADF)
    return True


def sync(fd: int) -> None:
    """Wait until all of a file is on the disk, beyond the drive's own cache where that works."""
    if sys.platform == "darwin":
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fd)


if sys.platform == "linux":

    @cache
    def _libc() -> Any:
        libc = ctypes.CDLL(None, use_errno=True)
        off = ctypes.c_int64
        libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, off, off]
        libc.sync_file_range.argtypes = [ctypes.c_int, off, off, ctypes.c_uint]
        return libc

    def _call(function: Any, *arguments: Any) -> None:
        if function(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def _call_if_known(function: Any, *arguments: Any) -> None:
        try:
            _call(function, *arguments)
        except OSError as problem:
            if problem.errno not in _NOT_HERE:
                raise

    def reserve(fd: int, size: int) -> None:
        """Take the room for `size` bytes at once, so that a full disk is known at the start."""
        _call_if_known(_libc().fallocate, fd, _KEEP_SIZE, 0, size)

    def start_writing(fd: int, start: int, length: int) -> None:
        """Have these bytes written to the disk, without waiting."""
        _call_if_known(_libc().sync_file_range, fd, start, length, _START)

    def finish_writing(fd: int, start: int, length: int) -> None:
        """Wait until these bytes are written. This alone makes nothing durable."""
        _call_if_known(_libc().sync_file_range, fd, start, length, _START_AND_WAIT)

    def drop(fd: int, start: int, length: int) -> None:
        """Let go of the page cache for these bytes; a length of 0 means to the end."""
        os.posix_fadvise(fd, start, length, os.POSIX_FADV_DONTNEED)

    def expect_sequence(fd: int) -> None:
        """Have the file read ahead."""
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)

    def rename_no_replace(
        source_fd: int | None, name: str, target_fd: int | None, new: str
    ) -> None:
        """Rename, unless the new name is taken.

        Raises:
            FileExistsError: it is taken.
            OSError: EXDEV, where the two are on different file systems; and whatever comes.
        """
        at = (source_fd, os.fsencode(name), target_fd, os.fsencode(new), _NO_REPLACE)
        try:
            _call(_libc().renameat2, *at)
        except (AttributeError, OSError) as problem:
            if isinstance(problem, OSError) and problem.errno not in _NOT_HERE:
                raise
            link_and_unlink(source_fd, name, target_fd, new)

else:

    def reserve(fd: int, size: int) -> None:
        """Nothing here: a full disk is known when it is full."""

    def start_writing(fd: int, start: int, length: int) -> None:
        """Nothing here."""

    def finish_writing(fd: int, start: int, length: int) -> None:
        """Wait until all that was written so far is on the disk."""
        os.fsync(fd)

    def drop(fd: int, start: int, length: int) -> None:
        """Nothing here."""

    def expect_sequence(fd: int) -> None:
        """Nothing here."""

    def rename_no_replace(
        source_fd: int | None, name: str, target_fd: int | None, new: str
    ) -> None:
        """Rename, unless the new name is taken; Windows' own rename never replaces."""
        if sys.platform == "win32":
            os.rename(name, new)  # noqa: PTH104
        else:
            link_and_unlink(source_fd, name, target_fd, new)


def link_and_unlink(source_fd: int | None, name: str, target_fd: int | None, new: str) -> None:
    """Rename in two steps, of which the first never replaces anything.

    A crash between them leaves one file with two names, which a move resolves when it goes on.
    Where there are no links either (exFAT by FUSE, some SMB servers), a look comes before the
    rename: our own locks keep other movers out, and a plot's id in its name everybody else.
    """
    try:
        os.link(name, new, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)
    except OSError as problem:
        if problem.errno not in (*_NOT_HERE, errno.EPERM, errno.EMLINK):
            raise
        _look_and_rename(source_fd, name, target_fd, new)
    else:
        os.unlink(name, dir_fd=source_fd)


def _look_and_rename(source_fd: int | None, name: str, target_fd: int | None, new: str) -> None:
    try:
        os.stat(new, dir_fd=target_fd, follow_symlinks=False)
    except FileNotFoundError:
        os.rename(name, new, src_dir_fd=source_fd, dst_dir_fd=target_fd)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
