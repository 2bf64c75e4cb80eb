"""Labels and identities straight from a file system's own first blocks.

For machines without udev. The offsets are those of the kernel's headers (ext4.h, xfs_format.h,
btrfs_tree.h) and of Microsoft's descriptions of FAT, exFAT and NTFS. Every read has a bound, and no
length found on the disk is trusted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

_SECTOR = 512
_HEAD = 4096
_TABLE = 16384
"""The most that is read of a root directory."""
_BTRFS_AT = 65536
_FARTHEST = 1 << 62


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file system says of itself."""

    label: str | None
    uuid: str | None


def read_identity(disk: BinaryIO) -> Identity | None:
    """Recognise ext2/3/4, xfs, btrfs, FAT, exFAT and NTFS by their marks.

    Args:
        disk: the device or image, readable and seekable; at most 40 KiB of it are read.

    Returns:
        None where it is none of these, or cannot be read.
    """
    try:
        head = _read(disk, 0, _HEAD)
        if len(head) < _SECTOR:
            return None
        for reader in (_ext, _xfs, _ntfs, _exfat, _fat):
            if (identity := reader(disk, head)) is not None:
                return identity
        return _btrfs(_read(disk, _BTRFS_AT, _HEAD))
    except (OSError, struct.error, IndexError):
        return None


def _read(disk: BinaryIO, at: int, size: int) -> bytes:
    if not 0 <= at < _FARTHEST:
        raise OSError("the place lies outside of any disk")
    disk.seek(at)
    return disk.read(size)


def _ext(_: BinaryIO, head: bytes) -> Identity | None:
    block = head[1024:2048]
    if block[0x38:0x3A] != b"\x53\xef":
        return None
    return Identity(_text(block[0x78:0x88]), _uuid(block[0x68:0x78]))


def _xfs(_: BinaryIO, head: bytes) -> Identity | None:
    if head[:4] != b"XFSB":
        return None
    return Identity(_text(head[108:120]), _uuid(head[32:48]))


def _btrfs(block: bytes) -> Identity | None:
    if block[0x40:0x48] != b"_BHRfS_M":
        return None
    return Identity(_text(block[0x12B:0x22B]), _uuid(block[0x20:0x30]))


def _ntfs(disk: BinaryIO, head: bytes) -> Identity | None:
    if head[3:11] != b"NTFS    ":
        return None
    sector, per_cluster = struct.unpack_from("<HB", head, 0x0B)
    (table,) = struct.unpack_from("<Q", head, 0x30)
    (size,) = struct.unpack_from("<b", head, 0x40)
    record = 1 << -size if -13 < size < 0 else size * sector * per_cluster
    # Record 3 of the master file table is $Volume.
    volume = _read(disk, table * sector * per_cluster + 3 * record, min(abs(record), _HEAD))
    return Identity(_ntfs_name(_mended(volume)), f"{struct.unpack_from('<Q', head, 0x48)[0]:016X}")


def _mended(record: bytes) -> bytes:
    """NTFS keeps the last two bytes of each 512 elsewhere, to notice torn writes."""
    at, count = struct.unpack_from("<HH", record, 4)
    mended = bytearray(record)
    for part in range(1, min(count, len(record) // 512 + 1)):
        saved = record[at + 2 * part : at + 2 * part + 2]
        if len(saved) == 2:
            mended[part * 512 - 2 : part * 512] = saved
    return bytes(mended)


def _ntfs_name(record: bytes) -> str | None:
    """The attribute 0x60, $VOLUME_NAME, of a file record."""
    if record[:4] != b"FILE":
        return None
    (at,) = struct.unpack_from("<H", record, 0x14)
    while at + 24 <= len(record):
        kind, length = struct.unpack_from("<II", record, at)
        if kind == 0x60 and record[at + 8] == 0:
            size, offset = struct.unpack_from("<IH", record, at + 0x10)
            return _text(record[at + offset : at + offset + min(size, 256)], "utf-16-le")
        if kind == 0xFFFFFFFF or length < 24:
            return None
        at += length
    return None


def _exfat(disk: BinaryIO, head: bytes) -> Identity | None:
    if head[3:11] != b"EXFAT   ":
        return None
    (heap,) = struct.unpack_from("<I", head, 0x58)
    root, serial = struct.unpack_from("<I", head, 0x60)[0], struct.unpack_from("<I", head, 0x64)[0]
    sector, cluster = head[0x6C], head[0x6D]
    if sector > 12 or cluster > 25 or root < 2:
        return None
    table = _read(disk, (heap + ((root - 2) << cluster)) << sector, _TABLE)
    for at in range(0, len(table) - 31, 32):
        if table[at] == 0x83:  # the volume label's entry; its length counts characters
            letters = min(table[at + 1], 11)
            name = _text(table[at + 2 : at + 2 + 2 * letters], "utf-16-le")
            return Identity(name, _serial(serial))
        if table[at] == 0:
            break
    return Identity(None, _serial(serial))


def _fat(disk: BinaryIO, head: bytes) -> Identity | None:
    big = head[0x52:0x57] == b"FAT32"
    if not big and head[0x36:0x39] != b"FAT":
        return None
    serial_at, label_at = (0x43, 0x47) if big else (0x27, 0x2B)
    serial = _serial(struct.unpack_from("<I", head, serial_at)[0])
    # Windows renames only the entry in the root directory and leaves the boot sector's name.
    name = _fat_entry(_read(disk, _fat_root(head, big), _TABLE))
    return Identity(name or _fat_name(head[label_at : label_at + 11]), serial)


def _fat_root(head: bytes, big: bool) -> int:
    """Where the root directory starts, in bytes."""
    sector, per_cluster, reserved, tables = struct.unpack_from("<HBHB", head, 0x0B)
    if not big:
        return int(sector * (reserved + tables * struct.unpack_from("<H", head, 0x16)[0]))
    (table_size,) = struct.unpack_from("<I", head, 0x24)
    (root,) = struct.unpack_from("<I", head, 0x2C)
    return int(sector * (reserved + tables * table_size + max(0, root - 2) * per_cluster))


def _fat_entry(table: bytes) -> str | None:
    for at in range(0, len(table) - 31, 32):
        first, attributes = table[at], table[at + 11]
        if first == 0:
            return None
        if first != 0xE5 and attributes & 0x3F == 0x08:  # live, and a label; 0x0F is a long name
            return _fat_name(table[at : at + 11])
    return None


def _fat_name(raw: bytes) -> str | None:
    name = raw.decode("cp437").split("\0")[0].rstrip()
    return None if name in ("", "NO NAME") else name


def _text(raw: bytes, encoding: str = "utf-8") -> str | None:
    return raw.decode(encoding, "replace").split("\0")[0].strip() or None


def _uuid(raw: bytes) -> str | None:
    return str(UUID(bytes=raw)) if len(raw) == 16 and any(raw) else None


def _serial(number: int) -> str:
    return f"{number >> 16:04X}-{number & 0xFFFF:04X}"
