from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from plotobot.farmlog.tail import AT_MOST, Look, Place, look

LINE = b"2026-11-23T16:00:0%d.266 2.7.5 harvester chia.harvester.harvester: INFO     line %d\n"


class Tail:
    """Reads on and on, its place going through a database each time."""

    def __init__(self, path: Path, at_most: int = AT_MOST) -> None:
        self.path, self.at_most = path, at_most
        self.place: Place | None = Place()
        self.data = b""

    def read(self) -> bytes:
        """All that is new."""
        before, more = len(self.data), True
        while more:
            found: Look = look(self.path, self.place, self.at_most)
            assert len(found.data) <= self.at_most
            adapter = TypeAdapter(Place)
            self.place = adapter.validate_json(adapter.dump_json(found.place))
            self.data += found.data
            more = found.more
        return self.data[before:]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "debug.log"


def append(log: Path, data: bytes) -> None:
    with log.open("ab") as file:
        file.write(data)


def rotate(log: Path, *, packed: bool = False) -> None:
    """What chia's handler does."""
    for number in range(7, 0, -1):
        for end in ("", ".gz"):
            if (old := log.with_name(f"{log.name}.{number}{end}")).exists():
                old.rename(log.with_name(f"{log.name}.{number + 1}{end}"))
    first = log.with_name(f"{log.name}.1")
    log.rename(first)
    if packed:
        first.with_name(f"{first.name}.gz").write_bytes(gzip.compress(first.read_bytes()))
        first.unlink()


def test_whole_lines_come_once(log):
    tail = Tail(log)
    assert tail.read() == b""
    append(log, b"one\ntw")
    assert tail.read() == b"one\n"
    append(log, b"o\n")
    assert tail.read() == b"two\n"
    assert tail.read() == b""


def test_the_first_look_begins_near_the_end_at_a_line(log):
    log.write_bytes(b"".join(LINE % (n % 10, n) for n in range(100)))

    found = look(log, None, 1000)

    assert found.data.startswith(b"2026-")
    assert found.data.endswith(LINE % (9, 99))
    assert look(log, found.place).data == b""


def test_a_first_look_into_one_endless_line_does_not_begin_again(log):
    log.write_bytes(b"x" * 5000)
    tail = Tail(log, 1000)
    tail.place = None

    assert len(tail.read()) <= 1000
    assert tail.read() == b""


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_what_was_written_before_the_rotation_is_read_first(log, packed):
    append(log, b"one\n")
    tail = Tail(log)
    tail.read()
    append(log, b"two\n")
    rotate(log, packed=packed)
    append(log, b"three\n")
    rotate(log, packed=packed)
    append(log, b"four\n")

    assert tail.read() == b"two\nthree\nfour\n"


def test_between_the_rename_and_the_new_file_nothing_is_lost(log):
    append(log, b"one\n")
    tail = Tail(log)
    tail.read()
    append(log, b"two\n")
    rotate(log)
    assert tail.read() == b"two\n"
    assert tail.read() == b""
    append(log, b"three\n")
    assert tail.read() == b"three\n"


def test_a_gap_among_the_rotated_ones_is_looked_beyond(log):
    """While chia moves them up, one number is missing for a moment."""
    append(log, b"one\n")
    tail = Tail(log)
    tail.read()
    append(log, b"two\n")
    log.rename(log.with_name("debug.log.2"))
    append(log, b"three\n")

    assert tail.read() == b"two\nthree\n"


def test_a_log_that_was_copied_and_cut_goes_on(log):
    append(log, b"one\n")
    tail = Tail(log)
    tail.read()
    append(log, b"two\n")
    shutil.copy(log, log.with_name("debug.log.1"))
    os.truncate(log, 0)
    append(log, b"3\n")

    assert tail.read() == b"two\n3\n"


def test_a_log_cut_short_and_grown_again_begins_anew(log):
    append(log, b"one\ntwo\n")
    tail = Tail(log)
    tail.read()
    log.write_bytes(b"three\nfour\n")

    assert tail.read() == b"three\nfour\n"


def test_a_reused_inode_deceives_nobody(log):
    append(log, b"one\n")
    tail = Tail(log)
    tail.read()
    tail.place = Place(log.stat().st_ino, 4, b"two\n".hex())

    assert tail.read() == b"one\n"


def test_a_log_missing_for_days_begins_anew_when_it_is_back(log):
    append(log, b"one\n")
    tail = Tail(log)
    tail.read()
    log.unlink()
    assert [tail.read() for _ in range(3)] == [b"", b"", b""]
    append(log, b"two\n")
    assert tail.read() == b"two\n"


def test_a_line_without_end_comes_in_pieces(log):
    append(log, b"x" * 5000 + b"\ny\n")
    tail = Tail(log, 1000)

    assert tail.read() == b"x" * 5000 + b"\ny\n"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_what_is_no_file_is_an_error_and_no_hang(log, make):
    make(log)

    with pytest.raises(OSError, match="not a file"):
        look(log, Place())


DEEDS = st.one_of(
    st.binary(min_size=1, max_size=400).map(lambda data: ("write", data)),
    st.just(("write", b"\n")),
    st.booleans().map(lambda packed: ("rotate", packed)),
    st.just(("look", b"")),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(DEEDS, max_size=25), st.integers(300, 2000))
def test_rotation_at_any_byte_loses_and_repeats_nothing(deeds, at_most):
    """However the log is written, rotated and looked at: each byte comes once, in order."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "debug.log")
        written = b"0:\n"
        append(log, written)
        tail = Tail(log, at_most)
        tail.read()
        rotations = 0
        for number, (deed, what) in enumerate(deeds):
            if deed == "write":
                written += (data := b"%d:" % number + what)
                append(log, data)
            elif deed == "rotate" and log.exists() and rotations < 6:
                # Compressed before its first byte was read, a log cannot be told from others.
                rotate(log, packed=bool(what) and bool(tail.place.before))
                rotations += 1
            elif deed == "look":
                tail.read()
                rotations = 0
        append(log, b"\n")
        tail.read()

        assert tail.data == written + b"\n"
