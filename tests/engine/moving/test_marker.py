"""The marker that tells a destination's drive from others."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from plotobot.engine.moving.base import DestinationAway, MoveRefused
from plotobot.engine.moving.marker import MARKER, drive_of, mark_drive, open_marked, remembered


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "hdd"
    folder.mkdir()
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_new_drive_gets_a_marker_that_is_remembered(folder: Path, state: Path) -> None:
    drive = mark_drive(folder, state)
    assert uuid.UUID(drive)
    assert (folder / MARKER).read_text() == f"{drive}\n"
    assert [path.name for path in folder.iterdir()] == [MARKER]
    assert remembered(folder, state) == drive
    open_marked(folder, drive_of(folder, state)).__exit__()


def test_a_marker_of_another_plotobot_stays(folder: Path, state: Path, tmp_path: Path) -> None:
    assert mark_drive(folder, state) == mark_drive(folder, tmp_path / "other state")


def test_a_known_drive_is_never_marked_again_by_itself(folder: Path, state: Path) -> None:
    """The empty mount point would look like a new drive."""
    drive = mark_drive(folder, state)
    (folder / MARKER).unlink()
    with pytest.raises(DestinationAway, match="not there"):
        mark_drive(folder, state)
    assert list(folder.iterdir()) == []
    assert mark_drive(folder, state, anew=True) != drive


def test_each_destination_is_remembered_for_itself(folder: Path, state: Path) -> None:
    other = folder.with_name("hdd2")
    other.mkdir()
    assert mark_drive(folder, state) != mark_drive(other, state)


def test_a_missing_folder_is_not_made(folder: Path, state: Path) -> None:
    folder.rmdir()
    with pytest.raises(DestinationAway):
        mark_drive(folder, state)
    assert not folder.exists()


def test_a_marker_that_is_a_link_is_not_followed(folder: Path, state: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(f"{uuid.uuid4()}\n")
    (folder / MARKER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MoveRefused):
        mark_drive(folder, state)


@pytest.mark.parametrize("content", [b"", b"no uuid", b"\0" * 36, b"\xff" * 99])
def test_a_damaged_marker_is_told(folder: Path, state: Path, content: bytes) -> None:
    (folder / MARKER).write_bytes(content)
    with pytest.raises(DestinationAway, match="damaged"):
        mark_drive(folder, state)
    assert (folder / MARKER).read_bytes() == content
