"""The plotter `madmax`: madMAx' pipelined `chia_plot`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plotobot.errors import Refusal
from plotobot.plotters.base import FolderKind, LogReader, Needs, PlotOrder, Program, TempKind
from plotobot.plotters.chiapos import pool_words
from plotobot.plotters.madmax_log import MadmaxLog
from plotobot.plotters.programs import locate, version_of
from plotobot.plotters.recognising import ForeignOrder, Options, after, options, program
from plotobot.plotters.room import finished, like_k32

ONE_DRIVE_GIB = 256.0
"""k32 with temp and temp2 in one folder (README of madMAx)."""
TEMP_GIB = 220.0
TEMP2_GIB = 110.0
LARGE_K = 32
"""Above it madMAx has a program of its own."""
VALUED = (
    ("-k", "--size"), ("-n", "--count"), ("-r", "--threads"), ("-u", "--buckets"),
    ("-v", "--buckets3"), ("-t", "--tmpdir", "--tmp_dir"), ("-2", "--tmpdir2", "--tmp_dir2"),
    ("-s", "--stagedir"), ("-d", "--finaldir", "--final_dir"), ("-K", "--rmulti2"),
    ("-f", "--farmerkey"), ("-p", "--poolkey", "--pool-key"), ("-c", "--contract"),
    ("-x", "--port"), ("-C", "--level"),
)  # fmt: skip
"""Those of chia_plot.cpp, and of `chia plotters madmax`."""
CURE = "Build or download madMAx' chia_plot, or set the plotter's path to it."


_PROGRAMS = frozenset({"chia_plot", "chia_plot_k34"})


@dataclass(frozen=True, slots=True)
class Madmax:
    """madMAx `chia_plot` 1.1.8, one plot a run."""

    name: str = "madmax"
    k_range: range = range(16, 35)
    nameless: tuple[TempKind, ...] = ()
    grows_in: FolderKind = "temp"
    own_container: bool = False

    def find(self, configured: Path | None = None) -> Program:
        """Find `chia_plot`.

        Raises:
            PlotterMissing: it is nowhere, or does not tell its version.
        """
        program = locate(["chia_plot"], configured, cure=CURE)
        return Program((str(program),), version_of([str(program), "--version"]))

    def command(self, program: Program, order: PlotOrder) -> tuple[str, ...]:
        """The exact argument list; for k above 32 of `chia_plot_k34`, its neighbour.

        Raises:
            Refusal: the keys are missing; madMAx takes none from chia.
        """
        first, *more = program.argv
        if order.k > LARGE_K and Path(first).stem == "chia_plot":
            first = str(Path(first).with_stem("chia_plot_k34"))
        return (
            *(first, *more, "-k", str(order.k), "-n", "1", "-r", str(order.threads)),
            *("-u", str(order.buckets), "-t", slashed(order.temp)),
            *(("-2", slashed(order.temp2)) if order.temp2 else ()),
            *("-d", slashed(order.out), *key_words(order, self.name)),
        )

    def needs(self, order: PlotOrder) -> Needs:
        """The space one plot takes."""
        temp = TEMP_GIB if order.temp2 else ONE_DRIVE_GIB
        return Needs(
            temp=like_k32(temp, order.k),
            temp2=like_k32(TEMP2_GIB, order.k) if order.temp2 else 0,
            out=finished(order.k),
        )

    def reader(self) -> LogReader:
        """A fresh reader."""
        return MadmaxLog()

    def recognise(self, argv: Sequence[str]) -> ForeignOrder | None:
        """`chia_plot`, `chia_plot_k34`, or `chia plotters madmax`."""
        name, words = program(argv)
        told = words if name in _PROGRAMS else None
        if told is None and name.startswith("chia"):
            told = after(words, "plotters", "madmax")
        return None if told is None else order_told(self.name, options(told, VALUED))


def order_told(name: str, found: Options, k: int | None = None) -> ForeignOrder:
    """What madMAx' options order; without an out folder the plot stays on temp."""
    temp = found.folder("-t", ".")
    return ForeignOrder(
        name,
        k or found.k(),
        temp,
        found.folder("-2"),
        found.folder("-d", None if "-d" in found.values else temp),
        compression=found.level("-C"),
        plots=found.plots(),
    )


def slashed(folder: str) -> str:
    """A folder with the slash at its end that madMAx insists on."""
    if folder.endswith(("/", "\\")):
        return folder
    return folder + ("\\" if "\\" in folder and "/" not in folder else "/")


def key_words(order: PlotOrder, plotter: str) -> tuple[str, ...]:
    """The key options of plotters that cannot ask chia for keys.

    Raises:
        Refusal: the farmer key, or both pool key and contract, are missing.
    """
    pool = pool_words(order)
    if not order.farmer_key or not pool:
        lacks = "a farmer key" if not order.farmer_key else "a pool contract or a pool key"
        raise Refusal(f"{plotter} takes no keys from chia: set {lacks} in the settings.")
    return ("-f", order.farmer_key, *pool)
