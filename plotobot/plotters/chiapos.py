"""The plotter `chiapos`: the library behind `chia plots create`, run on its own for small plots.

Its plots cannot be farmed for reward; `chiapos_plot` says why.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from plotobot.errors import PlotterMissing
from plotobot.plotters.base import FolderKind, LogReader, Needs, PlotOrder, Program, TempKind
from plotobot.plotters.chiapos_log import ChiaposLog
from plotobot.plotters.programs import locate, version_of
from plotobot.plotters.recognising import ForeignOrder, after, options, program
from plotobot.plotters.room import chiapos_temp, finished

SCRIPT = Path(__file__).with_name("chiapos_plot.py")
MOST_BUCKETS = {18: 16, 19: 16, 20: 16, 21: 16, 22: 16, 23: 64}
"""chiapos refuses 128 buckets below k24: `Stripe size too large` (tried with 2.0.12)."""
CURE = 'Install it with the demo: pip install "plotobot[demo]".'
_VALUED = (
    ("-k", "--size"), ("-n", "--count"), ("-b", "--buffer"), ("-r", "--threads"),
    ("-u", "--buckets"), ("-s", "--stripes"), ("-t", "--tmp_dir", "--tmpdir"),
    ("-2", "--tmp_dir2", "--tmpdir2"), ("-d", "--final_dir", "--finaldir"), ("-f", "--farmerkey"),
    ("-p", "--pool-key"), ("-c", "--contract"), ("-a", "--fingerprint"), ("-i", "--id"),
    ("-m", "--memo"),
)  # fmt: skip
"""chia/plotters/plotters.py, and our own script."""
_ASK = "from importlib.metadata import version; import chiapos; print(version('chiapos'))"


@dataclass(frozen=True, slots=True)
class Chiapos:
    """chiapos in a Python process of its own."""

    name: str = "chiapos"
    k_range: range = range(18, 36)
    nameless: tuple[TempKind, ...] = ()
    grows_in: FolderKind = "temp2"
    own_container: bool = False

    def find(self, configured: Path | None = None) -> Program:
        """Find a Python that has chiapos: the configured one, else the one Plotobot runs in.

        Raises:
            PlotterMissing: chiapos is not installed there.
        """
        if configured is not None:
            python = locate(["python3", "python"], configured, cure=CURE)
            return Program(_run(python), version_of([str(python), "-I", "-c", _ASK]))
        if util.find_spec("chiapos") is None:
            raise PlotterMissing(f"The Python package chiapos is not installed. {CURE}")
        return Program(_run(Path(sys.executable)), metadata.version("chiapos"))

    def command(self, program: Program, order: PlotOrder) -> tuple[str, ...]:
        """The exact argument list; too many buckets for a small k are brought down."""
        buckets = min(order.buckets, MOST_BUCKETS.get(order.k, 128))
        return (
            *program.argv,
            *("-k", str(order.k), "-b", str(order.buffer_mib), "-r", str(order.threads)),
            *("-u", str(buckets), "-t", order.temp),
            *(("-2", order.temp2) if order.temp2 else ()),
            *("-d", order.out),
            *(("-f", order.farmer_key) if order.farmer_key else ()),
            *pool_words(order),
            *(() if order.bitfield else ("-e",)),
        )

    def needs(self, order: PlotOrder) -> Needs:
        """The space one plot takes; the growing plot counts on temp unless temp2 is used."""
        return chiapos_needs(order)

    def reader(self) -> LogReader:
        """A fresh reader."""
        return ChiaposLog()

    def recognise(self, argv: Sequence[str]) -> ForeignOrder | None:
        """Our own script run by hand, or `chia plotters chiapos`."""
        name, words = program(argv)
        told = words if name == SCRIPT.name else after(words, "plotters", "chiapos")
        if told is None or not (name == SCRIPT.name or name.startswith("chia")):
            return None
        found = options(told, _VALUED)
        return ForeignOrder(
            self.name,
            found.k(),
            found.folder("-t"),
            found.folder("-2"),
            found.folder("-d"),
            bitfield=not found.flags & {"-e", "--nobitfield"},
            plots=found.plots(),
        )


def _run(python: Path) -> tuple[str, ...]:
    """Isolated from PYTHON* variables and the user's own packages."""
    return (str(python), "-I", str(SCRIPT))


def pool_words(order: PlotOrder) -> tuple[str, ...]:
    """`-c` with the contract, or `-p` with the pool key, or nothing."""
    if order.contract:
        return ("-c", order.contract)
    return ("-p", order.pool_key) if order.pool_key else ()


def chiapos_needs(order: PlotOrder) -> Needs:
    """The space that chiapos takes, by itself or under chia."""
    temp = chiapos_temp(order.k, bitfield=order.bitfield)
    final = finished(order.k)
    return Needs(temp=temp, temp2=final if order.temp2 else 0, out=final)
