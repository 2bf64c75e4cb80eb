"""The plotter `gigahorse`: `cuda_plot_kNN`, madMAx' compressed plots made on a GPU."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plotobot.errors import Refusal
from plotobot.plots.sizes import GIGAHORSE_K32_GIB
from plotobot.plotters.base import FolderKind, LogReader, Needs, PlotOrder, Program, TempKind
from plotobot.plotters.madmax import VALUED, key_words, order_told, slashed
from plotobot.plotters.madmax_log import MadmaxLog
from plotobot.plotters.programs import locate, version_of
from plotobot.plotters.recognising import ForeignOrder, options, program
from plotobot.plotters.room import finished, like_k32

LEVELS = (*range(1, 10), *range(11, 21))
HALF_RAM_GIB = 180.0
"""k32, what `-2` takes at most when the machine has 128 GB of memory (README of Gigahorse)."""
CURE = "Download Gigahorse's cuda_plot programs, or set the plotter's path to one of them."
_PROGRAM = re.compile(r"cuda_plot_k\d\d")
_RUNNING = re.compile(r"cuda_plot_k(\d\d)(?:_v\d+)?")
_VALUED = (
    *VALUED, ("-3", "--tmpdir3"), ("-g", "--device"), ("-S", "--streams"), ("-B", "--chunksize"),
    ("-M", "--memory"), ("-Q", "--maxtmp"), ("-A", "--copylimit"), ("-W", "--maxcopy"),
    ("-z", "--dstport"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gigahorse:
    """Gigahorse's GPU plotter, one plot a run; its plots need the Gigahorse farmer."""

    name: str = "gigahorse"
    k_range: range = range(29, 35)
    nameless: tuple[TempKind, ...] = ("temp2",)
    grows_in: FolderKind = "temp"
    own_container: bool = True

    def find(self, configured: Path | None = None) -> Program:
        """Find `cuda_plot_k32`; the programs for other k stand beside it.

        Raises:
            PlotterMissing: it is nowhere, or does not tell its version.
        """
        program = locate(["cuda_plot_k32"], configured, cure=CURE)
        return Program((str(program),), version_of([str(program), "--version"]))

    def command(self, program: Program, order: PlotOrder) -> tuple[str, ...]:
        """The exact argument list; `-t` only holds the finished plot until it is copied.

        Raises:
            Refusal: the keys are missing, or there is no such compression level.
        """
        if order.compression not in LEVELS:
            raise Refusal(f"{self.name} has the compression levels 1 to 9 and 11 to 20.")
        first, *more = program.argv
        file = Path(first)
        first = str(file.with_name(_PROGRAM.sub(f"cuda_plot_k{order.k}", file.name)))
        return (
            *(first, *more, "-n", "1", "-C", str(order.compression), "-t", slashed(order.temp)),
            *(("-2", slashed(order.temp2)) if order.temp2 else ()),
            *("-d", slashed(order.out), *key_words(order, self.name)),
        )

    def needs(self, order: PlotOrder) -> Needs:
        """The space one plot takes."""
        final = finished(order.k, order.compression, GIGAHORSE_K32_GIB)
        half = like_k32(HALF_RAM_GIB, order.k) if order.temp2 else 0
        return Needs(temp=final, temp2=half, out=final)

    def reader(self) -> LogReader:
        """A fresh reader."""
        return MadmaxLog("gigahorse")

    def recognise(self, argv: Sequence[str]) -> ForeignOrder | None:
        """`cuda_plot_kNN`, whose name tells the k."""
        name, words = program(argv)
        named = _RUNNING.fullmatch(name)
        return order_told(self.name, options(words, _VALUED), int(named[1])) if named else None
