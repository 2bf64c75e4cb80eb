"""File names of plots, finished and unfinished, as the plotters give them.

A plotter's temp files begin with the name of the plot they belong to, so that the plot id in them
says whose they are. bladebit and Gigahorse are exceptions: their temp names carry no id, and none
of the functions here ever takes such a file for a plot's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# chiapos writes `<name>.plot.p1.t1.sort_bucket_000.tmp`, madMAx `<name>.p1.t1.sort_bucket_0.tmp`.
_NAME = re.compile(
    r"plot-(?:mmx-)?k(?P<k>[0-9]{2})(?:-c(?P<compression>[0-9]{1,2}))?"
    r"(?:-(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{2}))?-(?P<id>[0-9a-f]{64})"
    r"(?:\.(?P<ext>plot2|plot|gplot)(?P<rest>(?:\.[A-Za-z0-9_]+)*)|(?P<bare>(?:\.[a-z0-9_]+)+\.tmp))"
)
_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PlotName:
    """What the name of a plot file tells. The header, not the name, is the truth."""

    k: int
    compression: int | None
    """The level; None where the name has none, which mostly means uncompressed."""
    date: str | None
    """`2026-11-23-15-55`, in the local time of whatever machine made it; `.plot2` has none."""
    id: str
    """The plot id, 64 hex digits."""
    ext: str
    """`plot`, `plot2` or `gplot`; "" for a temp file that is named without it (madMAx)."""
    unfinished: bool
    """Whether anything stands behind the extension, so that no farmer would read it."""


ENDINGS = (".plot", ".plot2", ".gplot")
"""What the name of a finished plot ends with."""

_HEAD, _TAIL = 8, 4


def masked(key: str) -> str:
    """A key, an address or an id without its middle: `xch1qqpp…7kze`; a short text stays whole."""
    return key if len(key) <= _HEAD + _TAIL else f"{key[:_HEAD]}…{key[-_TAIL:]}"


def parse_name(name: str) -> PlotName | None:
    """What a file name, without its folder, tells; None where it is no plot's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    level = match["compression"]
    return PlotName(
        k=int(match["k"]),
        compression=None if level is None else int(level),
        date=match["date"],
        id=match["id"],
        ext=match["ext"] or "",
        unfinished=bool(match["rest"] or match["bare"]),
    )


def temp_files_of(plot_id: str, names: Iterable[str]) -> list[str]:
    """Those of the names that are temp files of exactly this plot, in the order given.

    A finished plot is never among them, nor a copy that somebody made by hand (`….plot.bak`).

    Args:
        plot_id: 64 hex digits.
        names: file names without their folder.

    Raises:
        ValueError: the id is empty, cut short or no id at all.
    """
    wanted = plot_id.lower()
    if not _ID.fullmatch(wanted):
        raise ValueError(f"A plot id has 64 hex digits, and {plot_id[:80]!r} is none.")
    return [name for name in names if _is_temp_of(wanted, name)]


def _is_temp_of(plot_id: str, name: str) -> bool:
    parsed = parse_name(name)
    if parsed is None or parsed.id != plot_id:
        return False
    # xchplot2 renames `.plot2.partial`; behind `.plot` it would be some other program's copy.
    return name.endswith(".tmp") or (parsed.ext != "plot" and name.endswith(".partial"))
