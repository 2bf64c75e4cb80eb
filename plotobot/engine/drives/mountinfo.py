r"""Readers for the texts in which Linux tells of mounts and labels; they never raise.

The form of `/proc/self/mountinfo` is in proc(5), with `\040` for a blank; udev writes `\x20`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
_HEX = re.compile(rb"\\x([0-9a-fA-F]{2})")

# fmt: off
NO_DRIVES = frozenset({
    "autofs", "bdev", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cpuset", "debugfs",
    "devpts", "devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nfsd", "nsfs", "pipefs",
    "proc", "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "sockfs", "sysfs", "tracefs",
})
# fmt: on
"""File system types that never hold files of a farmer's."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo."""

    id: int
    """The kernel's number of this very mount; a later mount at the same place has another."""
    device_number: str
    """The file system's major:minor, such as "8:17"."""
    root: str
    """Which folder of the file system is mounted; "/" is the whole."""
    mount_point: str
    fs_type: str
    source: str
    """The device, or what stands in its place: "tmpfs", "server:/export"."""


def parse_mountinfo(raw: bytes) -> list[Mount]:
    """Read all lines; those that are damaged are left out."""
    return [mount for line in raw.split(b"\n") if (mount := _mount(line)) is not None]


def _mount(line: bytes) -> Mount | None:
    # The optional fields have no fixed number; a lone dash ends them.
    front, dash, back = line.partition(b" - ")
    left, right = front.split(b" "), back.split(b" ")
    if not dash or len(left) < 6 or len(right) < 2 or not left[4].startswith(b"/"):
        return None
    if not re.fullmatch(rb"[0-9]{1,10}", left[0]):
        return None
    return Mount(
        id=int(left[0]),
        device_number=os.fsdecode(left[2]),
        root=unescape_octal(left[3]),
        mount_point=unescape_octal(left[4]),
        fs_type=os.fsdecode(right[0]),
        source=unescape_octal(right[1]),
    )


def parse_fstab(raw: bytes) -> list[str]:
    """The places where /etc/fstab mounts file systems, without the root; see fstab(5)."""
    lines = (line.split() for line in raw.split(b"\n") if not line.lstrip().startswith(b"#"))
    places = (unescape_octal(fields[1]) for fields in lines if len(fields) > 2)
    return [place.rstrip("/") for place in places if place.startswith("/") and place.strip("/")]


def unescape_octal(raw: bytes) -> str:
    r"""Turn mountinfo's `\040` back into a blank; other bytes stay as in Python's paths."""
    return os.fsdecode(_OCTAL.sub(lambda hit: bytes([int(hit[1], 8)]), raw))


def unescape_hex(text: str) -> str:
    r"""Turn udev's `\x20` back into a blank."""
    raw = text.encode("utf-8", "replace")
    return _HEX.sub(lambda hit: bytes([int(hit[1], 16)]), raw).decode("utf-8", "replace")


def udev_facts(text: str) -> dict[str, str]:
    """The properties in udev's record of a device, `/run/udev/data/b8:17`: its `E:` lines."""
    lines = (line[2:].partition("=") for line in text.split("\n") if line.startswith("E:"))
    return {key: value for key, equals, value in lines if equals}
