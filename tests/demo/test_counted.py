"""Folders that count as drives of their own size."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plotobot.demo.counted import CountedFolders, taken
from plotobot.engine.drives import local_volumes

MIB = 1024**2


def fill(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))


def test_what_lies_in_a_folder_is_taken_from_its_size(tmp_path: Path) -> None:
    fill(tmp_path / "out1" / "a.plot", MIB)
    fill(tmp_path / "out1" / "deep" / "b.plot", MIB)
    (tmp_path / "out1" / "link").symlink_to("/")
    source = CountedFolders(local_volumes(), {str(tmp_path / "out1"): 10 * MIB})

    space = source.look(str(tmp_path / "out1"))

    assert space.total == 10 * MIB
    assert 8 * MIB - 8192 <= space.free <= 8 * MIB


def test_it_is_never_less_than_empty_nor_more_than_the_disk_has(tmp_path: Path) -> None:
    fill(tmp_path / "a", 2 * MIB)
    local = local_volumes().look(str(tmp_path))

    def free(size: int) -> int:
        return CountedFolders(local_volumes(), {str(tmp_path): size}).look(str(tmp_path)).free

    assert free(MIB) == 0
    assert free(local.total * 100) <= local.total


def test_each_is_a_drive_of_its_own_and_others_are_what_they_are(tmp_path: Path) -> None:
    for name in ("out1", "out2", "other"):
        (tmp_path / name).mkdir()
    sizes = {str(tmp_path / name): MIB for name in ("out1", "out2")}
    source = CountedFolders(local_volumes(), sizes)
    one, two, other = (source.look(str(tmp_path / name)) for name in ("out1", "out2", "other"))

    assert len({one.filesystem, two.filesystem, other.filesystem}) == 3
    assert other.filesystem == local_volumes().look(str(tmp_path / "other")).filesystem


def test_all_volumes_are_told_as_they_are(tmp_path: Path) -> None:
    seen = local_volumes().volumes()  # asked once: free bytes differ from one look to the next
    source: Any = SimpleNamespace(volumes=lambda: seen)
    assert CountedFolders(source, {str(tmp_path): MIB}).volumes() == seen


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        CountedFolders(local_volumes(), {str(tmp_path / "x"): MIB}).look(str(tmp_path / "x"))
    with pytest.raises(FileNotFoundError):
        taken(str(tmp_path / "x"))
