"""Any file may be given: what is refused, and in which words."""

from __future__ import annotations

import os
import socket
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import plotobot
from plotobot.errors import NotAPlot
from plotobot.plots.headers import Unreadable, parse_header, read_header

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = Path(plotobot.__file__).parent
ID = bytes(range(32))
SECRET = b"\xee" * 32


V1_START = b"Proof of Space Plot" + ID


def nothing(offset: int) -> bytes:
    raise AssertionError(f"nothing was to be read at {offset}")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(bytes(4096), "does not begin like one", id="zeros"),
        pytest.param(b"PLOt" + bytes(300), "does not begin like one", id="magic"),
        pytest.param(V1_START + bytes([15]) + bytes(300), "k=15, and plots have 16", id="small k"),
        pytest.param(V1_START + bytes([51]) + bytes(300), "k=51", id="large k"),
        pytest.param(V1_START + b"\x20\0\x04v2.0" + bytes(300), "not v1.0", id="v2.0"),
        pytest.param(V1_START + b"\x20\xff\xffv1.0" + bytes(300), "cut short", id="description"),
        pytest.param(
            V1_START + b"\x20\0\x04v1.0\xff\xff" + bytes(300), "65535 bytes", id="huge memo"
        ),
    ],
)
def test_no_plot_is_refused_in_a_clear_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(NotAPlot, match=sentence):
        parse_header(data, len(data), nothing)


# The secret key


def test_the_secret_key_is_not_in_the_header(real_plot: Any) -> None:
    assert SECRET.hex() in real_plot.head.hex()
    assert "eeee" not in repr(read_header(real_plot.path))


def test_the_secret_key_is_in_no_frame_of_a_traceback(contract_plot: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.plot"
    path.write_bytes(contract_plot.head[:251])
    with pytest.raises(NotAPlot) as caught:
        read_header(path)
    error: BaseException | None = caught.value
    while error is not None:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        frames = [frame for frame in shown.stack if Path(frame.filename).is_relative_to(PACKAGE)]
        assert frames
        assert "xee" not in "".join(str(frame.locals) for frame in frames)
        error = error.__context__


# Files that are none


def test_a_link_to_a_plot_is_read(contract_plot: Any, tmp_path: Path) -> None:
    link = tmp_path / "link.plot"
    link.symlink_to(contract_plot.path)
    assert read_header(link).id == contract_plot.id


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(lambda path: None, "No such file", id="missing"),
        pytest.param(lambda path: path.mkdir(), "it is a folder", id="folder"),
        pytest.param(os.mkfifo, "not a regular file", id="pipe"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "not a regular file", id="device"),
        pytest.param(lambda path: path.symlink_to("gone"), "No such file", id="dangling link"),
        pytest.param(lambda path: path.symlink_to(path.name), "symbolic links", id="loop"),
    ],
)
def test_what_cannot_be_read_is_told_apart(
    tmp_path: Path, make: Callable[[Path], object], sentence: str
) -> None:
    path = tmp_path / "x.plot"
    make(path)
    with pytest.raises(Unreadable, match=rf"x\.plot cannot be read: .*{sentence}"):
        read_header(path)


def test_a_socket_and_impossible_names_are_told_too(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(Unreadable, match="not a regular file"):
            read_header(tmp_path / "s")
    for name in ("a\0b", "x" * 5000, "\udcff", "\ud800", ""):
        with pytest.raises(Unreadable, match="cannot be read") as caught:
            read_header(name)
        str(caught.value).encode("utf-8")


def test_the_oserror_is_the_cause(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        read_header(tmp_path / "gone.plot")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_a_pipe_is_not_waited_for_even_when_it_takes_a_files_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and opening, the file may have been replaced."""
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.touch()
    regular = file.stat()
    monkeypatch.setattr(os, "stat", lambda path: regular)
    with pytest.raises(Unreadable, match="not a regular file"):
        read_header(pipe)


def test_little_is_read_of_a_huge_file(contract_plot: Any, tmp_path: Path) -> None:
    path = tmp_path / "huge.plot"
    path.write_bytes(contract_plot.head)
    os.truncate(path, 100 * 1024**3)
    assert read_header(path).size == 100 * 1024**3


# Any bytes at all

SIZES = st.one_of(st.integers(0, 5000), st.integers(0, 2**63))
ANSWERS = st.one_of(st.binary(min_size=8, max_size=8), st.binary(max_size=7), st.just(bytes(8)))
STARTS = st.sampled_from(
    [b"", b"Proof of Space Plot", b"PLOT\x02\0\0\0", b"pos2\x01" + ID, b"PoS2\x02" + ID]
)


@given(STARTS, st.binary(max_size=600), SIZES, ANSWERS)
def test_arbitrary_bytes_never_raise_but_ours(
    any_bytes: Any, start: bytes, rest: bytes, size: int, answer: bytes
) -> None:
    any_bytes(start + rest, size, answer)


@given(change=st.tuples(st.integers(0, 300), st.integers(0, 255)), size=st.integers(0, 5000))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_real_files_with_a_wrong_byte_never_raise_but_ours(
    real_plot: Any, tmp_path: Path, change: tuple[int, int], size: int
) -> None:
    data = bytearray(real_plot.head)
    data[change[0]] = change[1]
    path = tmp_path / "mutated.plot"
    path.write_bytes(data[:size])
    try:
        assert read_header(path).truncated
    except NotAPlot as error:
        said = str(error)
        assert said.startswith(str(path))
