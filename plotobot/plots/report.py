"""A plot file as plain values: the JSON object of `plotobot plot --json`."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

from plotobot.errors import NotAPlot
from plotobot.plots.headers import read_header


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """All that the header tells, ready for JSON; `path` and `error` where it is no plot.

    Never raises for what a path or a file may be. Blocks for a few small reads.
    """
    try:
        header = asdict(read_header(path))
    except NotAPlot as error:
        return {"path": os.fspath(path), "error": str(error)}
    return header | {"format": str(header["format"]), "memo": str(header["memo"])}
