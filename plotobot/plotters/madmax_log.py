"""Reads what madMAx `chia_plot` prints, and Gigahorse, its successor by the same author.

The lines are those of chia_plot 1.1.8 (chia_plot.cpp, phase1.hpp to phase4.hpp, copy.h), compared
with real logs; those of Gigahorse come from logs its users showed. A line tells of a step that
is over, so the status names the next one. `Total plot creation time` means made, not yet moved.
The header says k32 for every k: only the plot's name is to be believed.
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

_FAILS = re.compile(
    rb"(?:\[?\w*\]? ?thread failed with: |terminate called |  what\(\): |Error: |Failed to )"
)
_HEAD_LINE = re.compile(
    rb"Network Port|Number of |Process ID|Pool P|Farmer P|\*\*|\[P[1-4]|Wrote plot header|"
    rb"Progress update: |Waiting for disk flush|No\. |Shared Memory|Initialization took"
)


class MadmaxLog:
    """The reader of one madMAx or Gigahorse log."""

    def __init__(self, plotter: str = "madmax") -> None:
        self._stream = Stream(plotter)
        self._temp: str | None = None
        self._temp2: str | None = None
        self._out: str | None = None
        self._stage: str | None = None
        self._file = b""

    @property
    def progress(self) -> Progress:
        """The latest plot's progress; its phase never goes backwards."""
        return self._stream.progress(self._temp, self._temp2, self._out)

    @property
    def plots(self) -> int:
        """How many plots the log has begun after its first one."""
        return self._stream.current.plots

    def feed(self, lines: Iterable[bytes]) -> None:
        """Take whole lines, without their line ends; no bytes can make it raise."""
        for raw in lines:
            line = plain(raw)
            for pattern, action in _MARKERS.get(line[:KEY], ()):
                if found := pattern.match(line):
                    action(self, found)
                    break
            else:
                self._take_other(line)

    def _take_other(self, line: bytes) -> None:
        record = self._stream.current
        if _FAILS.match(line):
            record.fail(text(line), guess=True)
        elif b"No space left" in line:
            record.stuck = text(line)
        elif line and not _HEAD_LINE.match(line):
            self._stream.unknown += 1

    def _on(self) -> Record:
        record = self._stream.current
        record.stuck = None
        return record

    def _is_gigahorse(self, found: re.Match[bytes]) -> None:
        self._stream.plotter = "gigahorse"

    def _crafts(self, found: re.Match[bytes]) -> None:
        self._stream.open()
        self._file = b""

    def _names(self, found: re.Match[bytes]) -> None:
        self._file = found[1].strip()
        self._stream.open(found[2].decode()).name(self._file)
        self._on().table(1)

    def _goes_to(self, found: re.Match[bytes]) -> None:
        self._out = path(found[1])

    def _stages(self, found: re.Match[bytes]) -> None:
        self._stage = path(found[1])

    def _works_in(self, found: re.Match[bytes]) -> None:
        where = path(found[2])
        if not found[1]:
            self._temp = where
        elif not where.startswith("@"):
            self._temp2 = where

    def _table1_took(self, found: re.Match[bytes]) -> None:
        table = int(found[1])
        self._on().reach(f"1.{min(table, 6)}", TABLE_WEIGHTS[table])

    def _table2_took(self, found: re.Match[bytes]) -> None:
        self._on().step(2, 8 - int(found[1]))

    def _table3_took(self, found: re.Match[bytes]) -> None:
        self._on().step(3, int(found[1]) - 1)

    def _phase_took(self, found: re.Match[bytes]) -> None:
        phase = int(found[1])
        self._on().phase_took(phase, float(found[2]))
        self._on().step(*((phase + 1, 0) if phase < 4 else (4, 2)))

    def _c2(self, found: re.Match[bytes]) -> None:
        self._on().step(4, 1)

    def _made(self, found: re.Match[bytes]) -> None:
        record = self._on()
        record.total_seconds = float(found[1])
        record.reach("Copying")
        stays = _same(self._out, self._stage or self._temp)
        if stays and self._out and self._file:
            record.complete(f"{self._out.rstrip('/')}/{path(self._file)}.plot".encode())

    def _copies(self, found: re.Match[bytes]) -> None:
        if record := self._stream.owner(found[1]):
            record.reach("Copying")
            self._out = self._out or folder(found[1])

    def _copied(self, found: re.Match[bytes]) -> None:
        if record := self._stream.complete(found[1]):
            record.copy_seconds = float(found[2])

    def _copy_failed(self, found: re.Match[bytes]) -> None:
        if record := self._stream.owner(found[1]):
            record.stuck = text(found[0])

    def _renamed(self, found: re.Match[bytes]) -> None:
        self._stream.complete(found[1])


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.rstrip("/\\") == other.rstrip("/\\")


def _known(log: MadmaxLog, found: re.Match[bytes]) -> None:
    """A line of the head."""


_MARKERS: Mapping[bytes, Sequence[Marker[Callable[[MadmaxLog, re.Match[bytes]], None]]]]
_MARKERS = by_first_bytes(
    (b"[P1] Table ", rb"([1-7]) took ", MadmaxLog._table1_took),
    (b"[P2] Table ", rb"([2-7]) (?:rewrite )?took ", MadmaxLog._table2_took),
    (b"[P3-2] Table ", rb"([2-7]) took ", MadmaxLog._table3_took),
    (b"[P3] Table ", rb"([2-7]) (?:NSK )?took ", MadmaxLog._table3_took),
    (b"[P4] Finished writing C2 table", b"", MadmaxLog._c2),
    (b"Phase ", rb"([1-4]) took " + NUMBER + rb" sec", MadmaxLog._phase_took),
    (b"Total plot creation time was ", NUMBER + rb" sec", MadmaxLog._made),
    (b"Started copy to ", rb"(.+)", MadmaxLog._copies),
    (b"Copy to ", rb"(.+) finished, took " + NUMBER + rb" sec", MadmaxLog._copied),
    (b"Copy to ", rb"(.+) failed with: .*", MadmaxLog._copy_failed),
    (b"Renamed final plot to ", rb"(.+)", MadmaxLog._renamed),
    (b"Crafting plot ", rb"\d+ out of", MadmaxLog._crafts),
    (b"Plot Name: ", rb"(plot-\S*?-([0-9a-f]{64}))", MadmaxLog._names),
    (b"Final Directory: ", b"(.*)", MadmaxLog._goes_to),
    (b"Final Destination: ", b"(.*)", MadmaxLog._goes_to),
    (b"Stage Directory: ", b"(.*)", MadmaxLog._stages),
    (b"Working Directory", b"( 2)?: +(.*)", MadmaxLog._works_in),
    (b"Chia k", rb"\d+ next-gen CUDA plotter", MadmaxLog._is_gigahorse),
    (b"Plot Format: ", b"(?:mmx-)?v2", MadmaxLog._is_gigahorse),
    (b"Flushing to disk took ", b"", MadmaxLog._is_gigahorse),
    (b"[P4] total_p7_parks", b"", MadmaxLog._is_gigahorse),
    (b"[P3] Table ", rb"[2-7] (?:LPSK|PDSK) took ", MadmaxLog._is_gigahorse),
    (b"Compression Level: C", b"", MadmaxLog._is_gigahorse),
    (b"Multi-threaded pipelined Chia ", b"", _known),
)
