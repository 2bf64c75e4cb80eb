"""Headers of the first proof of space: chiapos' and madMAx' plots, and bladebit's `PLOT` files.

Layouts after chiapos' plotter_disk.hpp and prover_disk.hpp and bladebit's PlotWriter.h. In both,
ten big-endian pointers say where tables 1 to 7 and the checkpoint tables C1, C2 and C3 begin. They
are zero until the plotter's last phase.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from plotobot.errors import NotAPlot
from plotobot.plots.layout import Cursor, Extent, Header, PlotFormat, compose, read_k, read_memo

V1_MAGIC = b"Proof of Space Plot"
PLOT_MAGIC = b"PLOT"

_DESCRIPTION = b"v1.0"
_PLOT_VERSION = 2
_COMPRESSED = 1
_TABLES = 10
_SMALL_PARKS_FROM_K = 20


def parse_v1(cursor: Cursor, size: int, path: str) -> Header:
    """A `Proof of Space Plot` header; the cursor stands behind the magic.

    Raises:
        NotAPlot: cut short, an unknown version, or a k that does not exist.
    """
    plot_id = cursor.take(32)
    k = read_k(cursor)
    description = cursor.take(cursor.uint(2, "big"))
    if description != _DESCRIPTION:
        raise NotAPlot("its format description is not v1.0")
    memo = read_memo(cursor, cursor.uint(2, "big"))
    pointers = cursor.uints(_TABLES, "big")
    extent = v1_extent(pointers, k, cursor.at, size)
    header = compose(path, PlotFormat.V1, plot_id, k, memo, extent, size)
    return replace(header, compression=0)


def parse_plot(cursor: Cursor, size: int, path: str) -> Header:
    """A `PLOT` header, which need not be compressed; the cursor stands behind the magic.

    Raises:
        NotAPlot: cut short, an unknown version, or a k that does not exist.
    """
    version = cursor.uint(4, "little")
    if version != _PLOT_VERSION:
        raise NotAPlot(f"its PLOT header has version {version}, and only 2 is known")
    plot_id = cursor.take(32)
    k = read_k(cursor)
    memo = read_memo(cursor, cursor.uint(2, "big"))
    flags = cursor.uint(4, "little")
    level = cursor.uint(1, "little") if flags & _COMPRESSED else 0
    pointers, sizes = cursor.uints(_TABLES, "big"), cursor.uints(_TABLES, "little")
    extent = _plot_extent(pointers, sizes, cursor.at, size)
    header = compose(path, PlotFormat.V1C, plot_id, k, memo, extent, size)
    return replace(header, compression=level)


def c3_park_size(k: int) -> int:
    """Bytes of one park of the last table (chiapos' CalculateC3Size)."""
    return 3000 if k >= _SMALL_PARKS_FROM_K else 10000


def v1_extent(pointers: tuple[int, ...], k: int, header_size: int, size: int) -> Extent:
    """How large the finished file is.

    chiapos and madMAx write the tables one after the other and C3 last, in parks of one size, one
    park for each entry of C1 but its closing one. When the very last park would be empty it is
    left out, so a file that lacks exactly one park may be whole. Old bladebit orders the tables
    otherwise: then only the highest pointer is sure.
    """
    if 0 in pointers:
        return Extent(header_size, exact=False, truncated=True, unfinished=True)
    exact = _exact_size(pointers, k, header_size)
    if exact is None:
        least = max(header_size, *pointers) + 1
        return Extent(least, exact=False, truncated=size < least)
    whole = size >= exact or size == exact - c3_park_size(k)
    return Extent(exact, exact=True, truncated=not whole)


def _exact_size(pointers: tuple[int, ...], k: int, header_size: int) -> int | None:
    c1, c2, c3 = pointers[7:]
    entries, rest = divmod(c2 - c1, (k + 7) // 8)
    in_order = pointers[0] == header_size and all(a < b for a, b in pairwise(pointers))
    if not in_order or rest or entries < 2:
        return None
    return c3 + (entries - 1) * c3_park_size(k)


def _plot_extent(
    pointers: tuple[int, ...], sizes: tuple[int, ...], header_size: int, size: int
) -> Extent:
    """The end of the table that lies last; dropped tables have size 0, C3 need not be last."""
    unfinished = not any(pointers)
    ends = (start + length for start, length in zip(pointers, sizes, strict=True))
    least = header_size if unfinished else max(header_size, *ends)
    return Extent(least, exact=False, truncated=unfinished or size < least, unfinished=unfinished)
