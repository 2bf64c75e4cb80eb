"""The inventory's values: a plot file as it was found, and all of them together.

Frozen and serialisable like those of `engine.models`. Sizes are bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from plotobot.engine.models import DriveKind
from plotobot.plots.headers import MemoKind, PlotFormat
from plotobot.plots.names import masked, parse_name
from plotobot.plots.proofs import ProofCheck

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Condition(StrEnum):
    """What the look at a file showed."""

    WHOLE = "whole"
    """A plot, and all there as far as its header and its size tell."""
    TRUNCATED = "truncated"
    """A plot of which something is certainly missing, such as one still being copied."""
    NO_PLOT = "no plot"
    """It is named like a plot and has no plot's header."""
    UNREADABLE = "unreadable"
    """Nothing can be said: a failing drive, closed to us, a symbolic link, a pipe, a folder."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One file that is named like a plot, in one of the drives' own folders."""

    path: str
    """As the system names it: bytes that are no UTF-8 stand as lone surrogates (`os.fsencode`)."""
    drive: str
    """The drive's folder, `Drive.path`."""
    use: DriveKind
    size: int
    mtime_ns: int
    """When its content was last changed, in ns since 1970; a copy often keeps its source's."""
    inode: int
    device: int
    """With the inode it tells files apart while the file system stays mounted."""
    condition: Condition
    problem: str | None = None
    """What is wrong, as one sentence, for all that is not whole."""
    format: PlotFormat | None = None
    """None, like all below, where no header could be read."""
    k: int | None = None
    id: str | None = None
    """64 hex digits; for a plot group, the group's."""
    memo: MemoKind | None = None
    farmer_key: str | None = None
    pool_key: str | None = None
    contract: str | None = None
    """The contract's address with the prefix xch."""
    compression: int | None = None
    """0 for uncompressed; None for formats without levels as well."""
    expected_size: int | None = None
    """The finished file's size where `exact`, else the least it can have."""
    exact: bool = False
    missing: bool = False
    """Its drive is not there or does not answer: all this is what was last known."""

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return os.path.basename(self.path)  # noqa: PTH119 - text of any platform's own

    @property
    def modified(self) -> datetime:
        """When its content was last changed, to the microsecond; kept within our calendar."""
        try:
            return _EPOCH + timedelta(microseconds=self.mtime_ns // 1000)
        except OverflowError:  # some file systems hold any number
            return datetime(9999 if self.mtime_ns > 0 else 1, 1, 1, tzinfo=UTC)

    @property
    def named_as_it_is(self) -> bool:
        """Whether the file has a finished plot's name, with the very id of its header."""
        parsed = parse_name(self.name)
        return parsed is not None and not parsed.unfinished and parsed.id == self.id

    @property
    def kind(self) -> str:
        """What farmers call it: `k32 OG`, `k32 C7 for xch1qqpp…7kze`; `?` without a header."""
        if self.k is None:
            return "?"
        level = f" C{self.compression}" if self.compression else ""
        new = f" {self.format}" if self.format in (PlotFormat.POS2, PlotFormat.POS2G) else ""
        return f"k{self.k}{new}{level}{self._owner}"

    @property
    def _owner(self) -> str:
        if self.memo is MemoKind.POOL_PK:
            return " OG"
        return f" for {masked(self.contract)}" if self.contract else ""


@dataclass(frozen=True, slots=True)
class Check:
    """A content check of a plot, and when it ended."""

    path: str
    plot_id: str
    at: datetime
    result: ProofCheck


@dataclass(frozen=True, slots=True)
class Total:
    """How many plots of something, and their bytes."""

    name: str
    plots: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The inventory in numbers."""

    total: Total = Total("", 0, 0)
    """Of the plots whose header could be read."""
    by_drive: tuple[Total, ...] = ()
    """In the order of their paths; names are `Drive.path`."""
    by_kind: tuple[Total, ...] = ()
    """The most bytes first; names are `Plot.kind`."""
    odd: tuple[Total, ...] = ()
    """What is to be looked at: truncated, unreadable, misnamed, duplicates and the like."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: files looked at, of those found so far."""

    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything the inventory knows."""

    plots: tuple[Plot, ...] = ()
    """By drive and path."""
    overview: Overview = Overview()
    scanned_at: datetime | None = None
    """When the last scan ended; None where there was none yet."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """The drives that the last scan could not read, each with the reason."""
    scanning: Progress | None = None
    """Set while a scan is under way."""
    checks: tuple[Check, ...] = ()
    """The latest content check of each file that had one."""
