"""The demo's drives come, and go without a trace."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from plotobot.demo.drives import DemoDrives, put_up, take_down
from plotobot.errors import SettingsError

MIB = 1024**2


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def mounts_possible(tmp_path: Path) -> DemoDrives:
    drives = put_up(None, temp_sizes=[8 * MIB, 8 * MIB], out_sizes=[4 * MIB])
    if len(drives.mounted) != 3:
        take_down(drives)
        why = "tmpfs cannot be mounted here"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return drives


def test_in_a_given_folder_everything_stays(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "demo"
    drives = put_up(directory, temp_sizes=[MIB, MIB], out_sizes=[MIB])
    assert [folder.name for folder in drives.folders] == ["temp1", "temp2", "out1"]
    assert all(folder.parent == directory for folder in drives.folders)
    plot = drives.outs[0] / "plot"
    plot.write_bytes(b"x")
    take_down(drives)
    assert plot.read_bytes() == b"x"
    assert put_up(directory, temp_sizes=[MIB], out_sizes=[MIB]).outs == drives.outs


def test_without_a_folder_nothing_stays(tmp_path: Path) -> None:
    drives = put_up(None, temp_sizes=[MIB], out_sizes=[MIB])
    (drives.temps[0] / "plot").write_bytes(b"x")
    (drives.root / "state").mkdir()
    take_down(drives)
    assert list(tmp_path.iterdir()) == []


def test_a_stranger_beside_the_demo_is_left_alone(tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    stranger.write_bytes(b"x")
    take_down(put_up(None, temp_sizes=[MIB], out_sizes=[MIB]))
    assert list(tmp_path.iterdir()) == [stranger]


def test_a_folder_that_cannot_be_is_told_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SettingsError, match=r"--dir .*file.*; name a folder"):
        put_up(file, temp_sizes=[MIB], out_sizes=[MIB])


@pytest.mark.mounts
@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is of Linux")
def test_a_drive_is_as_big_as_asked_and_fills(tmp_path: Path) -> None:
    drives = mounts_possible(tmp_path)
    try:
        out = os.statvfs(drives.outs[0])
        assert out.f_blocks * out.f_frsize == 4 * MIB
        with pytest.raises(OSError, match="No space") as full:
            (drives.outs[0] / "plot").write_bytes(bytes(5 * MIB))
        assert full.value.errno == errno.ENOSPC
    finally:
        take_down(drives)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.mounts
@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is of Linux")
def test_a_drive_in_use_is_detached_and_gone_from_sight(tmp_path: Path) -> None:
    drives = mounts_possible(tmp_path)
    with (drives.temps[0] / "plot").open("wb") as in_use:
        take_down(drives)
        in_use.write(b"x")
    assert list(tmp_path.iterdir()) == []


def test_folders_count_as_small_as_drives_would_be(tmp_path: Path) -> None:
    first = put_up(tmp_path / "d", temp_sizes=[2 * MIB], out_sizes=[MIB])
    (first.outs[0] / "plot").write_bytes(os.urandom(MIB))
    again = put_up(tmp_path / "d", temp_sizes=[2 * MIB], out_sizes=[MIB])

    assert first.counted == {str(first.temps[0]): 2 * MIB, str(first.outs[0]): MIB}
    assert again.counted[str(first.outs[0])] >= 2 * MIB  # there is room for another demo
