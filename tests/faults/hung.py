"""A file system that never answers: every look at it waits until it is let go."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

MNT_DETACH = 2


@contextlib.contextmanager
def hung_mount(folder: Path) -> Iterator[None]:
    """Hang a folder, while inside: a FUSE whose server reads no question (Linux, root)."""
    libc = ctypes.CDLL(None, use_errno=True)
    fuse = os.open("/dev/fuse", os.O_RDWR)
    try:
        options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0".encode()
        if libc.mount(b"hung", os.fsencode(folder), b"fuse", 0, options):
            raise OSError(ctypes.get_errno(), "mount")
        try:
            yield
        finally:
            os.close(fuse)  # first: it frees all who wait, with an error
            fuse = -1
            libc.umount2(os.fsencode(folder), MNT_DETACH)
    finally:
        if fuse >= 0:
            os.close(fuse)


def needs_fuse(folder: Path) -> None:
    """Skip where nothing can be mounted so; in CI that is a failure."""
    with contextlib.suppress(OSError, AttributeError), hung_mount(folder):
        return
    if os.environ.get("CI"):
        pytest.fail("CI must be able to mount a FUSE")
    pytest.skip("no FUSE can be mounted here")
