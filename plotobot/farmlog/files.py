"""Opens logs: plain or gzip, the newest and those rotated away. Blocks: for a thread.

chia keeps `debug.log.1` to `debug.log.7`, 50 MiB each, with `.gz` behind them where
`log_use_gzip` is set [source: chia/util/chia_logging.py].
"""

from __future__ import annotations

import codecs
import gzip
import os
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, cast

from plotobot.errors import Refusal
from plotobot.farmlog.clock import Clock
from plotobot.farmlog.records import HEAD, cleaned, last_head

PIECE = 1024 * 1024
"""Bytes read at a time."""
LONGEST = 4 * PIECE
"""What has no head for so long is handed over as it is, so that memory stays bounded."""
PEEK = 64 * 1024
_NEVER = datetime.max.replace(tzinfo=UTC)
_GZIP = b"\x1f\x8b"
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""What PowerShell's `>` writes."""


def default_log(environ: Mapping[str, str]) -> Path:
    """Where chia keeps its log: below CHIA_ROOT, or `~/.chia/mainnet`."""
    root = environ.get("CHIA_ROOT")
    try:
        folder = Path(root).expanduser() if root else Path.home() / ".chia" / "mainnet"
    except RuntimeError:  # no home
        folder = Path(root or "/")
    return folder / "log" / "debug.log"


def rotated(path: Path) -> list[Path]:
    """The logs rotated away from a path, newest first: `.1`, `.2.gz` and so on.

    One number may be missing: so it is for a moment while they are being moved up.
    """
    found: list[Path] = []
    number = 1
    while number <= len(found) + 2:
        names = (path.with_name(f"{path.name}.{number}{end}") for end in ("", ".gz"))
        found += [name for name in names if name.is_file()][:1]
        number += 1
    return found


def check(path: Path, *, may_be_empty: bool = False) -> None:
    """See that a path is a file with something in it.

    Raises:
        Refusal: with what it is instead.
    """
    try:
        if not path.exists():
            raise Refusal(
                f"There is no log {path}; name chia's debug.log, or set CHIA_ROOT to the folder "
                "that holds log/debug.log."
            )
        if not path.is_file():
            raise Refusal(f"{path} is not a file.")
        if not may_be_empty and not path.stat().st_size:
            raise Refusal(f"{path} is empty; chia has written nothing into it yet.")
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> Refusal:
    """The sentence for a log that the disk does not give."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Refusal(f"{path} cannot be read: {reason}.")


def blocks(
    path: Path, since: datetime | None = None, zone: tzinfo | None = None
) -> Iterator[bytes]:
    """A log in blocks of whole records, cleaned.

    Args:
        path: the log.
        since: leave out most of what is older; some of it comes all the same.
        zone: the zone of the log's times; None is this machine's.

    Raises:
        Refusal: it cannot be read, or is damaged as a gzip file.
    """
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
            raw.seek(0)
            if start == _GZIP:
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield from _whole_records(_pieces(cast(BinaryIO, unpacked)))
                return
            if since and start not in _WIDE:
                raw.seek(_place_of(raw, since, zone))
            yield from _whole_records(_pieces(raw))
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def _whole_records(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        data = cleaned(rest + piece)
        head = last_head(data)
        cut = head.start() if head else 0
        if not cut and len(data) < LONGEST:
            rest = data
            continue
        cut = cut or len(data)
        yield data[:cut]
        rest = data[cut:]
    if rest:
        yield rest


def _pieces(log: BinaryIO) -> Iterator[bytes]:
    first = log.read(PIECE)
    wide = _WIDE.get(first[:2])
    if wide is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        while piece := log.read(PIECE):
            yield piece
        return
    decoder = codecs.getincrementaldecoder(wide)("replace")
    piece = first[2:]
    while piece:
        yield decoder.decode(piece).encode("utf-8", "replace")
        piece = log.read(PIECE)


def _place_of(log: BinaryIO, moment: datetime, zone: tzinfo | None) -> int:
    """A place before which all records are older than the moment, found by halving."""
    low, high = 0, log.seek(0, os.SEEK_END)
    while high - low > PIECE:
        middle = (low + high) // 2
        log.seek(middle)
        found = HEAD.search(log.read(PEEK))
        # Of the hour that comes twice the later one is taken, so that nothing is left out.
        time = Clock(zone, _NEVER).utc(found[1]) if found else None
        if time is None or time >= moment:
            high = middle
        else:
            low = middle + (found.start() if found else 0)
    return low
