"""Tells from a log's content which plotter wrote it."""

from __future__ import annotations

import re

from plotobot.plotters.base import LogReader
from plotobot.plotters.bladebit_log import BladebitLog
from plotobot.plotters.chiapos_log import ChiaposLog
from plotobot.plotters.madmax_log import MadmaxLog

_SIGNS = re.compile(
    rb"(?P<gigahorse>next-gen CUDA plotter|Plot Format: (?:mmx-)?v2|Compression Level: C\d)"
    rb"|(?P<bladebit>Bladebit |\[Global Plotting Config\]|Generating plot \d+ / "
    rb"|Plot temporary file: |^Fatal Error: |^Finished (?:Phase|marking|compressing|forward))"
    rb"|(?P<madmax>Multi-threaded pipelined Chia|^Crafting plot |^Plot Name: plot-|^\[P[1-4]"
    rb"|^Total plot creation time was|^Phase [1-4] took |^Renamed final plot to )"
    rb"|(?P<chia>Starting plotting progress|^Starting phase [1-4]/4"
    rb"|^\tBucket \d|^Time for phase |^Total time = |^Renamed final file from "
    rb"|^Computing table \d|^Backpropagating on |^Compressing tables \d and \d\r?$)",
    re.MULTILINE,
)
_WEAK_SIGNS = re.compile(
    rb"^Progress update: |chia\.plotting\.create_plots|chia\.cmds|Caught plotting error"
    rb"|Retrying in five minutes|is the minimum size for farming",
    re.MULTILINE,
)
"""Chia's own words, which also stand around other plotters' lines where chia started them."""
_FARM_LOG = re.compile(
    rb"^\d{4}-\d\d-\d\dT[\d:.]+ (?:\d+\.\d+\S* )?(?:daemon|farmer|full_node|harvester|wallet) "
    rb"(?:chia|src)\.",
    re.MULTILINE,
)
"""A line of Chia's services (chia/util/chia_logging.py)."""


def guess(head: bytes) -> str | None:
    """Recognise a log's dialect by the first line that only one plotter writes.

    Args:
        head: a log's first bytes; a few thousand are enough, a lost beginning does not matter.

    Returns:
        `chia`, `madmax`, `gigahorse` or `bladebit`; None if nothing tells.
    """
    if found := _SIGNS.search(head):
        return found.lastgroup
    return "chia" if _WEAK_SIGNS.search(head) else None


def reader_for(head: bytes) -> LogReader:
    """A fresh reader for a log that begins so; chiapos' where nothing tells."""
    dialect = guess(head)
    if dialect == "bladebit":
        return BladebitLog()
    if dialect in ("madmax", "gigahorse"):
        return MadmaxLog(dialect)
    return ChiaposLog()


def is_farm_log(head: bytes) -> bool:
    """Whether a file is the log of Chia's services (`debug.log`), which tells of no plot made."""
    return guess(head) is None and _FARM_LOG.search(head) is not None
