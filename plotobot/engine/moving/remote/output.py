"""What rsync and df print, as values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, auto

from plotobot.engine.moving.base import Space

_PROGRESS = re.compile(r"\s*([\d,.]+)\s+\d{1,3}%\s")
_MATCHED = re.compile(r"Matched data: ([\d,.]+)")
_ROOM = re.compile(r"\s*(\d+)\s+(\d+)\s*")
# %i of rsync: Y X then nine letters; all blank where both ends have the same.
_SAME = re.compile(r"\.f\s*")
_NEW = re.compile(r"[<>]f\++")
_OTHER = re.compile(r"[<>.c]f.*|cannot delete non-empty directory: .*")


class Standing(Enum):
    """What stands under a plot's name on the other host."""

    NOTHING = auto()
    SAME = auto()
    """The same, by what was compared: the size, or the contents."""
    OTHER = auto()
    UNTOLD = auto()
    """rsync compared nothing: only a word that it is the same is proof, never its silence."""
    NO_FOLDER = auto()
    """The folder itself is not there; rsync would make it, on whatever disk is under it."""


def read_standing(lines: Iterable[str]) -> Standing:
    """Read what a dry run with `-ii --out-format=%i` of one file printed."""
    standing = Standing.UNTOLD
    for line in lines:
        if line.startswith("created directory "):
            return Standing.NO_FOLDER
        if _NEW.fullmatch(line):
            standing = Standing.NOTHING
        elif _SAME.fullmatch(line):
            standing = Standing.SAME
        elif _OTHER.fullmatch(line):
            return Standing.OTHER
    return standing


def read_progress(line: str) -> int | None:
    """The bytes of the file that are there, by a line of --info=progress2."""
    found = _PROGRESS.match(line)
    return _number(found[1]) if found else None


def read_matched(lines: Iterable[str]) -> int:
    """The bytes that did not need to be sent, by --stats; 0 where it does not say."""
    for line in lines:
        if found := _MATCHED.match(line):
            return _number(found[1])
    return 0


def read_room(lines: Iterable[str]) -> Space | None:
    """What `df -B1 --output=size,avail` says, if that is what was printed."""
    for line in lines:
        if found := _ROOM.fullmatch(line):
            return Space(free=int(found[2]), total=int(found[1]))
    return None


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text) or 0)
