from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import TypeAdapter

from plotobot.engine import follower as module
from plotobot.engine.follower import Follower, Place

LINES = st.binary(max_size=300).map(lambda line: line.replace(b"\n", b".").replace(b"\r", b"."))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def append(log: Path, content: bytes) -> None:
    with log.open("ab") as file:
        file.write(content)


def stored(place: Place) -> Place:
    """A place after its way through a database."""
    adapter = TypeAdapter(Place)
    return adapter.validate_json(adapter.dump_json(place))


def test_a_log_that_is_not_there_yet_has_no_lines(log):
    with Follower(log) as follower:
        assert follower.poll() == []
        log.write_bytes(b"one\n")
        assert follower.poll() == [b"one"]


def test_each_line_comes_once_and_whole(log):
    with Follower(log) as follower:
        append(log, b"one\r\ntw")
        assert follower.poll() == [b"one"]
        assert follower.rest == b"tw"
        append(log, b"o\r\n\nthree\n")
        assert follower.poll() == [b"two", b"", b"three"]
        assert follower.poll() == []
        assert follower.rest == b""


def test_a_restart_reads_the_unfinished_line_again(log):
    append(log, b"one\ntw")
    with Follower(log) as first:
        assert first.poll() == [b"one"]
        place = stored(first.state)
    append(log, b"o\n")
    with Follower(log, place) as second:
        assert second.poll() == [b"two"]


def test_what_was_left_of_a_replaced_log_is_read_first(log):
    append(log, b"one\n")
    with Follower(log) as follower:
        assert follower.poll() == [b"one"]
        append(log, b"two\nhalf")
        log.rename(log.with_suffix(".1"))
        append(log, b"three\n")
        assert follower.poll() + follower.poll() == [b"two", b"three"]
        assert follower.poll() == []


def test_a_deleted_log_is_read_to_its_end(log):
    append(log, b"one\n")
    with Follower(log) as follower:
        follower.poll()
        append(log, b"two\n")
        log.unlink()
        assert follower.poll() == [b"two"]
        assert follower.poll() == []


@pytest.mark.parametrize(
    "content", [b"x\n", b"other, but of the same size.\n", b"longer " * 99 + b"\n"]
)
def test_a_log_cut_short_and_grown_again_is_read_from_its_start(log, content):
    append(log, b"a line that will be cut away\n")
    with Follower(log) as follower:
        follower.poll()
        log.write_bytes(content)
        assert follower.poll() == [content[:-1]]


def test_a_log_cut_and_grown_while_nobody_looked_is_noticed_after_a_restart(log):
    append(log, b"one\n" + b"half of a long line " * 50)
    with Follower(log) as first:
        first.poll()
        place = first.state
    log.write_bytes(b"ONE\n" + b"another long line " * 80 + b"\n")
    with Follower(log, place) as second:
        assert second.poll()[0] == b"ONE"


def test_one_look_reads_at_most_a_mebibyte(log):
    append(log, b"123456789abcdef\n" * (3 * 65536))
    with Follower(log) as follower:
        sizes = [len(follower.poll()) for _ in range(4)]
    assert sizes == [65536, 65536, 65536, 0]


def test_an_endless_line_stays_bounded(log):
    append(log, b"x" * 5_000_000 + b"\nnext\n")
    pieces = []
    with Follower(log) as follower:
        for _ in range(6):
            pieces += follower.poll()
            assert len(follower.rest) <= module.LONGEST_REST
    assert b"".join(pieces[:-1]) == b"x" * 5_000_000
    assert pieces[-1] == b"next"


def test_an_endless_line_that_grows_slowly_is_handed_over_too(log):
    with Follower(log) as follower:
        got = []
        for _ in range(20):
            append(log, b"x" * 10_000)
            got += follower.poll()
    assert [len(piece) for piece in got] == [70_000, 70_000]


def test_nothing_new_costs_one_look_and_one_read(log, monkeypatch):
    append(log, b"one\n" * 1000)
    with Follower(log) as follower:
        follower.poll()
        calls = []
        for name in ("stat", "fstat", "open", "pread"):
            real = getattr(os, name)
            monkeypatch.setattr(
                module.os, name, lambda *a, _n=name, _r=real: (calls.append(_n), _r(*a))[1]
            )
        assert follower.poll() == []
    assert calls == ["stat", "pread"]


class LogAndFollower(RuleBasedStateMachine):
    """Whatever happens to a log, its lines arrive once and in order.

    Lines cut away or renamed away before anybody looked are the stated limit, so a look comes
    right before those.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name, "log")
        self.log.write_bytes(b"")
        self.follower = Follower(self.log)
        self.expected: list[bytes] = []
        self.half = b""
        self.got: list[bytes] = []
        self.rotated = 0

    def teardown(self) -> None:
        self.read_all()
        self.follower.close()
        self.folder.cleanup()
        assert self.got == self.expected

    def read_all(self) -> None:
        while lines := self.follower.poll():
            self.got += lines

    @rule(line=LINES)
    def append_line(self, line: bytes) -> None:
        append(self.log, line + b"\n")
        self.expected.append(self.half + line)
        self.half = b""

    @rule(part=LINES)
    def append_half_line(self, part: bytes) -> None:
        append(self.log, part)
        self.half += part

    @rule()
    def read(self) -> None:
        self.got += self.follower.poll()

    @rule(line=LINES)
    def rotate(self, line: bytes) -> None:
        self.read_all()
        self.rotated += 1
        self.log.rename(self.log.with_suffix(f".{self.rotated}"))
        self.log.write_bytes(line + b"\n")
        self.expected.append(line)
        self.half = b""

    @rule()
    def truncate(self) -> None:
        self.read_all()
        os.truncate(self.log, 0)
        self.half = b""
        self.got += self.follower.poll()

    @rule(lines=st.lists(LINES, min_size=1, max_size=5))
    def truncate_and_grow_longer(self, lines: list[bytes]) -> None:
        self.read_all()
        size = self.log.stat().st_size
        mark = b"grown again %d " % len(self.expected)
        lines[0] = mark + b"y" * size + lines[0]
        self.log.write_bytes(b"".join(line + b"\n" for line in lines))
        self.expected += lines
        self.half = b""

    @rule()
    def restart(self) -> None:
        place = stored(self.follower.state)
        self.follower.close()
        self.follower = Follower(self.log, place)

    @invariant()
    def in_order(self) -> None:
        assert self.got == self.expected[: len(self.got)]


TestLogAndFollower = LogAndFollower.TestCase
TestLogAndFollower.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
