from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plotobot.engine.drives.linux import LinuxVolumes, Places

if TYPE_CHECKING:
    from conftest import Disks


def test_the_root_file_system_is_listed_with_its_sizes() -> None:
    root = next(one for one in LinuxVolumes().volumes() if one.mount_point == "/")
    answer = os.statvfs("/")
    assert root.total == answer.f_blocks * answer.f_frsize
    assert not any(one.fs_type in ("proc", "sysfs") for one in LinuxVolumes().volumes())


@pytest.mark.parametrize(
    ("name", "error"),
    [
        pytest.param("none", FileNotFoundError, id="nothing"),
        pytest.param("file", NotADirectoryError, id="file"),
        pytest.param("loop", OSError, id="a link to itself"),
    ],
)
def test_what_is_no_folder_raises(tmp_path: Path, name: str, error: type[OSError]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(error):
        LinuxVolumes().look(str(tmp_path / name))


def test_a_later_mount_at_the_same_place_hides_the_earlier(tmp_path: Path) -> None:
    lines = (
        b"1 0 254:0 / / rw - ext4 /dev/none rw\n"
        b"2 1 8:1 / /mnt/a rw - ext4 /dev/none1 rw\n"
        b"3 2 8:2 / /mnt/a rw - xfs /dev/none2 rw\n"
    )
    (tmp_path / "mountinfo").write_bytes(lines)
    volumes = LinuxVolumes(Places(mountinfo=tmp_path / "mountinfo")).volumes()
    assert [(one.mount_point, one.filesystem) for one in volumes] == [
        ("/", "254:0"),
        ("/mnt/a", "8:2"),
    ]


@pytest.mark.mounts
def test_a_mount_point_of_fstab_without_its_drive_is_told(disks: Disks) -> None:
    point = disks.folder / "d1"
    (point / "sub").mkdir(parents=True)
    fstab = disks.folder / "fstab"
    fstab.write_text(f"LABEL=x {point} ext4 nofail 0 0\n")
    source = LinuxVolumes(Places(fstab=fstab))
    assert source.look(str(point / "sub")).unmounted == str(point)
    assert source.look(str(disks.folder)).unmounted is None
    disks.disk("d1", "x")
    assert source.look(str(point)).unmounted is None


@pytest.mark.mounts
def test_a_label_is_read_once_a_mount_and_anew_after_the_next(disks: Disks) -> None:
    source = LinuxVolumes()
    point = disks.disk("d1", "first")

    def label() -> str | None:
        return next(one.label for one in source.volumes() if one.mount_point == str(point))

    assert label() == "first"
    disks.take(point)
    disks.mount(disks.image("other", "second"), "d1")
    assert label() == "second"


@pytest.mark.mounts
def test_a_bind_mount_is_not_the_whole(disks: Disks) -> None:
    point = disks.disk("d1", "whole")
    (point / "sub").mkdir()
    bind = disks.mount(point / "sub", "bind", "bind")
    kinds = {one.mount_point: one for one in LinuxVolumes().volumes()}
    assert kinds[str(point)].whole
    assert not kinds[str(bind)].whole
    assert kinds[str(point)].filesystem == kinds[str(bind)].filesystem
