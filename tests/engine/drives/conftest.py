"""Real little file systems on loop devices, and a mount that hangs."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest


def run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=60)


class Disks:
    """Makes images with file systems and mounts them below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mounted: list[Path] = []

    def image(self, name: str, label: str, fs_type: str = "ext4", mib: int = 16) -> Path:
        image = self.folder / f"{name}.img"
        with image.open("wb") as file:
            file.truncate(mib << 20)
        flag = {"ext4": ["-q", "-L", label], "vfat": ["-n", label]}[fs_type]
        run(f"mkfs.{fs_type}", *flag, image)
        return image

    def mount(self, image: Path, at: str, options: str = "loop") -> Path:
        point = self.folder / at
        point.mkdir(exist_ok=True)
        run("mount", "-o", options, image, point)
        self.mounted.append(point)
        return point

    def disk(self, at: str, label: str, fs_type: str = "ext4", mib: int = 16) -> Path:
        return self.mount(self.image(at, label, fs_type, mib), at)

    def tmpfs(self, at: str) -> Path:
        point = self.folder / at
        point.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", point)
        self.mounted.append(point)
        return point

    def remount(self, point: Path, options: str) -> None:
        run("mount", "-o", f"remount,{options}", point)

    def take(self, point: Path) -> None:
        run("umount", "-l", point)
        self.mounted.remove(point)

    def close(self) -> None:
        for point in reversed(self.mounted):
            subprocess.run(["umount", "-l", point], check=False, capture_output=True, timeout=60)


def impossible(error: Exception) -> NoReturn:
    """Skip a test that needs mounts; in CI, where they must work, fail it."""
    reason = f"no such file system can be mounted here: {error}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    disks = Disks(tmp_path)
    try:
        disks.tmpfs("trial")
    except (OSError, subprocess.SubprocessError) as error:
        impossible(error)
    try:
        yield disks
    finally:
        disks.close()


class HungMount:
    """A FUSE mount whose server never answers: every question about it blocks."""

    def __init__(self, point: Path) -> None:
        point.mkdir()
        self.point = point
        self._server: int | None = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._server},rootmode=40000,user_id=0,group_id=0"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"hung", os.fsencode(point), b"fuse", 0, options.encode()) != 0:
            self.let_go()
            raise OSError(ctypes.get_errno(), "mount")

    def let_go(self) -> None:
        """The server dies: everything that waits gets an error."""
        if self._server is not None:
            os.close(self._server)
            self._server = None

    def close(self) -> None:
        self.let_go()
        subprocess.run(["umount", "-l", self.point], check=False, capture_output=True, timeout=60)


@pytest.fixture
def hung(disks: Disks) -> Iterator[HungMount]:
    with ExitStack() as stack:
        try:
            mount = HungMount(disks.folder / "hung")
        except OSError as error:
            impossible(error)
        stack.callback(mount.close)
        yield mount
