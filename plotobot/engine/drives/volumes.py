"""Mounted file systems, and who can tell of them on this platform."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Volume:
    """A file system where it is mounted. Sizes are bytes."""

    mount_point: str
    filesystem: str
    """Tells file systems apart while they are mounted: on Linux the device's numbers, "8:17"."""
    device: str | None = None
    fs_type: str | None = None
    label: str | None = None
    uuid: str | None = None
    """The file system's own identity, the same after it was mounted elsewhere."""
    total: int = 0
    free: int = 0
    """What an ordinary user may still write; 0 where the file system gives no answer."""
    read_only: bool = False
    model: str | None = None
    bus: str | None = None
    """How the drive hangs on the machine: "NVMe", "SATA", "USB", "RAM" and the like."""
    whole: bool = True
    """False where only a folder of the file system is mounted (a bind mount, a subvolume)."""


@dataclass(frozen=True, slots=True)
class Space:
    """What one look at a folder shows. Sizes are bytes."""

    real: str
    """The folder without symbolic links."""
    mount_point: str
    """Where the file system that holds it is mounted."""
    filesystem: str
    """The same words as `Volume.filesystem`."""
    total: int
    free: int
    read_only: bool
    """The file system is mounted so, or this user may not write into the folder."""
    unmounted: str | None = None
    """A mount point above the folder that lacks the file system which belongs there."""


class VolumeSource(Protocol):
    """Tells of this machine's file systems. Both methods block on disks."""

    def volumes(self) -> list[Volume]:
        """Every mounted file system that can hold files."""
        ...

    def look(self, path: str) -> Space:
        """Look at one folder.

        Raises:
            OSError: there is no such folder, or it does not answer.
        """
        ...


def is_within(path: str, parent: str) -> bool:
    """Whether a path is a folder or lies below it, by its text alone."""
    path, parent = os.path.normcase(path), os.path.normcase(parent)
    return path == parent or path.startswith(os.path.join(parent, ""))  # noqa: PTH118 - text only


class _Mounted(Protocol):
    @property
    def mount_point(self) -> str: ...


_M = TypeVar("_M", bound=_Mounted)


def covering(real: str, mounts: Iterable[_M]) -> _M | None:
    """The mount that holds a path: the deepest one above it, the latest of equals."""
    best: _M | None = None
    for mount in mounts:
        if is_within(real, mount.mount_point) and (
            best is None or len(mount.mount_point) >= len(best.mount_point)
        ):
            best = mount
    return best
