from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.drives.superblock import Identity, read_identity

UUID = "12345678-1234-5678-1234-567812345678"


def _mkfs(path: Path, mib: int, *command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not there")
    with path.open("wb") as file:
        file.truncate(mib << 20)
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("fs_type", ["ext2", "ext3", "ext4"])
def test_reads_ext(tmp_path: Path, fs_type: str) -> None:
    image = tmp_path / "a.img"
    _mkfs(image, 16, "mkfs.ext4", "-q", "-t", fs_type, "-L", "my plots", "-U", UUID)
    with image.open("rb") as disk:
        assert read_identity(disk) == Identity("my plots", UUID)


@pytest.mark.parametrize(("bits", "mib"), [(12, 4), (16, 16), (32, 64)])
def test_reads_fat(tmp_path: Path, bits: int, mib: int) -> None:
    image = tmp_path / "a.img"
    _mkfs(image, mib, "mkfs.vfat", "-F", str(bits), "-n", "PLOT A", "-i", "1a2b3c4d")
    with image.open("rb") as disk:
        assert read_identity(disk) == Identity("PLOT A", "1A2B-3C4D")


@pytest.mark.parametrize("command", [["mkfs.ext4", "-q"], ["mkfs.vfat"]], ids=["ext4", "vfat"])
def test_a_file_system_without_a_label_has_none(tmp_path: Path, command: list[str]) -> None:
    image = tmp_path / "a.img"
    _mkfs(image, 16, *command)
    with image.open("rb") as disk:
        identity = read_identity(disk)
    assert identity is not None
    assert identity.label is None
    assert identity.uuid


def test_fat_trusts_the_root_directory_before_the_boot_sector(tmp_path: Path) -> None:
    image = tmp_path / "a.img"
    _mkfs(image, 64, "mkfs.vfat", "-F", "32", "-n", "NEW")
    raw = bytearray(image.read_bytes())
    raw[0x47 : 0x47 + 11] = b"OLD NAME   "
    identity = read_identity(io.BytesIO(bytes(raw)))
    assert identity is not None
    assert identity.label == "NEW"


def _xfs() -> bytes:
    raw = bytearray(8192)
    raw[:4] = b"XFSB"
    raw[32:48] = bytes.fromhex(UUID.replace("-", ""))
    raw[108:120] = b"plots".ljust(12, b"\0")
    return bytes(raw)


def _btrfs() -> bytes:
    raw = bytearray(131072)
    block = 65536
    raw[block + 0x20 : block + 0x30] = bytes.fromhex(UUID.replace("-", ""))
    raw[block + 0x40 : block + 0x48] = b"_BHRfS_M"
    raw[block + 0x12B : block + 0x130] = b"plots"
    return bytes(raw)


def _exfat() -> bytes:
    raw = bytearray(65536)
    raw[3:11] = b"EXFAT   "
    struct.pack_into("<I", raw, 0x58, 16)  # the heap starts at sector 16
    struct.pack_into("<II", raw, 0x60, 3, 0x1A2B3C4D)  # the root is its second cluster
    raw[0x6C], raw[0x6D] = 9, 3
    root = (16 + 8) * 512
    raw[root] = 0x81  # an entry before the label's
    raw[root + 32], raw[root + 33] = 0x83, 5
    raw[root + 34 : root + 44] = "plots".encode("utf-16-le")
    return bytes(raw)


def _ntfs() -> bytes:
    raw = bytearray(65536)
    raw[3:11] = b"NTFS    "
    struct.pack_into("<HB", raw, 0x0B, 512, 8)
    struct.pack_into("<Q", raw, 0x30, 4)
    struct.pack_into("<b", raw, 0x40, -10)
    struct.pack_into("<Q", raw, 0x48, 0x1A2B3C4D5E6F7081)
    record = 4 * 4096 + 3 * 1024
    raw[record : record + 4] = b"FILE"
    struct.pack_into("<HH", raw, record + 4, 0x30, 3)
    struct.pack_into("<H", raw, record + 0x14, 0x38)
    # A first attribute so long that the name's letters lie across the end of a sector.
    struct.pack_into("<II", raw, record + 0x38, 0x10, 0x1FC - 0x38 - 24)
    name = record + 0x1FC - 24
    struct.pack_into("<II", raw, name, 0x60, 48)
    struct.pack_into("<IH", raw, name + 0x10, 10, 24)
    raw[name + 24 : name + 34] = "plots".encode("utf-16-le")
    raw[record + 0x32 : record + 0x34] = raw[record + 510 : record + 512]
    raw[record + 0x34 : record + 0x36] = raw[record + 1022 : record + 1024]
    raw[record + 510 : record + 512] = raw[record + 1022 : record + 1024] = b"\x07\x00"
    return bytes(raw)


@pytest.mark.parametrize(
    ("image", "uuid"),
    [
        pytest.param(_xfs(), UUID, id="xfs"),
        pytest.param(_btrfs(), UUID, id="btrfs"),
        pytest.param(_exfat(), "1A2B-3C4D", id="exfat"),
        pytest.param(_ntfs(), "1A2B3C4D5E6F7081", id="ntfs"),
    ],
)
def test_reads_blocks_laid_out_by_hand(image: bytes, uuid: str) -> None:
    assert read_identity(io.BytesIO(image)) == Identity("plots", uuid)


MARKS = (b"XFSB", b"NTFS", b"EXFAT", b"FAT", b"_BHR", b"\x53\xef")


@given(st.binary(max_size=8192).filter(lambda raw: not any(mark in raw for mark in MARKS)))
def test_random_bytes_are_no_file_system(raw: bytes) -> None:
    assert read_identity(io.BytesIO(raw)) is None


@given(st.sampled_from(MARKS), st.binary(max_size=4096))
def test_random_bytes_behind_a_mark_raise_nothing(mark: bytes, raw: bytes) -> None:
    for at in (0, 3, 0x36, 0x52, 1024 + 0x38):
        read_identity(io.BytesIO(raw[:at].ljust(at, b"\1") + mark + raw[at:]))


@given(
    st.sampled_from([_xfs(), _btrfs(), _exfat(), _ntfs()]),
    st.lists(st.tuples(st.integers(0, 0x240), st.integers(0, 255)), max_size=40),
    st.integers(0, 131072),
)
def test_damaged_blocks_raise_nothing(
    image: bytes, damage: list[tuple[int, int]], size: int
) -> None:
    raw = bytearray(image)
    for at, value in damage:
        for place in (at, 4 * 4096 + 3 * 1024 + at, 65536 + at):
            if at > 11 and place < len(raw):
                raw[place] = value
    read_identity(io.BytesIO(bytes(raw)[:size]))


class _Counting(io.BytesIO):
    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        self.total += size
        return super().read(size)


@pytest.mark.parametrize("image", [_xfs(), _btrfs(), _exfat(), _ntfs(), bytes(1 << 18)])
def test_little_is_read(image: bytes) -> None:
    disk = _Counting(image)
    read_identity(disk)
    assert disk.total <= 40 << 10
