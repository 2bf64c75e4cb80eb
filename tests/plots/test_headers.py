"""Headers of plot files: real ones by chiapos, and made-up ones by the published layouts."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chiapos
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plotobot.errors import NotAPlot
from plotobot.plots.address import decode_address
from plotobot.plots.headers import (
    HEAD_SIZE,
    Header,
    MemoKind,
    PlotFormat,
    Unreadable,
    parse_header,
    read_header,
)
from plotobot.plots.v1 import v1_extent

if TYPE_CHECKING:
    from collections.abc import Callable

ID = bytes(range(32))
POOL_PK = bytes(range(100, 148))
FARMER_PK = bytes(range(48))
CONTRACT = bytes(range(50, 82))
SECRET = b"\xee" * 32
CONTRACT_MEMO = CONTRACT + FARMER_PK + SECRET
POOL_MEMO = POOL_PK + FARMER_PK + SECRET


def nothing(offset: int) -> bytes:
    raise AssertionError(f"nothing was to be read at {offset}")


def plot_head(
    level: int = 7,
    memo: bytes = CONTRACT_MEMO,
    pointers: tuple[int, ...] = tuple(range(4096, 4096 + 10 * 1000, 1000)),
    sizes: tuple[int, ...] = (1000,) * 10,
    version: int = 2,
) -> bytes:
    """A `PLOT` header after bladebit's PlotWriter.h."""
    flags = struct.pack("<IB", 1, level) if level else struct.pack("<I", 0)
    start = b"PLOT" + struct.pack("<I", version) + ID + bytes([32])
    tables = struct.pack(">10Q", *pointers) + struct.pack("<10Q", *sizes)
    return start + struct.pack(">H", len(memo)) + memo + flags + tables


def pos2_file(chunks: tuple[bytes, ...] = (b"a" * 50, b"b" * 70), memo: bytes = POOL_MEMO) -> bytes:
    """A whole `.plot2` after pos2-chip's PlotFile.hpp."""
    head = b"pos2" + bytes([1]) + ID + bytes([28, 3]) + struct.pack("<HBB", 258, 7, len(memo))
    head += memo + struct.pack("<Q", len(chunks))
    offsets, body, start = b"", b"", len(head) + 8 * len(chunks)
    for chunk in chunks:
        offsets += struct.pack("<Q", start + len(body))
        body += struct.pack("<Q", len(chunk)) + chunk
    return head + offsets + body


def group_head(index_offset: int = 5000, memo: bytes = CONTRACT_MEMO) -> bytes:
    """A `.gplot` header as chia_rs 0.53 writes it."""
    fixed = struct.pack("<BBHBQB", 28, 2, 64, 5, index_offset, len(memo))
    return b"PoS2" + bytes([2]) + ID + fixed + memo


def parse_file(data: bytes) -> Header:
    return parse_header(data[:HEAD_SIZE], len(data), lambda offset: data[offset : offset + 8])


def damaged(plot: Path, tmp_path: Path, size: int) -> Path:
    copy = tmp_path / plot.name
    shutil.copy(plot, copy)
    os.truncate(copy, size)
    return copy


# Real plots


def test_a_real_plot_says_what_was_put_into_it_and_what_diskprover_says(real_plot: Any) -> None:
    header, prover = read_header(real_plot.path), chiapos.DiskProver(str(real_plot.path))
    assert header.format is PlotFormat.V1
    assert header.path == str(real_plot.path)
    assert header.id == real_plot.id == bytes(prover.get_id()).hex()
    assert header.k == 18 == prover.get_size()
    assert header.compression == 0 == prover.get_compression_level()
    assert header.farmer_pk == FARMER_PK.hex()
    assert bytes(prover.get_memo()) == real_plot.memo


def test_a_pool_key_makes_an_original_plot(pool_plot: Any) -> None:
    header = read_header(pool_plot.path)
    assert header.memo is MemoKind.POOL_PK
    assert header.pool_pk == POOL_PK.hex()
    assert header.contract_address is None


def test_a_contract_makes_a_pool_plot(contract_plot: Any) -> None:
    header = read_header(contract_plot.path)
    assert header.memo is MemoKind.CONTRACT
    assert header.contract_address is not None
    assert decode_address(header.contract_address) == CONTRACT
    assert header.pool_pk is None


def test_the_size_of_a_real_plot_follows_from_its_header_to_the_byte(real_plot: Any) -> None:
    header = read_header(real_plot.path)
    assert (header.expected_size, header.exact) == (real_plot.path.stat().st_size, True)
    assert header.size == header.expected_size
    assert (header.truncated, header.unfinished) == (False, False)


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(lambda size: size - 1, id="the last byte"),
        pytest.param(lambda size: size - 5000, id="5000 bytes"),
        pytest.param(lambda size: size - 10_001, id="a park and a byte"),
        pytest.param(lambda size: size // 2, id="half"),
        pytest.param(lambda size: 268, id="all but the header"),
    ],
)
def test_a_cut_is_seen(real_plot: Any, tmp_path: Path, cut: Callable[[int], int]) -> None:
    whole = real_plot.path.stat().st_size
    header = read_header(damaged(real_plot.path, tmp_path, cut(whole)))
    assert header.truncated
    assert not header.unfinished
    assert header.expected_size == whole


def test_one_park_less_may_be_a_whole_plot(real_plot: Any, tmp_path: Path) -> None:
    """chiapos leaves out the last park of C3 when it would be empty."""
    whole = real_plot.path.stat().st_size
    header = read_header(damaged(real_plot.path, tmp_path, whole - 10_000))
    assert not header.truncated
    assert header.size < header.expected_size


def test_a_plot_killed_before_its_last_phase_is_unfinished(pool_plot: Any, tmp_path: Path) -> None:
    copy = damaged(pool_plot.path, tmp_path, pool_plot.path.stat().st_size)
    with copy.open("r+b") as file:
        file.seek(60 + 128)
        file.write(bytes(80))
    header = read_header(copy)
    assert header.unfinished
    assert header.truncated
    assert header.id == pool_plot.id


@pytest.mark.parametrize("size", [19, 51, 100, 200, 251])
def test_a_cut_within_the_header_is_no_plot(contract_plot: Any, tmp_path: Path, size: int) -> None:
    with pytest.raises(NotAPlot, match=r"is not a plot: its header is cut short\.$") as caught:
        read_header(damaged(contract_plot.path, tmp_path, size))
    assert not isinstance(caught.value, Unreadable)


# Pointers and sizes of real chiapos plots of k19 to k21.
MEASURED = [
    (
        19,
        (252, 1128780, 2152755, 3176730, 4215690, 5294610, 6528375, 7793015, 7793171, 7793177),
        8303177,
    ),
    (
        20,
        (252, 2355968, 4487874, 6619780, 8767439, 10978110, 13467084, 16015308, 16015605, 16015611),
        16309611,
    ),
    (
        21,
        (252, 4932972, 9427500, 13938552, 18504684, 23252580, 28672452, 34214340, 34214949, 34214955),
        34820955,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("k", "pointers", "size"), MEASURED, ids=["k19", "k20", "k21"])
def test_sizes_of_larger_real_plots(k: int, pointers: tuple[int, ...], size: int) -> None:
    extent = v1_extent(pointers, k, 252, size)
    assert (extent.expected, extent.exact, extent.truncated) == (size, True, False)
    assert v1_extent(pointers, k, 252, size - 1).truncated


@pytest.mark.parametrize(
    "pointers",
    [
        pytest.param((4096, *MEASURED[1][1][1:]), id="table 1 elsewhere"),
        pytest.param((*MEASURED[1][1][:7], 300, 597, 603), id="other order"),
        pytest.param((*MEASURED[1][1][:8], 16015606, 16015611), id="no whole number of entries"),
    ],
)
def test_another_order_of_tables_gives_a_least_size(pointers: tuple[int, ...]) -> None:
    extent = v1_extent(pointers, 20, 252, 16309611)
    assert (extent.expected, extent.exact) == (max(pointers) + 1, False)
    assert not extent.truncated
    assert v1_extent(pointers, 20, 252, max(pointers)).truncated


# PLOT


@pytest.mark.parametrize("level", [0, 1, 7, 9])
@pytest.mark.parametrize("memo", [POOL_MEMO, CONTRACT_MEMO], ids=["pool", "contract"])
def test_a_plot_header_at_each_level(level: int, memo: bytes) -> None:
    header = parse_header(plot_head(level, memo), 14_096, nothing)
    assert (header.format, header.k, header.id) == (PlotFormat.V1C, 32, ID.hex())
    assert header.compression == level
    assert header.farmer_pk == FARMER_PK.hex()
    assert (header.expected_size, header.truncated) == (14_096, False)
    assert parse_header(plot_head(level, memo), 14_095, nothing).truncated


@pytest.mark.parametrize("level", [0, 1, 7])
def test_diskprover_reads_the_same_from_a_plot_header(level: int, tmp_path: Path) -> None:
    pointers = (0, 0, 5000, 6000, 7000, 8000, 9000, 4096, 4200, 4300)
    path = tmp_path / "x.plot"
    path.write_bytes(
        plot_head(level, pointers=pointers, sizes=(0, 0, *[100] * 8)).ljust(9100, b"\0")
    )
    try:
        prover = chiapos.DiskProver(str(path))
    except (RuntimeError, ValueError) as error:
        pytest.fail(f"chiapos refuses the made-up header: {error}")
    header = read_header(path)
    assert header.compression == prover.get_compression_level()
    assert header.id == bytes(prover.get_id()).hex()
    assert (header.expected_size, header.truncated) == (9100, False)


def test_checkpoint_tables_may_stand_first_and_tables_may_be_missing() -> None:
    pointers = (0, 0, 5000, 6000, 7000, 8000, 9000, 4096, 4200, 4300)
    head = plot_head(7, pointers=pointers, sizes=(0, 0, *[100] * 8))
    header = parse_header(head, 9100, nothing)
    assert (header.expected_size, header.truncated, header.unfinished) == (9100, False, False)


def test_a_plot_header_without_tables_is_unfinished() -> None:
    header = parse_header(plot_head(pointers=(0,) * 10, sizes=(0,) * 10), 10**11, nothing)
    assert header.unfinished
    assert header.truncated


# Proof of space 2


def test_a_plot2_and_its_exact_size() -> None:
    data = pos2_file()
    header = parse_file(data)
    assert (header.format, header.k, header.id) == (PlotFormat.POS2, 28, ID.hex())
    assert (header.strength, header.plot_index, header.meta_group) == (3, 258, 7)
    assert (header.memo, header.pool_pk) == (MemoKind.POOL_PK, POOL_PK.hex())
    assert (header.expected_size, header.exact, header.truncated) == (len(data), True, False)
    assert header.compression is None


@pytest.mark.parametrize("lost", [1, 69, 70, 77, 78, 100])
def test_a_cut_plot2_is_seen(lost: int) -> None:
    header = parse_file(pos2_file()[:-lost])
    assert header.truncated
    assert not header.unfinished


def test_a_plot2_with_an_index_longer_than_what_is_read() -> None:
    data = pos2_file(chunks=(b"xyz",) * 3000)
    assert parse_file(data).expected_size == len(data)
    assert parse_file(data[:-1]).truncated


def test_a_plot2_whose_offsets_are_still_zero_is_unfinished() -> None:
    head = pos2_file()[: 43 + 128 + 8]
    header = parse_file(head + bytes(16 + 500))
    assert header.unfinished
    assert header.truncated


def test_a_plot2_of_chia_rs() -> None:
    """Head and last chunk of a k18 that chia_rs 0.48 made, 645177 bytes long."""
    head = b"pos2" + bytes([1]) + ID + bytes([18, 2]) + struct.pack("<HBB", 3, 5, 112)
    index = struct.pack("<5Q", 4, 195, 161_440, 322_009, 483_497)
    data = head + bytes(range(112)) + index
    asked: list[int] = []

    def read_at(offset: int) -> bytes:
        asked.append(offset)
        return data[offset : offset + 8] if offset < 195 else struct.pack("<Q", 161_672)

    header = parse_header(data, 645_177, read_at)
    assert (header.expected_size, header.exact, header.truncated) == (645_177, True, False)
    assert asked == [187, 483_497]


def test_a_group_and_the_least_it_must_hold() -> None:
    header = parse_header(group_head(5000), 5001, nothing)
    assert (header.format, header.k, header.id) == (PlotFormat.POS2G, 28, ID.hex())
    assert (header.strength, header.group_size, header.meta_group) == (2, 64, 5)
    assert header.plot_index is None
    assert header.memo is MemoKind.CONTRACT
    assert (header.expected_size, header.exact, header.truncated) == (5001, False, False)
    assert parse_header(group_head(5000), 5000, nothing).truncated


def test_a_group_without_an_index_is_unfinished() -> None:
    assert parse_header(group_head(0), 9000, nothing).unfinished


# What is no plot


V1_START = b"Proof of Space Plot" + ID


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
        pytest.param(plot_head(version=1), "version 1, and only 2", id="PLOT version"),
        pytest.param(plot_head()[:-1], "cut short", id="PLOT cut"),
        pytest.param(b"pos2\x02" + bytes(300), "version 2, and only 1", id="pos2 version"),
        pytest.param(b"PoS2\x01" + bytes(300), "version 1, and only 2", id="group version"),
        pytest.param(pos2_file()[:180], "chunk index is cut short", id="pos2 index"),
        pytest.param(group_head(60), "points into the header", id="group index"),
    ],
)
def test_no_plot_is_refused_in_a_clear_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(NotAPlot, match=sentence):
        parse_file(data)


def test_a_memo_of_another_length_is_unknown_and_keeps_nothing() -> None:
    header = parse_header(plot_head(memo=bytes(77)), 14_096, nothing)
    assert header.memo is MemoKind.UNKNOWN
    assert (header.farmer_pk, header.pool_pk, header.contract_address) == (None, None, None)


# The secret key


def test_the_secret_key_is_not_in_the_header(real_plot: Any) -> None:
    assert SECRET.hex() in real_plot.head.hex()
    assert "eeee" not in repr(read_header(real_plot.path))


def test_the_secret_key_is_in_no_frame_of_a_traceback(contract_plot: Any, tmp_path: Path) -> None:
    path = damaged(contract_plot.path, tmp_path, 251)
    with pytest.raises(NotAPlot) as caught:
        read_header(path)
    error: BaseException | None = caught.value
    while error is not None:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        frames = [frame for frame in shown.stack if "plotobot" in frame.filename]
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


def test_little_is_read_of_a_huge_file(tmp_path: Path) -> None:
    path = tmp_path / "huge.plot"
    path.write_bytes(plot_head())
    os.truncate(path, 100 * 1024**3)
    assert read_header(path).size == 100 * 1024**3


# Any bytes at all


class Reader:
    """Stands for a file with arbitrary bytes; keeps count of what is read."""

    def __init__(self, size: int, answer: bytes) -> None:
        self.size, self.answer, self.calls = size, answer, 0

    def __call__(self, offset: int) -> bytes:
        self.calls += 1
        assert 0 <= offset <= self.size - 8
        return self.answer


def parse_anything(data: bytes, size: int, answer: bytes) -> None:
    reader = Reader(size, answer)
    try:
        header = parse_header(data, size, reader)
    except NotAPlot as error:
        assert str(error)
    else:
        assert header.size == size
        assert header.expected_size >= 0
        assert header.truncated or size > 0
    assert reader.calls <= 2


SIZES = st.one_of(st.integers(0, 5000), st.integers(0, 2**63))
ANSWERS = st.one_of(st.binary(min_size=8, max_size=8), st.binary(max_size=7), st.just(bytes(8)))
STARTS = st.sampled_from(
    [b"", b"Proof of Space Plot", b"PLOT\x02\0\0\0", b"pos2\x01" + ID, b"PoS2\x02" + ID]
)
WHOLE = [
    plot_head(), plot_head(0), pos2_file(), group_head(),
    V1_START + b"\x20\0\x04v1.0\0\x70" + CONTRACT_MEMO + struct.pack(">10Q", *MEASURED[1][1]),
]  # fmt: skip


@given(STARTS, st.binary(max_size=600), SIZES, ANSWERS)
def test_arbitrary_bytes_never_raise_but_ours(
    start: bytes, rest: bytes, size: int, answer: bytes
) -> None:
    parse_anything(start + rest, size, answer)


@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=9)), max_size=4),
    st.integers(0, 500),
    SIZES,
    ANSWERS,
)
@settings(max_examples=300)
def test_mutated_headers_never_raise_but_ours(
    whole: bytes, changes: list[tuple[int, bytes]], cut: int, size: int, answer: bytes
) -> None:
    data = bytearray(whole)
    for place, change in changes:
        data[place : place + len(change)] = change
    parse_anything(bytes(data[: len(data) - cut // 4]), size, answer)


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
        assert str(error).startswith(str(path))
