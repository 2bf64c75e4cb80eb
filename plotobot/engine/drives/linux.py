"""File systems on Linux: /proc/self/mountinfo, /sys, udev's records and superblocks."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

from plotobot.engine.drives.mountinfo import NO_DRIVES, Mount, parse_fstab, parse_mountinfo
from plotobot.engine.drives.posix import Room, real_folder, room
from plotobot.engine.drives.superblock import Identity
from plotobot.engine.drives.sysblock import hardware, identity
from plotobot.engine.drives.volumes import Space, Volume, covering, is_within
from plotobot.engine.drives.waiting import Patience

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
PATIENCE = 3.0
"""Seconds a file system gets for its answer before it is listed without sizes."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where Linux keeps what is asked for; other places in tests."""

    mountinfo: Path = Path("/proc/self/mountinfo")
    fstab: Path = Path("/etc/fstab")
    dev: Path = Path("/dev")
    sys: Path = Path("/sys")
    udev: Path = Path("/run/udev/data")


class LinuxVolumes:
    """A `VolumeSource` for Linux. Needs no privileges where udev runs."""

    def __init__(self, places: Places | None = None, patience: float = PATIENCE) -> None:
        self._places = places or Places()
        self._patience: Patience[int, Volume] = Patience(patience)
        self._latest: tuple[bytes, list[Mount]] = (b"", [])
        self._identities: dict[int, tuple[Hashable, Identity]] = {}

    def volumes(self) -> list[Volume]:
        """Every mount that can hold files; one that hangs is listed with sizes of 0."""
        mounts = self._mounts()
        self._forget({mount.id for mount in mounts})
        plain = {mount.id: self._plain(mount) for mount in mounts}
        asked = {mount.id: self._asking(mount, plain[mount.id]) for mount in mounts}
        answers = self._patience.ask(asked)
        return [
            answer if isinstance(answer := answers[number], Volume) else bare
            for number, bare in plain.items()
        ]

    def look(self, path: str) -> Space:
        """Look at one folder; see `VolumeSource.look`."""
        real = real_folder(path)
        found = room(real)
        mount = covering(real, self._mounts())
        mount_point = mount.mount_point if mount else "/"
        return Space(
            real=real,
            mount_point=mount_point,
            filesystem=mount.device_number if mount else "",
            total=found.total,
            free=found.free,
            read_only=found.read_only or not os.access(real, os.W_OK),
            unmounted=self._unmounted(real, mount_point),
        )

    def _unmounted(self, real: str, mount_point: str) -> str | None:
        """The place between a folder and its mount where /etc/fstab wants another."""
        try:
            wanted = parse_fstab(self._places.fstab.read_bytes())
        except OSError:
            return None
        between = (
            place
            for place in wanted
            if place != mount_point and is_within(place, mount_point) and is_within(real, place)
        )
        return max(between, key=len, default=None)

    def _mounts(self) -> list[Mount]:
        """The mounts that can be seen: a later one at the same place hides those before it."""
        raw = self._places.mountinfo.read_bytes()
        text, mounts = self._latest
        if raw != text:  # each folder asks, and it seldom changes
            visible = {mount.mount_point: mount for mount in parse_mountinfo(raw)}
            mounts = [mount for mount in visible.values() if mount.fs_type not in NO_DRIVES]
            self._latest = (raw, mounts)
        return mounts

    def _plain(self, mount: Mount) -> Volume:
        """What is known without asking the drive."""
        _, known = self._identities.get(mount.id, (None, Identity(None, None)))
        memory = mount.fs_type in _IN_MEMORY
        device = mount.source if mount.source.startswith("/") else None
        model, bus = hardware(device, self._places.sys) if device else (None, None)
        return Volume(
            mount_point=mount.mount_point,
            filesystem=mount.device_number,
            device=device,
            fs_type=mount.fs_type,
            label=known.label,
            uuid=known.uuid,
            model=model,
            bus="RAM" if memory else bus,
            whole=mount.root == "/",
        )

    def _asking(self, mount: Mount, plain: Volume) -> Callable[[], Volume]:
        def asked() -> Volume:
            found = room(mount.mount_point)
            said = self._identity(mount, found)
            return replace(
                plain,
                label=said.label,
                uuid=said.uuid,
                total=found.total,
                free=found.free,
                read_only=found.read_only,
            )

        return asked

    def _identity(self, mount: Mount, found: Room) -> Identity:
        """Label and uuid, read once a mount: asking again could wake a sleeping drive.

        The kernel gives a mount's number again at once, so more must be the same: the sizes, the
        file system's number and the device's node, which is made anew when a drive is plugged in.
        """
        mark = (mount.source, mount.fs_type, found.fsid, found.total, _made_at(mount.source))
        known_by, said = self._identities.get(mount.id, (None, Identity(None, None)))
        if known_by != mark:
            said = self._read_identity(mount.source)
            self._identities[mount.id] = (mark, said)
        return said

    def _read_identity(self, source: str) -> Identity:
        if not source.startswith("/"):
            return Identity(None, None)
        at = self._places
        return identity(source, dev=at.dev, sys=at.sys, udev=at.udev)

    def _forget(self, mounted: set[int]) -> None:
        """Drop what was read of mounts that are gone."""
        for gone in self._identities.keys() - mounted:
            del self._identities[gone]


def _made_at(device: str) -> int | None:
    try:
        return Path(device).stat().st_ctime_ns if device.startswith("/") else None
    except OSError:
        return None
