"""The plotter `chia`: the official `chia plots create`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plotobot.plotters.base import FolderKind, LogReader, Needs, PlotOrder, Program, TempKind
from plotobot.plotters.chiapos import chiapos_needs, pool_words
from plotobot.plotters.chiapos_log import ChiaposLog
from plotobot.plotters.programs import locate, newest, version_of
from plotobot.plotters.recognising import ForeignOrder, after, options, program

OVERRIDE_BELOW = 32
"""Below this k chia wants `--override-k`: such plots earn nothing on mainnet."""
CURE = "Install Chia, or set the plotter's path to the chia program."
CHIA = frozenset({"chia", "chia.py", "chia-script.py", "chia.cmds.chia"})
"""What its program is called, as a script and as a module too."""
_VALUED = (
    ("-k", "--size"), ("-n", "--num"), ("-b", "--buffer"), ("-r", "--num_threads"),
    ("-u", "--buckets"), ("-a", "--alt_fingerprint"), ("-c", "--pool_contract_address"),
    ("-f", "--farmer_public_key"), ("-p", "--pool_public_key"), ("-t", "--tmp_dir"),
    ("-2", "--tmp2_dir"), ("-d", "--final_dir"), ("-i", "--plotid"), ("-m", "--memo"),
)  # fmt: skip
"""chia/cmds/plots.py."""
_DAEMON = Path("resources", "app.asar.unpacked", "daemon")


@dataclass(frozen=True, slots=True)
class Chia:
    """`chia plots create`, one plot a run."""

    name: str = "chia"
    k_range: range = range(25, 51)
    """The command line refuses k below 25, `--override-k` or not (chia 2.7.5)."""
    nameless: tuple[TempKind, ...] = ()
    grows_in: FolderKind = "temp2"
    own_container: bool = False

    def find(self, configured: Path | None = None) -> Program:
        """Find chia: the configured path, PATH, a virtual environment, the installers' places.

        Raises:
            PlotterMissing: it is nowhere, or does not tell its version.
        """
        chia = locate(["chia"], configured, installed(), CURE)
        return Program((str(chia),), version_of([str(chia), "version"]))

    def command(self, program: Program, order: PlotOrder) -> tuple[str, ...]:
        """The exact argument list; `-x` keeps the out folder out of chia's own settings."""
        return (
            *program.argv,
            *("plots", "create", "-k", str(order.k), "-n", "1", "-b", str(order.buffer_mib)),
            *("-r", str(order.threads), "-u", str(order.buckets), "-t", order.temp),
            *(("-2", order.temp2) if order.temp2 else ()),
            *("-d", order.out),
            *(("-f", order.farmer_key) if order.farmer_key else ()),
            *pool_words(order),
            *(() if order.bitfield else ("-e",)),
            "-x",
            *(("--override-k",) if order.k < OVERRIDE_BELOW else ()),
        )

    def needs(self, order: PlotOrder) -> Needs:
        """The space one plot takes; the growing plot counts on temp unless temp2 is used."""
        return chiapos_needs(order)

    def reader(self) -> LogReader:
        """A fresh reader."""
        return ChiaposLog()

    def recognise(self, argv: Sequence[str]) -> ForeignOrder | None:
        """`chia plots create`, also as a script, and as the GUI's daemon starts it."""
        name, words = program(argv)
        told = after(words, "plots", "create") if name in CHIA else None
        if told is None:
            return None
        found = options(told, _VALUED)
        return ForeignOrder(
            self.name,
            found.k(),
            found.folder("-t", "."),
            found.folder("-2"),
            found.folder("-d", "."),
            bitfield=not found.flags & {"-e", "--nobitfield"},
            plots=found.plots(),
        )


def installed(platform: str = sys.platform) -> Iterator[Path]:
    """Where Chia's installers put the command line program, the likeliest place first."""
    if platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", ""))
        apps = newest(local.glob("chia-blockchain/app-*")) if local.parts else []
        programs = Path(os.environ.get("PROGRAMFILES", "C:\\Program Files"))
        for app in (*apps, local / "Programs" / "Chia", programs / "Chia"):
            yield app / _DAEMON / "chia.exe"
    elif platform == "darwin":
        daemon = _DAEMON.relative_to("resources")
        yield Path("/Applications/Chia.app/Contents/Resources") / daemon / "chia"
    else:
        yield Path("/opt/chia") / _DAEMON / "chia"
