"""Files are replaced whole or not at all."""

from __future__ import annotations

import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plotobot.errors import SettingsError
from plotobot.settings._replace import NewFile, replace_files


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_new_files_have_their_modes(tmp_path: Path) -> None:
    replace_files(
        [NewFile(tmp_path / "a", b"1"), NewFile(tmp_path / "b", b"2", 0o600)],
    )
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600


def test_a_mode_that_was_too_wide_is_narrowed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(0o666)
    replace_files([NewFile(file, b"2", 0o600)])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_one_cannot_be_written_none_is(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"old")

    with full_disk(100), pytest.raises(SettingsError, match="large cannot be written"):
        replace_files([NewFile(small, b"new"), NewFile(large, b"x" * 101)])

    assert small.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [small]


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_no_folder_is_one_sentence(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError) as caught:
        replace_files([NewFile(tmp_path / folder / "a", b"")])
    assert len(caught.value.problems) == 1
