"""Plots of the coming proof of space, made up by their layouts."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.errors import NotAPlot
from plotobot.plots.headers import HEAD_SIZE, Header, MemoKind, PlotFormat, parse_header

ID = bytes(range(32))
POOL_PK = bytes(range(144, 192))
FARMER_PK = bytes(range(128, 176))
CONTRACT = bytes(range(50, 82))
SECRET = b"\xee" * 32
CONTRACT_MEMO = CONTRACT + FARMER_PK + SECRET
POOL_MEMO = POOL_PK + FARMER_PK + SECRET


def nothing(offset: int) -> bytes:
    raise AssertionError(f"nothing was to be read at {offset}")


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


def test_a_plot2_whose_last_chunk_would_lie_in_its_header_is_damaged() -> None:
    data = bytearray(pos2_file())
    data[43 + 128 + 16 : 43 + 128 + 24] = struct.pack("<Q", 100)
    with pytest.raises(NotAPlot, match="points into the header"):
        parse_file(bytes(data))


def test_a_plot2_that_shrinks_while_it_is_read_is_told() -> None:
    data = pos2_file()
    with pytest.raises(NotAPlot, match="became shorter"):
        parse_header(data, len(data), lambda offset: data[offset : offset + 7])


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


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"pos2\x02" + bytes(300), "version 2, and only 1", id="pos2 version"),
        pytest.param(b"PoS2\x01" + bytes(300), "version 1, and only 2", id="group version"),
        pytest.param(pos2_file()[:180], "chunk index is cut short", id="pos2 index"),
        pytest.param(group_head(60), "points into the header", id="group index"),
    ],
)
def test_no_such_plot_is_refused_in_a_clear_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(NotAPlot, match=sentence):
        parse_file(data)


# Any bytes at all

SIZES = st.one_of(st.integers(0, 5000), st.integers(0, 2**63))
ANSWERS = st.one_of(st.binary(min_size=8, max_size=8), st.binary(max_size=7), st.just(bytes(8)))
CHANGES = st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=9))


@given(
    st.sampled_from([pos2_file(), group_head()]),
    st.lists(CHANGES, max_size=4),
    st.integers(0, 100),
    SIZES,
    ANSWERS,
)
@settings(max_examples=200)
def test_mutated_headers_never_raise_but_ours(
    any_bytes: Any,
    whole: bytes,
    changes: list[tuple[int, bytes]],
    cut: int,
    size: int,
    answer: bytes,
) -> None:
    data = bytearray(whole)
    for place, change in changes:
        data[place : place + len(change)] = change
    any_bytes(bytes(data[: len(data) - cut]), size, answer)
