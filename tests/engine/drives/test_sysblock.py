from __future__ import annotations

from pathlib import Path

import pytest

from plotobot.engine.drives.superblock import Identity
from plotobot.engine.drives.sysblock import hardware, identity


def _block(sys: Path, at: str, *, model: str | None = None, partition: bool = False) -> Path:
    """A device of a little /sys, with its link in class/block."""
    folder = sys / "devices" / at
    folder.mkdir(parents=True)
    if model:
        (folder / "device").mkdir()
        (folder / "device/model").write_text(f"{model}   \n")
    if partition:
        (folder / "partition").write_text("1\n")
    links = sys / "class/block"
    links.mkdir(parents=True, exist_ok=True)
    (links / folder.name).symlink_to(folder)
    return folder


@pytest.mark.parametrize(
    ("at", "bus"),
    [
        pytest.param("pci0/ata1/host0/block/sda", "SATA", id="sata"),
        pytest.param("pci0/usb2/2-1/host6/block/sdb", "USB", id="usb"),
        pytest.param("pci0/nvme/nvme0/nvme0n1", "NVMe", id="nvme"),
        pytest.param("pci0/virtio1/block/vda", "virtio", id="virtio"),
        pytest.param("virtual/block/zram0", "RAM", id="zram"),
        pytest.param("elsewhere/block/sdz", None, id="unknown"),
    ],
)
def test_a_partition_has_its_drives_model_and_bus(tmp_path: Path, at: str, bus: str | None) -> None:
    disk = _block(tmp_path, at, model="Fast SSD")
    part = _block(tmp_path, f"{at}/{disk.name}p1", partition=True)
    assert hardware(f"/dev/{disk.name}", tmp_path) == ("Fast SSD", bus)
    assert hardware(f"/dev/{part.name}", tmp_path) == ("Fast SSD", bus)


def test_an_encrypted_drive_has_the_model_of_the_drive_below(tmp_path: Path) -> None:
    disk = _block(tmp_path, "pci0/ata1/block/sda", model="Big HDD")
    mapped = _block(tmp_path, "virtual/block/dm-0")
    (mapped / "slaves").mkdir()
    (mapped / "slaves/sda").symlink_to(disk)
    assert hardware("/dev/dm-0", tmp_path) == ("Big HDD", "SATA")


def test_an_unknown_device_has_neither(tmp_path: Path) -> None:
    assert hardware("/dev/nothing", tmp_path) == (None, None)


def _identity(device: Path, root: Path) -> Identity:
    return identity(str(device), dev=root / "dev", sys=root / "sys", udev=root / "udev")


def test_udevs_record_tells_the_label(tmp_path: Path) -> None:
    block = _block(tmp_path / "sys", "pci0/block/sda")
    (block / "dev").write_text("8:0\n")
    (tmp_path / "udev").mkdir()
    (tmp_path / "udev/b8:0").write_text("E:ID_FS_LABEL_ENC=my\\x20ssd\nE:ID_FS_UUID_ENC=u-1\n")
    assert _identity(Path("/dev/sda"), tmp_path) == Identity("my ssd", "u-1")


def test_udevs_links_tell_the_label(tmp_path: Path) -> None:
    device = tmp_path / "dev/sda"
    for folder, name in (("by-label", "my\\x20ssd"), ("by-uuid", "u-1")):
        (tmp_path / "dev/disk" / folder).mkdir(parents=True)
        (tmp_path / "dev/disk" / folder / name).symlink_to(device)
    device.touch()
    assert _identity(device, tmp_path) == Identity("my ssd", "u-1")
    assert _identity(tmp_path / "dev/sdb", tmp_path) == Identity(None, None)
