"""Whether a file is a whole plot, as far as its header and its size tell."""

from __future__ import annotations

import io
from dataclasses import replace

from plotobot.engine.moving.base import MoveRefused
from plotobot.engine.moving.words import shown
from plotobot.errors import NotAPlot
from plotobot.plots.headers import HEAD_SIZE, Header, parse_header
from plotobot.plots.names import parse_name


def require_whole(file: io.FileIO, path: str, name: str, size: int) -> Header | None:
    """The header of a plot that is all there.

    Args:
        file: the plot, opened for reading; its position moves.
        path: for the sentence.
        name: its file name. Gigahorse's and MMX's containers cannot be read, and their names tell
            them; of these nothing is known, and None comes back.
        size: what the file must have, in bytes.

    Raises:
        MoveRefused: it is no plot, or a part of one.
        OSError: it cannot be read.
    """
    try:
        header = _header(file, size)
    except NotAPlot as problem:
        if size and _opaque(name):
            return None
        raise MoveRefused(f"{shown(path)} is not a plot ({problem}): it stays there") from None
    if header.truncated or header.unfinished:
        raise MoveRefused(
            f"{shown(path)} is not a whole plot: it has {size} bytes of"
            f" {header.expected_size}; it stays there"
        )
    return replace(header, path="")


def _header(file: io.FileIO, size: int) -> Header:
    head = bytearray(HEAD_SIZE)
    try:
        file.seek(0)
        del head[file.readinto(head) or 0 :]

        def read_at(offset: int) -> bytes:
            file.seek(offset)
            return file.read(8) or b""

        return parse_header(head, size, read_at)
    finally:
        head[:] = bytes(len(head))  # the memo ends in the plot's secret key


def _opaque(name: str) -> bool:
    known = parse_name(name)
    return known is not None and (known.compression is not None or name.startswith("plot-mmx-"))
