"""v1 plots: real ones by chiapos, and `PLOT` headers made up by bladebit's layout."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chiapos
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.errors import NotAPlot
from plotobot.plots.address import decode_address
from plotobot.plots.headers import MemoKind, PlotFormat, Unreadable, parse_header, read_header
from plotobot.plots.v1 import v1_extent

if TYPE_CHECKING:
    from collections.abc import Callable

ID = bytes(range(32))
POOL_PK = bytes(range(144, 192))
FARMER_PK = bytes(range(128, 176))
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
K19 = (252, 1128780, 2152755, 3176730, 4215690, 5294610, 6528375, 7793015, 7793171, 7793177)
K20 = (252, 2355968, 4487874, 6619780, 8767439, 10978110, 13467084, 16015308, 16015605, 16015611)
K21 = (
    *(252, 4932972, 9427500, 13938552, 18504684, 23252580, 28672452),
    *(34214340, 34214949, 34214955),
)
MEASURED = [(19, K19, 8303177), (20, K20, 16309611), (21, K21, 34820955)]


@pytest.mark.parametrize(("k", "pointers", "size"), MEASURED, ids=["k19", "k20", "k21"])
def test_sizes_of_larger_real_plots(k: int, pointers: tuple[int, ...], size: int) -> None:
    extent = v1_extent(pointers, k, 252, size)
    assert (extent.expected, extent.exact, extent.truncated) == (size, True, False)
    assert v1_extent(pointers, k, 252, size - 1).truncated


@pytest.mark.parametrize(
    "pointers",
    [
        pytest.param((4096, *K20[1:]), id="table 1 elsewhere"),
        pytest.param((*K20[:7], 300, 597, 603), id="other order"),
        pytest.param((*K20[:8], 16015606, 16015611), id="no whole number of entries"),
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


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(plot_head(version=1), "version 1, and only 2", id="PLOT version"),
        pytest.param(plot_head()[:-1], "cut short", id="PLOT cut"),
    ],
)
def test_no_such_plot_is_refused_in_a_clear_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(NotAPlot, match=sentence):
        parse_header(data, 14_096, nothing)


def test_a_memo_of_another_length_is_unknown_and_keeps_nothing() -> None:
    header = parse_header(plot_head(memo=bytes(77)), 14_096, nothing)
    assert header.memo is MemoKind.UNKNOWN
    assert (header.farmer_pk, header.pool_pk, header.contract_address) == (None, None, None)


# Any bytes at all

V1_HEAD = (
    b"Proof of Space Plot" + ID + b"\x20\0\x04v1.0\0\x70" + CONTRACT_MEMO
    + struct.pack(">10Q", *K20)
)  # fmt: skip
SIZES = st.one_of(st.integers(0, 5000), st.integers(0, 2**63))
ANSWERS = st.one_of(st.binary(min_size=8, max_size=8), st.binary(max_size=7), st.just(bytes(8)))
CHANGES = st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=9))


@given(
    st.sampled_from([plot_head(), plot_head(0), V1_HEAD]),
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
