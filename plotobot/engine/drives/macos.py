"""File systems on macOS: `diskutil info -plist` and the list of mounts.

Type-checked and tested on recorded text; this module has not been run on macOS.
"""

from __future__ import annotations

import os
import plistlib
import subprocess
from dataclasses import replace
from xml.parsers.expat import ExpatError

import psutil

from plotobot.engine.drives.posix import real_folder, room
from plotobot.engine.drives.volumes import Space, Volume, covering

_DISKUTIL = "/usr/sbin/diskutil"
_LONGEST = 10.0
"""Seconds for one run of diskutil; it waits while a disk spins up."""
_SYSTEM = "/System/Volumes/"
_NO_DRIVES = frozenset({"devfs", "autofs"})


class MacVolumes:
    """A `VolumeSource` for macOS."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], Volume] = {}

    def volumes(self) -> list[Volume]:
        """Every mounted volume apart from the system's own helpers."""
        return [
            _fresh(self._volume(part.mountpoint, part.device, part.fstype))
            for part in psutil.disk_partitions(all=True)
            if part.fstype not in _NO_DRIVES and not part.mountpoint.startswith(_SYSTEM)
        ]

    def look(self, path: str) -> Space:
        """Look at one folder; see `VolumeSource.look`."""
        real = real_folder(path)
        found = room(real)
        volume = covering(real, self.volumes())
        return Space(
            real=real,
            mount_point=volume.mount_point if volume else "/",
            filesystem=volume.filesystem if volume else "",
            total=found.total,
            free=found.free,
            read_only=found.read_only or not os.access(real, os.W_OK),
        )

    def _volume(self, mount_point: str, device: str, fs_type: str) -> Volume:
        """Ask once a mount: diskutil takes a good part of a second."""
        key = (mount_point, device)
        if key not in self._told:
            plist = _diskutil(mount_point) if device.startswith("/dev/") else b""
            self._told[key] = parse_diskutil(plist, mount_point, device, fs_type)
        return self._told[key]


def parse_diskutil(plist: bytes, mount_point: str, device: str, fs_type: str) -> Volume:
    """Read what `diskutil info -plist` says of a volume.

    Volumes of one APFS container share their free space, so the container tells them apart.

    Args:
        plist: diskutil's output; anything else gives a volume without a label.
        mount_point: where it is mounted.
        device: such as /dev/disk3s1.
        fs_type: the mount's own word, such as "apfs".
    """
    try:
        said = plistlib.loads(plist)
    except (plistlib.InvalidFileException, ExpatError, ValueError, OverflowError):
        said = {}
    facts = said if isinstance(said, dict) else {}
    memory = facts.get("BusProtocol") == "Disk Image" and facts.get("VirtualOrPhysical") == "RAM"
    return Volume(
        mount_point=mount_point,
        filesystem=_text(facts, "APFSContainerReference") or device,
        device=device,
        fs_type=_text(facts, "FilesystemType") or fs_type,
        label=_text(facts, "VolumeName"),
        uuid=_text(facts, "VolumeUUID"),
        total=_size(facts, "APFSContainerSize") or _size(facts, "TotalSize"),
        free=_size(facts, "APFSContainerFree") or _size(facts, "FreeSpace"),
        read_only=facts.get("WritableVolume") is False,
        model=_text(facts, "MediaName"),
        bus="RAM" if memory else _text(facts, "BusProtocol"),
    )


def _fresh(volume: Volume) -> Volume:
    """The volume with its free bytes of now."""
    try:
        found = room(volume.mount_point)
    except OSError:
        return replace(volume, free=0)
    return replace(volume, total=found.total, free=found.free, read_only=found.read_only)


def _diskutil(mount_point: str) -> bytes:
    command = [_DISKUTIL, "info", "-plist", mount_point]
    try:
        return subprocess.run(command, capture_output=True, timeout=_LONGEST, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return b""


def _text(facts: dict[object, object], key: str) -> str | None:
    value = facts.get(key)
    return value.strip() or None if isinstance(value, str) else None


def _size(facts: dict[object, object], key: str) -> int:
    value = facts.get(key)
    return value if isinstance(value, int) and value >= 0 else 0
