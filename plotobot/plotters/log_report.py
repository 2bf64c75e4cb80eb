"""What `plotobot log FILE` tells of a log, whoever wrote it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from plotobot.errors import Refusal
from plotobot.plotters.base import Progress
from plotobot.plotters.dialects import guess, is_farm_log, reader_for

PIECE = 1024 * 1024
"""Bytes read at a time."""
LONGEST_LINE = 64 * 1024
"""A line longer than this is read as several, so that memory stays bounded."""
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""What PowerShell's `>` writes."""


def log_report(path: str | Path) -> dict[str, Any]:
    """Read a whole log. Blocks.

    Returns:
        plotter, k, plot_id, status, error, stuck, temp, temp2, out, final_path, phase_seconds (a
        list of 4), total_seconds, copy_seconds and progress (0 to 1), each None while the log
        does not tell; of several plots in one log the latest.

    Raises:
        Refusal: the file is not there, is no file, or cannot be read.
    """
    progress = read_log(path)
    return {
        "plotter": progress.plotter,
        "k": progress.k,
        "plot_id": progress.plot_id,
        "status": progress.status,
        "error": progress.error,
        "stuck": progress.stuck,
        "temp": progress.temp,
        "temp2": progress.temp2,
        "out": progress.out,
        "final_path": progress.final_path,
        "phase_seconds": list(progress.phase_seconds),
        "total_seconds": progress.total_seconds,
        "copy_seconds": progress.copy_seconds,
        "progress": progress.fraction,
    }


def read_log(path: str | Path) -> Progress:
    """Read a whole log; its plotter is None if nothing in it tells who wrote it. Blocks.

    Raises:
        Refusal: the file is not there, is no file, or cannot be read.
    """
    file = Path(path)
    if not file.exists():
        raise Refusal(f"There is no log {file}.")
    if not file.is_file():
        raise Refusal(f"{file} is not a file.")
    try:
        with file.open("rb") as log:
            return _read(log)
    except OSError as error:
        raise Refusal(f"{file} cannot be read: {error.strerror or error}.") from error


def _read(log: BinaryIO) -> Progress:
    pieces = _pieces(log)
    first = next(pieces, b"")
    reader = reader_for(first)
    if is_farm_log(first):  # its errors are no plotter's
        return Progress()
    known = guess(first) is not None
    rest = b""
    while first:
        *lines, rest = (rest + first).split(b"\n")
        reader.feed(lines)
        if len(rest) > LONGEST_LINE:
            reader.feed([rest])
            rest = b""
        first = next(pieces, b"")
    reader.feed([rest])
    progress = reader.progress
    return progress if known or progress.error else replace(progress, plotter=None)


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
        yield decoder.decode(piece).encode("utf-8", "replace") or b"\n"
        piece = log.read(PIECE)
