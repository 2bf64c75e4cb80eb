"""What every plotting program has to tell: how to run it, what it needs, how to read its log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from plotobot.plotters.recognising import ForeignOrder

TempKind = Literal["temp", "temp2"]
FolderKind = Literal["temp", "temp2", "out"]
PhaseSeconds = tuple[float | None, float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Program:
    """A plotting program found on this machine."""

    argv: tuple[str, ...]
    """The words that start it, without options; the first is an absolute path."""
    version: str


@dataclass(frozen=True, slots=True)
class PlotOrder:
    """One plot to be made: what the command line is built from. Folders are absolute paths."""

    k: int
    temp: str
    out: str
    temp2: str | None = None
    threads: int = 2
    buffer_mib: int = 3390
    buckets: int = 128
    bitfield: bool = True
    compression: int = 0
    """The level, for the plotters that have levels."""
    farmer_key: str | None = field(default=None, repr=False)
    """96 hex digits; None lets the plotter take its own."""
    pool_key: str | None = field(default=None, repr=False)
    contract: str | None = field(default=None, repr=False)
    """An xch1 address; excludes pool_key."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes that one plot takes at its peak."""

    temp: int
    temp2: int
    """On a second temp drive, when one is used; else it stands on the temp drive too."""
    out: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What a log has told so far of its latest plot."""

    plotter: str | None = None
    k: int | None = None
    plot_id: str | None = None
    status: str = "Initializing"
    """Ploto's code: Initializing, 1.0 to 4.2, Copying, Completed, or Error."""
    fraction: float = 0.0
    temp: str | None = None
    temp2: str | None = None
    out: str | None = None
    final_path: str | None = None
    phase_seconds: PhaseSeconds = (None, None, None, None)
    total_seconds: float | None = None
    copy_seconds: float | None = None
    stuck: str | None = None
    """The line that says the plotter waits for something, until a line shows it goes on."""
    error: str | None = None
    unknown_lines: int = 0


class LogReader(Protocol):
    """Reads one log, piece by piece, in one plotter's dialect. Pure: it is fed lines."""

    @property
    def progress(self) -> Progress:
        """The latest plot's progress; its phase never goes backwards."""
        ...

    def feed(self, lines: Iterable[bytes]) -> None:
        """Take whole lines, without their line ends; no bytes can make it raise."""
        ...


class Plotter(Protocol):
    """One plotting program. Adding one is one module and one line in `plotters.PLOTTERS`."""

    @property
    def name(self) -> str:
        """The name in the settings and in what people read."""
        ...

    @property
    def nameless(self) -> tuple[TempKind, ...]:
        """Which of its temp folders get files whose names carry no plot id.

        Jobs get folders of their own there; else nobody could say whose a file is.
        """
        ...

    @property
    def grows_in(self) -> FolderKind:
        """Where its plot grows until it is finished; temp2 is temp where none is used."""
        ...

    @property
    def own_container(self) -> bool:
        """Whether its plots begin with a header that nobody else can read."""
        ...

    @property
    def k_range(self) -> range:
        """The k it can make."""
        ...

    def find(self, configured: Path | None = None) -> Program:
        """Find the program: the configured path, else where its installer puts it. Blocks.

        Raises:
            PlotterMissing: with what was looked for, where, and the cure.
        """
        ...

    def command(self, program: Program, order: PlotOrder) -> tuple[str, ...]:
        """The exact argument list; no shell ever sees it."""
        ...

    def needs(self, order: PlotOrder) -> Needs:
        """The space one plot takes."""
        ...

    def reader(self) -> LogReader:
        """A fresh reader for a log of this plotter."""
        ...

    def recognise(self, argv: Sequence[str]) -> ForeignOrder | None:
        """What a process with this command line plots; None where it is not this plotter.

        Pure; no words can make it raise.
        """
        ...
