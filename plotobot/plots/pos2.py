"""Headers of the coming proof of space: single plots (`.plot2`) and plot groups (`.gplot`).

`.plot2` after pos2-chip's PlotFile.hpp, as written by chia_rs up to 0.52. `.gplot` as observed in
files of chia_rs 0.53; no description of it is public, so it is provisional.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from plotobot.errors import NotAPlot
from plotobot.plots.layout import Cursor, Extent, Header, PlotFormat, compose, read_k, read_memo

POS2_MAGIC = b"pos2"
POS2_GROUP_MAGIC = b"PoS2"

ReadAt = Callable[[int], bytes]
"""Reads the eight bytes at a place of the file; fewer at its end."""

_POS2_VERSION = 1
_GROUP_VERSION = 2


def parse_pos2(cursor: Cursor, size: int, read_at: ReadAt, path: str) -> Header:
    """A `.plot2` header; the cursor stands behind the magic.

    Raises:
        NotAPlot: cut short, an unknown version, a k that does not exist, or an impossible index.
    """
    _check_version(cursor, _POS2_VERSION)
    plot_id = cursor.take(32)
    k, strength = read_k(cursor), cursor.uint(1, "little")
    plot_index, meta_group = cursor.uint(2, "little"), cursor.uint(1, "little")
    memo = read_memo(cursor, cursor.uint(1, "little"))
    extent = _pos2_extent(cursor.uint(8, "little"), cursor.at, size, read_at)
    header = compose(path, PlotFormat.POS2, plot_id, k, memo, extent, size)
    return replace(header, strength=strength, plot_index=plot_index, meta_group=meta_group)


def parse_group(cursor: Cursor, size: int, path: str) -> Header:
    """A `.gplot` header; the cursor stands behind the magic.

    Raises:
        NotAPlot: cut short, an unknown version, a k that does not exist, or an impossible index.
    """
    _check_version(cursor, _GROUP_VERSION)
    group_id = cursor.take(32)
    k, strength = read_k(cursor), cursor.uint(1, "little")
    group_size, meta_group = cursor.uint(2, "little"), cursor.uint(1, "little")
    index_offset = cursor.uint(8, "little")
    memo = read_memo(cursor, cursor.uint(1, "little"))
    extent = _group_extent(index_offset, cursor.at, size)
    header = compose(path, PlotFormat.POS2G, group_id, k, memo, extent, size)
    return replace(header, strength=strength, meta_group=meta_group, group_size=group_size)


def _check_version(cursor: Cursor, known: int) -> None:
    version = cursor.uint(1, "little")
    if version != known:
        raise NotAPlot(f"its format has version {version}, and only {known} is known")


def _pos2_extent(chunks: int, index_start: int, size: int, read_at: ReadAt) -> Extent:
    """The end of the last chunk: its offset ends the index, its length stands at that offset."""
    index_end = index_start + 8 * chunks
    if index_end > size:
        raise NotAPlot("its chunk index is cut short")
    last = _uint_at(index_end - 8, read_at) if chunks else 0
    if last == 0:
        return Extent(index_end, exact=False, truncated=True, unfinished=True)
    if last < index_end:
        raise NotAPlot("its chunk index points into the header")
    if last + 8 > size:
        return Extent(last + 8, exact=False, truncated=True)
    expected = last + 8 + _uint_at(last, read_at)
    return Extent(expected, exact=True, truncated=size < expected)


def _group_extent(index_offset: int, header_size: int, size: int) -> Extent:
    """At least one byte of the chunk index that ends the file; its own length is not known."""
    if index_offset == 0:
        return Extent(header_size, exact=False, truncated=True, unfinished=True)
    if index_offset < header_size:
        raise NotAPlot("its chunk index points into the header")
    return Extent(index_offset + 1, exact=False, truncated=size <= index_offset)


def _uint_at(offset: int, read_at: ReadAt) -> int:
    data = read_at(offset)
    if len(data) != 8:
        raise NotAPlot("it became shorter while it was read")
    return int.from_bytes(data, "little")
