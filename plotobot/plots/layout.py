"""What all plot headers have in common: the value they become, and a cursor over their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from plotobot.errors import NotAPlot
from plotobot.plots.address import encode_address

K_RANGE = range(16, 51)
MAX_MEMO = 1024

ByteOrder = Literal["little", "big"]


class PlotFormat(StrEnum):
    """How a plot file is laid out."""

    V1 = "v1"
    """`Proof of Space Plot`: chiapos, madMAx, old bladebit."""
    V1C = "v1c"
    """`PLOT`: bladebit 3, compressed or not."""
    POS2 = "pos2"
    """`.plot2`: one plot of the coming proof of space."""
    POS2G = "pos2g"
    """`.gplot`: a group of those; the layout is provisional."""


class MemoKind(StrEnum):
    """Whom a plot farms for."""

    POOL_PK = "pool_pk"
    """A pool public key: an original plot, which cannot join a pool."""
    CONTRACT = "contract"
    """A plot contract (plot NFT)."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Memo:
    """The public part of a memo, keys as hex. The plot's secret key behind it is never kept."""

    kind: MemoKind
    farmer_pk: str | None = None
    pool_pk: str | None = None
    contract_address: str | None = None
    """With the prefix `xch`: a header does not tell a test network."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a layout says of the file's size, in bytes."""

    expected: int
    exact: bool
    """Whether `expected` is the very size of the finished file; else it is the least one."""
    truncated: bool
    """Whether something is certainly missing, as always in an unfinished file."""
    unfinished: bool = False
    """Whether the plotter had not yet filled in where the tables begin."""


@dataclass(frozen=True, slots=True)
class Header:
    """All that the first bytes of a plot file tell. Sizes are bytes, ids and keys are hex."""

    path: str
    format: PlotFormat
    k: int
    id: str
    """The plot id; for a group, the group's."""
    memo: MemoKind
    farmer_pk: str | None
    pool_pk: str | None
    contract_address: str | None
    compression: int | None
    """The level, 0 for uncompressed; None for formats that know no levels."""
    size: int
    """The file's own size."""
    expected_size: int
    """The finished file's size where `exact`, else the least it can have."""
    exact: bool
    truncated: bool
    """Whether something is certainly missing, as always in an unfinished file."""
    unfinished: bool
    """Whether the plotter had not yet filled in where the tables begin."""
    strength: int | None = None
    plot_index: int | None = None
    meta_group: int | None = None
    group_size: int | None = None


def compose(
    path: str, layout: PlotFormat, plot_id: bytes, k: int, memo: Memo, extent: Extent, size: int
) -> Header:
    """A header of what every layout has; `dataclasses.replace` adds the rest."""
    return Header(
        path=path,
        format=layout,
        k=k,
        id=plot_id.hex(),
        memo=memo.kind,
        farmer_pk=memo.farmer_pk,
        pool_pk=memo.pool_pk,
        contract_address=memo.contract_address,
        compression=None,
        size=size,
        expected_size=extent.expected,
        exact=extent.exact,
        truncated=extent.truncated,
        unfinished=extent.unfinished,
    )


class Cursor:
    """Reads a header from front to back and refuses to run over its end.

    Args:
        data: the first bytes of the file; not copied.
        at: where to begin, behind the magic.
    """

    def __init__(self, data: bytes | bytearray, at: int = 0) -> None:
        self._data = data
        self.at = at

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            NotAPlot: there are not so many.
        """
        start = self.skip(count)
        return bytes(self._data[start : self.at])

    def skip(self, count: int) -> int:
        """Pass over bytes without reading them; returns where they begin.

        Raises:
            NotAPlot: there are not so many.
        """
        start = self.at
        if start + count > len(self._data):
            raise NotAPlot("its header is cut short")
        self.at += count
        return start

    def uint(self, width: int, order: ByteOrder) -> int:
        """The next unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), order)

    def uints(self, count: int, order: ByteOrder) -> tuple[int, ...]:
        """The next `count` unsigned numbers of 8 bytes."""
        return tuple(self.uint(8, order) for _ in range(count))


def read_k(cursor: Cursor) -> int:
    """The k of one byte.

    Raises:
        NotAPlot: no plotter makes plots of this k.
    """
    k = cursor.uint(1, "big")
    if k not in K_RANGE:
        raise NotAPlot(f"its header says k={k}, and plots have {K_RANGE[0]} to {K_RANGE[-1]}")
    return k


def read_memo(cursor: Cursor, length: int) -> Memo:
    """The public part of a memo.

    128 bytes are a pool key (48), a farmer key (48) and the plot's secret key (32); 112 begin with
    a contract's puzzle hash (32) instead. The secret key is passed over, never read.

    Raises:
        NotAPlot: the memo is cut short, or longer than any plot's.
    """
    if length > MAX_MEMO:
        raise NotAPlot(f"its header says the memo has {length} bytes, which no plot's has")
    if length not in (112, 128):
        cursor.skip(length)
        return Memo(MemoKind.UNKNOWN)
    owner, farmer = cursor.take(length - 80), cursor.take(48).hex()
    cursor.skip(32)
    if length == 128:
        return Memo(MemoKind.POOL_PK, farmer, pool_pk=owner.hex())
    return Memo(MemoKind.CONTRACT, farmer, contract_address=encode_address(owner))
