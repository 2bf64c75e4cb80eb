"""A drive's model and bus from Linux's /sys, and its label from where udev left it."""

from __future__ import annotations

import os
from pathlib import Path

from plotobot.engine.drives.mountinfo import udev_facts, unescape_hex
from plotobot.engine.drives.superblock import Identity, read_identity

_BUS_BY_NAME = {"nvme": "NVMe", "mmcblk": "SD", "zram": "RAM", "ram": "RAM", "loop": "loop"}
_BUS_BY_PATH = {"/usb": "USB", "/ata": "SATA", "/virtio": "virtio", "/fw": "FireWire"}
_DEEPEST = 4
"""How many layers (LUKS on LVM on RAID) are followed down to a drive."""


def hardware(device: str, sys: Path = Path("/sys")) -> tuple[str | None, str | None]:
    """A device's model and bus, such as ("Samsung SSD 980", "NVMe"); None for what is unknown.

    Args:
        device: the device's path, such as /dev/sda1 or /dev/mapper/plots.
        sys: where sysfs is mounted.
    """
    disk = _disk(sys / "class/block" / Path(os.path.realpath(device)).name, _DEEPEST)
    if disk is None:
        return None, None
    model = _first_line(disk / "device/model")
    return model, _bus(disk)


def _disk(block: Path, depth: int) -> Path | None:
    """The whole drive below a partition or a mapped device."""
    try:
        real = Path(os.path.realpath(block, strict=True))
        if (real / "partition").exists():
            real = real.parent
        below = sorted((real / "slaves").iterdir()) if (real / "slaves").is_dir() else []
    except OSError:
        return None
    return _disk(below[0], depth - 1) if below and depth else real


def _bus(disk: Path) -> str | None:
    for start, bus in _BUS_BY_NAME.items():
        if disk.name.startswith(start):
            return bus
    return next((bus for part, bus in _BUS_BY_PATH.items() if part in str(disk)), None)


def identity(device: str, *, dev: Path, sys: Path, udev: Path) -> Identity:
    """A file system's label and uuid: from udev's record, its links, or the superblock.

    udev's record comes first, since of two drives with the same label only one gets a link.

    Args:
        device: the device's path.
        dev: where /dev is.
        sys: where /sys is.
        udev: where udev keeps its records, /run/udev/data.
    """
    real = Path(os.path.realpath(device))
    number = _first_line(sys / "class/block" / real.name / "dev")
    facts = udev_facts(_text(udev / f"b{number}")) if number else {}
    label, uuid = facts.get("ID_FS_LABEL_ENC"), facts.get("ID_FS_UUID_ENC")
    label = label or _link(dev / "disk/by-label", real)
    uuid = uuid or _link(dev / "disk/by-uuid", real)
    if label or uuid:
        return Identity(label and unescape_hex(label), uuid and unescape_hex(uuid))
    return _own_words(real) or Identity(None, None)


def _link(folder: Path, device: Path) -> str | None:
    """The name of the link in a folder of /dev/disk that leads to a device."""
    try:
        return next(
            (link.name for link in folder.iterdir() if os.path.realpath(link) == str(device)), None
        )
    except OSError:
        return None


def _own_words(device: Path) -> Identity | None:
    try:
        if not (device.is_block_device() or device.is_file()):
            return None
        with device.open("rb", buffering=0) as disk:
            return read_identity(disk)
    except OSError:
        return None


def _first_line(path: Path) -> str | None:
    return _text(path).split("\n")[0].strip() or None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
