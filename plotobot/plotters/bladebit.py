"""The plotters `bladebit_ram`, `bladebit_disk` and `bladebit_cuda`: bladebit 3's three ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plotobot.errors import Refusal
from plotobot.plotters.base import FolderKind, LogReader, Needs, PlotOrder, Program, TempKind
from plotobot.plotters.bladebit_log import BladebitLog
from plotobot.plotters.madmax import key_words
from plotobot.plotters.programs import locate, version_of
from plotobot.plotters.recognising import ForeignOrder, after, options, program
from plotobot.plotters.room import finished, like_k32

DISK_TEMP_GIB = 480.0
"""What a diskplot takes (bladebit's README); with two drives each is planned for all of it."""
_VALUED = (
    ("-t", "--threads"), ("-n", "--count"), ("-f", "--farmer-key"), ("-c", "--pool-contract"),
    ("-p", "--pool-key"), ("-z", "--compress"), ("-i", "--plot-id"), ("--memo",),
)  # fmt: skip
"""Before the mode (bladebit's main.cpp)."""
_MODE_VALUED = (
    ("-t1", "--temp1"), ("-t2", "--temp2"), ("-b", "--buckets"), ("--cache",), ("--f1-threads",),
    ("--fp-threads",), ("--c-threads",), ("--p2-threads",), ("--p3-threads",), ("-d", "--device"),
    ("--check",), ("--check-threshold",), ("-s", "--sleep"),
)  # fmt: skip
"""After it."""
_CHIA_VALUED = (
    ("-r", "--threads"), ("-n", "--count"), ("-f", "--farmerkey"), ("-p", "--pool-key"),
    ("-c", "--contract"), ("-i", "--id"), ("-d", "--final_dir", "--finaldir"),
    ("-t", "--tmp_dir", "--tmpdir"), ("-2", "--tmp_dir2", "--tmpdir2"), ("--compress",),
)  # fmt: skip
"""Of `chia plotters bladebit` (chia/plotters/plotters.py)."""
_CHIA_LEVEL = 1
"""What `chia plotters bladebit` takes where no level is given."""
_PROGRAMS = frozenset({"bladebit", "bladebit_cuda"})
CURE = "Build or download bladebit 3, or set the plotter's path to it."


@dataclass(frozen=True, slots=True)
class Bladebit:
    """bladebit 3.1 in one of its modes, one plot a run; it makes k32 only.

    Its disk mode names temp files without the plot's id (`t1_0.tmp`).
    """

    mode: str
    """ramplot, diskplot or cudaplot."""
    name: str
    programs: tuple[str, ...] = ("bladebit",)
    levels: tuple[int, ...] = (0,)
    """Compression levels it makes without dying at once."""
    k_range: range = range(32, 33)
    nameless: tuple[TempKind, ...] = ()
    grows_in: FolderKind = "out"
    own_container: bool = False

    def find(self, configured: Path | None = None) -> Program:
        """Find bladebit.

        Raises:
            PlotterMissing: it is nowhere, or does not tell its version.
        """
        program = locate(self.programs, configured, cure=CURE)
        return Program((str(program),), version_of([str(program), "--version"]))

    def command(self, program: Program, order: PlotOrder) -> tuple[str, ...]:
        """The exact argument list: general options, the mode, the mode's options, the folder.

        Raises:
            Refusal: the keys are missing, or the mode does not have the compression level.
        """
        if order.compression not in self.levels:
            known = ", ".join(map(str, self.levels))
            raise Refusal(f"{self.name} has no compression level {order.compression}: {known}.")
        return (
            *program.argv,
            *("-t", str(order.threads), "-n", "1", *key_words(order, self.name)),
            *("-z", str(order.compression), self.mode, *self._mode_words(order), order.out),
        )

    def _mode_words(self, order: PlotOrder) -> tuple[str, ...]:
        if self.mode != "diskplot":
            return ()
        second = ("-t2", order.temp2) if order.temp2 else ()
        return ("-t1", order.temp, *second, "-b", str(order.buckets))

    def needs(self, order: PlotOrder) -> Needs:
        """The space one plot takes; without disk mode it is made in memory and in out."""
        temp = like_k32(DISK_TEMP_GIB, order.k) if self.mode == "diskplot" else 0
        out = finished(order.k, order.compression)
        return Needs(temp=temp, temp2=temp if order.temp2 else 0, out=out)

    def reader(self) -> LogReader:
        """A fresh reader."""
        return BladebitLog()

    def recognise(self, argv: Sequence[str]) -> ForeignOrder | None:
        """Bladebit in this mode, or `chia plotters bladebit` with it."""
        name, words = program(argv)
        if name in _PROGRAMS:
            return self._native(words)
        told = after(words, "plotters", "bladebit", self.mode)
        if told is None or not name.startswith("chia"):
            return None
        found = options(told, _CHIA_VALUED)
        temps = (found.folder("-t"), found.folder("-2"))
        level = found.level("--compress", _CHIA_LEVEL)
        return self._order(temps, found.folder("-d"), level, found.plots(endless=0))

    def _native(self, words: Sequence[str]) -> ForeignOrder | None:
        told = after(words, self.mode)
        if told is None:
            return None
        general = options(words[: len(words) - len(told) - 1], _VALUED, glued=False)
        found = options(told, _MODE_VALUED, glued=False)
        # Of several out folders the last: it is one also where an option is not known here.
        out = found.words[-1] if found.words else None
        temps = (found.folder("-t1"), found.folder("-t2"))
        return self._order(temps, out, general.level("-z"), general.plots(endless=0))

    def _order(
        self, temps: tuple[str | None, str | None], out: str | None, level: int, plots: int | None
    ) -> ForeignOrder:
        first, second = temps
        return ForeignOrder(self.name, 32, first, second, out, compression=level, plots=plots)


RAM = Bladebit("ramplot", "bladebit_ram", levels=tuple(range(8)))
DISK = Bladebit("diskplot", "bladebit_disk", nameless=("temp", "temp2"))
CUDA = Bladebit("cudaplot", "bladebit_cuda", ("bladebit_cuda",), (*range(8), 9))
