"""Reads what bladebit 3 prints: ramplot, diskplot and cudaplot share most of it.

The lines are those of bladebit 3.1.1 (PlotTools.cpp, PlotWriter.cpp, plotmem, plotdisk,
CudaPlotter.cu). It tells of steps that are over, counts every plot of one run as `Plot 1`
(bladebit #417), and the line `A.plot.tmp -> A.plot` says that the plot stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from plotobot.plotters.base import Progress
from plotobot.plotters.record import (
    KEY,
    NUMBER,
    TABLE_WEIGHTS,
    Marker,
    Record,
    by_first_bytes,
    folder,
    path,
    plain,
    text,
)
from plotobot.plotters.stream import Stream

CUDA_TABLES = (0.0, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70)
"""How far a cudaplot is after each table of phase 1 (chia 2.7.5, plotters/bladebit.py)."""
CUDA_PHASES = {1: 0.8, 2: 0.9, 3: 0.95}

_SECONDS = rb" in " + NUMBER + rb" seconds"
_WAITS = re.compile(rb"No space left in plot output directory|Waiting [\d.]+ seconds before trying")
_FAILS = re.compile(rb"Fatal Error: *(.*)|\*\*\* Panic!!! \*\*\* *(.*)|Error: *(.+)")


class BladebitLog:
    """The reader of one bladebit log."""

    def __init__(self) -> None:
        self._stream = Stream("bladebit")
        self._folders: dict[str, str] = {}
        self._cuda = False
        self._awaits_reason = False
        self._written: Record | None = None

    @property
    def progress(self) -> Progress:
        """The latest plot's progress; its phase never goes backwards."""
        found = self._folders.get
        return self._stream.progress(found("temp"), found("temp2"), found("out"))

    @property
    def plots(self) -> int:
        """How many plots the log has begun after its first one."""
        return self._stream.current.plots

    def feed(self, lines: Iterable[bytes]) -> None:
        """Take whole lines, without their line ends; no bytes can make it raise."""
        for raw in lines:
            line = plain(raw).strip()
            for pattern, action in _MARKERS.get(line[:KEY], ()):
                if found := pattern.match(line):
                    action(self, found)
                    break
            else:
                self._take_other(line, indented=raw[:1] in (b" ", b"\t"))

    def _take_other(self, line: bytes, *, indented: bool) -> None:
        record = self._stream.current
        before, arrow, final = line.rpartition(b".plot.tmp -> ")
        if arrow and before and final.endswith(b".plot"):
            self._written = self._stream.complete(final)
        elif found := _FAILS.match(line):
            said = any(found.groups())
            record.fail(text(line), guess=self._awaits_reason or not said)
            self._awaits_reason = not said
        elif _WAITS.search(line):
            record.stuck = text(line)
        elif line and self._awaits_reason:
            record.fail(text(line))
            self._awaits_reason = False
        elif line and not indented:
            self._stream.unknown += 1

    def _on(self) -> Record:
        record = self._stream.current
        record.stuck = None
        return record

    def _generates(self, found: re.Match[bytes]) -> None:
        self._stream.open(found[1].decode())

    def _writes_to(self, found: re.Match[bytes]) -> None:
        if record := self._stream.owner(found[1]):
            record.name(found[1])
        self._folders["out"] = folder(found[1])

    def _temp1(self, found: re.Match[bytes]) -> None:
        self._folders["temp"] = path(found[1])

    def _temp2(self, found: re.Match[bytes]) -> None:
        self._folders["temp2"] = path(found[1])

    def _is_cuda(self, found: re.Match[bytes]) -> None:
        self._cuda = True

    def _runs_phase(self, found: re.Match[bytes]) -> None:
        self._on().step(int(found[1]), 0)

    def _first_table(self, found: re.Match[bytes]) -> None:
        self._on().table(1)

    def _table1_done(self, found: re.Match[bytes]) -> None:
        self._done(1)

    def _table_done(self, found: re.Match[bytes]) -> None:
        self._done(int(found[1]))

    def _done(self, table: int) -> None:
        weights = CUDA_TABLES if self._cuda else TABLE_WEIGHTS
        self._on().reach(f"1.{min(table, 6)}", weights[table])

    def _phase_done(self, found: re.Match[bytes]) -> None:
        phase = int(found[1])
        record = self._on()
        record.phase_took(phase, float(found[2]))
        record.step(*((phase + 1, 0) if phase < 4 else (4, 2)))
        if self._cuda:
            record.raise_fraction(CUDA_PHASES.get(phase, 0.0))

    def _marked(self, found: re.Match[bytes]) -> None:
        self._on().step(2, 8 - int(found[1]))

    def _compressed(self, found: re.Match[bytes]) -> None:
        self._on().step(3, int(found[1]))

    def _c2(self, found: re.Match[bytes]) -> None:
        self._on().step(4, 1)

    def _writes(self, found: re.Match[bytes]) -> None:
        self._on().reach("Copying")

    def _made(self, found: re.Match[bytes]) -> None:
        record = self._on()
        record.total_seconds = float(found[1])
        record.reach("Copying")

    def _wrote(self, found: re.Match[bytes]) -> None:
        (self._written or self._stream.current).copy_seconds = float(found[1])


_MARKERS: Mapping[bytes, Sequence[Marker[Callable[[BladebitLog, re.Match[bytes]], None]]]]
_MARKERS = by_first_bytes(
    (b"Generating plot ", rb"\d+(?: / \S+)?: ([0-9a-f]{64})", BladebitLog._generates),
    (b"Plot temporary file: ", b"(.+)", BladebitLog._writes_to),
    (b"Temp1 path", b" +: (.*)", BladebitLog._temp1),
    (b"Temp2 path", b" +: (.*)", BladebitLog._temp2),
    (b"[Bladebit CUDA Plotter]", b"", BladebitLog._is_cuda),
    (b"Running Phase ", b"([1-4])", BladebitLog._runs_phase),
    (b"Generating F1", b"", BladebitLog._first_table),
    (b"Generating f1", b"", BladebitLog._first_table),
    (b"Finished F1 ", b"(?:sort )?in ", BladebitLog._table1_done),
    (b"Finished f1 generation in ", b"", BladebitLog._table1_done),
    (b"Finished forward propagating table ", b"([2-7]) in ", BladebitLog._table_done),
    (b"Table ", b"([2-7]) completed in ", BladebitLog._table_done),
    (b"Completed table ", rb"([2-7]) in \S+ seconds with \d+ ent", BladebitLog._table_done),
    (b"Completed table ", rb"([1-6]) in \S+ seconds with \d+ / ", BladebitLog._compressed),
    (b"Finished Phase ", b"([1-4])" + _SECONDS, BladebitLog._phase_done),
    (b"Completed Phase ", b"([1-4])" + _SECONDS, BladebitLog._phase_done),
    (b"Finished marking table ", b"([2-6]) in ", BladebitLog._marked),
    (b"Finished prunning table ", b"([2-6]) in ", BladebitLog._marked),
    (b"Marked Table ", b"([2-6]) in ", BladebitLog._marked),
    (b"Finished compressing tables ", b"([1-6]) and ", BladebitLog._compressed),
    (b"Writing C2 table", b"", BladebitLog._c2),
    (b"Writing final plot tables to disk", b"", BladebitLog._writes),
    (b"Waiting for plot file to complete", b"", BladebitLog._writes),
    (b"Completed Plot ", rb"\d+" + _SECONDS, BladebitLog._made),
    (b"Finished plotting", _SECONDS, BladebitLog._made),
    (b"Finished writing tables to disk", _SECONDS, BladebitLog._wrote),
    (b"Completed pending writes", _SECONDS, BladebitLog._wrote),
    (b"Completed writing plot", _SECONDS, BladebitLog._wrote),
)
