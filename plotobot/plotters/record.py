"""What a log has told so far of one plot, while it is being read; the readers share it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TypeVar

from plotobot.plots.keys import masked
from plotobot.plotters.base import PhaseSeconds, Progress

STEPS = {1: 6, 2: 6, 3: 6, 4: 2}
"""The last step of each phase in the status codes of Ploto's README: 1.6, 2.6, 3.6, 4.2."""

CODES = (
    "Initializing",
    *(f"{phase}.{step}" for phase, last in STEPS.items() for step in range(last + 1)),
    "Copying",
    "Completed",
)
RANK = {code: rank for rank, code in enumerate(CODES)}

WEIGHTS: dict[str, float] = {
    "1.1": 0.01,
    "2.1": 0.43,
    "2.2": 0.48,
    "2.3": 0.51,
    "2.4": 0.55,
    "2.5": 0.58,
    "2.6": 0.61,
    "3.1": 0.66,
    "3.2": 0.73,
    "3.3": 0.79,
    "3.4": 0.85,
    "3.5": 0.92,
    "3.6": 0.98,
    "Copying": 0.99,
    "Completed": 1.0,
}
"""chiapos' own progress figures by the status they come with."""

TABLE_WEIGHTS = (0.0, 0.01, 0.06, 0.12, 0.20, 0.28, 0.36, 0.42)
"""chiapos' progress figures of phase 1 by table; tables 1 and 2 share a status."""

NUMBER = rb"(\d{1,12}(?:\.\d{1,12})?)"
"""A decimal number that is never infinite, whatever a damaged log holds."""

LONGEST_TEXT = 1000

_PLOT_NAME = re.compile(rb"plot-(?:mmx-)?k(\d{2})-(?:[0-9a-zA-Z-]{1,40}-)?([0-9a-f]{64})")
_FINISHED = re.compile(rb"plot-(?:mmx-)?k\d{2}-(?:[0-9a-zA-Z-]{1,40}-)?([0-9a-f]{64})\.plot\s*$")
_COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: .*)?$")

T = TypeVar("T")
Marker = tuple["re.Pattern[bytes]", T]
"""A form of line, and what is done with one."""
KEY = 3
"""Markers stand under so many first bytes of their lines."""


@dataclass(slots=True)
class Record:
    """One plot's progress, growing line by line. Seconds and paths are as the log has them."""

    plotter: str
    plots: int = 0
    """How many plots were opened before this one."""
    k: int | None = None
    plot_id: str | None = None
    status: str = "Initializing"
    fraction: float = 0.0
    temp: str | None = None
    temp2: str | None = None
    out: str | None = None
    final_path: str | None = None
    phase_seconds: list[float | None] = field(default_factory=lambda: [None] * 4)
    total_seconds: float | None = None
    copy_seconds: float | None = None
    stuck: str | None = None
    error: str | None = None
    error_is_guess: bool = False
    """Whether words that say more about the cause may replace the error."""
    in_traceback: bool = False

    def reopen(self) -> None:
        """Forget this plot: the log goes on to another one."""
        fresh = Record(self.plotter, self.plots + 1)
        for one in fields(fresh):
            setattr(self, one.name, getattr(fresh, one.name))

    def reach(self, code: str, fraction: float = 0.0) -> None:
        """Go on to a status; one that lies behind changes nothing."""
        if RANK[code] > RANK[self.status]:
            self.status = code
        self.raise_fraction(max(fraction, WEIGHTS.get(code, 0.0)))

    def raise_fraction(self, fraction: float) -> None:
        """Take a figure between 0 and 1, unless it is less than what stands already."""
        if self.fraction < fraction <= 1:
            self.fraction = fraction

    def step(self, phase: int, step: int) -> None:
        """Go on to a step of a phase, at most to the phase's last one."""
        self.reach(f"{phase}.{min(step, STEPS[phase])}")

    def table(self, table: int) -> None:
        """Go on to phase 1's table 1 to 7: README codes 1.1, 1.1, 1.2 ... 1.6."""
        self.reach(f"1.{max(1, table - 1)}", TABLE_WEIGHTS[table])

    def phase_took(self, phase: int, seconds: float) -> None:
        """Note how long a phase took."""
        self.phase_seconds[phase - 1] = seconds

    def complete(self, file: bytes) -> None:
        """The plot stands under its final name; whatever was in the way is over.

        A file whose name is another plot's, or is cut short or damaged, proves nothing.
        """
        found = _FINISHED.search(file)
        if found is None or self.plot_id not in (None, found[1].decode()):
            return
        self.name(file)
        self.final_path = path(file)
        self.stuck = self.error = None
        self.reach("Completed")

    def fail(self, reason: str, *, guess: bool = False) -> None:
        """Note why the plotter gave up, unless the plot is complete already."""
        known = self.error is not None and not self.error_is_guess
        if self.status == "Completed" or not reason or (guess and known):
            return
        self.error, self.error_is_guess = reason, guess

    def follow_traceback(self, line: bytes) -> bool:
        """Take a line that may belong to a Python traceback; its last line is the reason."""
        if line.startswith(b"Traceback (most recent call last)"):
            self.in_traceback = True
        elif not self.in_traceback or line[:1] in b" \t":
            return self.in_traceback
        elif _EXCEPTION.match(reason := text(line)):
            self.in_traceback = False
            self.fail(reason, guess=True)
        else:
            return False
        return True

    def name(self, file: bytes) -> None:
        """Take k and plot id from a plot's file name, as far as they are not known."""
        if found := _PLOT_NAME.search(file):
            self.k = self.k or int(found[1])
            self.plot_id = self.plot_id or found[2].decode()

    def progress(self, unknown_lines: int = 0) -> Progress:
        """The frozen state of things."""
        failed = self.error is not None
        phases: PhaseSeconds = tuple(self.phase_seconds)  # type: ignore[assignment]
        return Progress(
            plotter=self.plotter,
            k=self.k,
            plot_id=self.plot_id,
            status="Error" if failed else self.status,
            fraction=self.fraction,
            temp=self.temp,
            temp2=self.temp2,
            out=self.out,
            final_path=self.final_path,
            phase_seconds=phases,
            total_seconds=self.total_seconds,
            copy_seconds=self.copy_seconds,
            stuck=self.stuck,
            error=self.error,
            unknown_lines=unknown_lines,
        )


def by_first_bytes(*forms: tuple[bytes, bytes, T]) -> Mapping[bytes, Sequence[Marker[T]]]:
    """Put forms of lines under their first `KEY` bytes, where one look-up finds them.

    Args:
        forms: the words a line begins with, a pattern for what follows, and what to do then.
    """
    table: dict[bytes, tuple[Marker[T], ...]] = {}
    for begin, rest, action in forms:
        key = begin[:KEY]
        pattern = re.compile(re.escape(begin) + rest)
        table[key] = (*table.get(key, ()), (pattern, action))
    return table


def plain(line: bytes) -> bytes:
    """A line without terminal colours, CR, and the mark `chia plotters` puts before stderr."""
    return _COLOURS.sub(b"", line).strip(b"\r").removeprefix(b"STDERR: ")


def text(line: bytes) -> str:
    """A line for people: decoded, keys masked, its middle left out where it is too long."""
    words = masked(plain(line).decode("utf-8", "replace")).strip()
    if len(words) > LONGEST_TEXT:
        half = LONGEST_TEXT // 2
        words = f"{words[:half]} … {words[-half:]}"
    return words


def path(raw: bytes) -> str:
    """A path as the log has it."""
    return raw.decode("utf-8", "replace").strip()


def folder(raw: bytes) -> str:
    """The folder of a file named in a log of either family of systems."""
    words = path(raw)
    cut = max(words.rfind("/"), words.rfind("\\"))
    return words[: max(cut, 1)] if cut >= 0 else "."
