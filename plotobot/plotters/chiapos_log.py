"""Reads what chiapos prints, by itself or under `chia plots create`.

The lines are those of chiapos 2.0.12 (plotter_disk.hpp, phase1.hpp to phase4.hpp, disk.hpp) and of
chia 2.7.5, compared with real logs. `Total time` is not the end: the final copy comes after it,
and only `Renamed final file` says that the plot stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from plotobot.plotters.base import Progress
from plotobot.plotters.record import KEY, NUMBER, Record, by_first_bytes, folder, path, plain, text

FIRST_KEPT = b"\tWri"
"""Lines that sort before this one are empty or report on buckets: nine tenths of a log.

One comparison skips them; `<TAB>Writing C2 table` is the only indented line that tells something.
"""

KNOWN = (
    b"scanned t",
    b"sort time",
    b"sorting table",
    b"Total compress table time",
    b"Forward propagation table time",
    b"F1 complete",
    b"table 1 new size",
    b"\tWrote ",
    b"Wrote: ",
    b"Approximate working space used",
    b"Final File size",
    b"Copied final file",
    b"Removed temp2 file",
    b"Buffer size is",
    b"Using ",
    b"Process ID is",
)
"""Lines that tell nothing but that the plotter is at work."""

_WAITS = re.compile(rb"Retrying in five minutes|No space left")
_GIVES_UP = re.compile(
    rb"Caught plotting error: |Error: |\S+: error: |k=\d+ is the minimum size|terminate called "
    rb"|  what\(\): "
)
_OWN_LINE = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+ .*\bchia\.")


class ChiaposLog:
    """The reader of one chiapos log; a new plot in it opens a new record."""

    def __init__(self) -> None:
        self._record = Record("chia")
        self._unknown = 0

    @property
    def progress(self) -> Progress:
        """The latest plot's progress; its phase never goes backwards."""
        return self._record.progress(self._unknown)

    @property
    def plots(self) -> int:
        """How many plots the log has begun after its first one."""
        return self._record.plots

    def feed(self, lines: Iterable[bytes]) -> None:
        """Take whole lines, without their line ends; no bytes can make it raise."""
        record = self._record
        waits = record.stuck is not None
        for line in lines:
            if line < FIRST_KEPT:
                if waits and line[:1] == b"\t":
                    record.stuck = None
                    waits = False
                continue
            if not self._take_marker(line):
                self._take_other(line)
            waits = record.stuck is not None

    def _take_marker(self, line: bytes) -> bool:
        for pattern, action in MARKERS.get(line[:KEY], ()):
            if found := pattern.match(line):
                self._record.stuck = None
                action(self._record, found)
                return True
        return False

    def _take_other(self, raw: bytes) -> None:
        record, line = self._record, plain(raw)
        if (line != raw and self._take_marker(line)) or record.follow_traceback(line):
            return
        if _GIVES_UP.match(line):
            record.fail(text(line), guess=not line.startswith(b"Caught"))
        elif _WAITS.search(line):
            record.stuck = text(line)
        elif line and not _OWN_LINE.match(line):
            self._unknown += 1


def _opens(record: Record, found: re.Match[bytes]) -> None:
    if record.plot_id is not None or record.temp is not None or record.status != "Initializing":
        record.reopen()
    record.error = None
    record.temp, record.temp2 = _two_folders(found[1])


def _two_folders(both: bytes) -> tuple[str, str]:
    """Take `A and B` apart, although A and B may hold the word themselves."""
    middle = len(both) // 2 - 2
    if both[:middle] == both[middle + 5 :] and both[middle : middle + 5] == b" and ":
        return path(both[:middle]), path(both[:middle])
    cuts = [cut.start() for cut in re.finditer(rb" and (?=/|[A-Za-z]:[\\/])", both)]
    cut = cuts[0] if cuts else both.find(b" and ")
    return path(both[:cut]), path(both[cut + 5 :])


def _id(record: Record, found: re.Match[bytes]) -> None:
    plot_id = found[1].decode()
    if record.plot_id not in (None, plot_id):
        record.reopen()
    record.plot_id = plot_id


def _k(record: Record, found: re.Match[bytes]) -> None:
    record.k = int(found[1])


def _out(record: Record, found: re.Match[bytes]) -> None:
    record.out = path(found[1])


def _phase(record: Record, found: re.Match[bytes]) -> None:
    record.step(int(found[1]), 0)
    if found[2]:
        record.temp2 = folder(found[2])


def _phase_took(record: Record, found: re.Match[bytes]) -> None:
    phase = int(found[1])
    record.phase_took(phase, float(found[2]))
    if phase == 4:
        record.step(4, 2)


def _table(record: Record, found: re.Match[bytes]) -> None:
    record.table(int(found[1]))


def _backwards(record: Record, found: re.Match[bytes]) -> None:
    record.step(2, 8 - int(found[1]))


def _compresses(record: Record, found: re.Match[bytes]) -> None:
    record.step(3, int(found[1]))


def _percent(record: Record, found: re.Match[bytes]) -> None:
    record.raise_fraction(float(found[1]))


def _c2(record: Record, found: re.Match[bytes]) -> None:
    record.step(4, 1)


def _total(record: Record, found: re.Match[bytes]) -> None:
    record.total_seconds = float(found[1])
    record.reach("Copying")


def _copied(record: Record, found: re.Match[bytes]) -> None:
    record.copy_seconds = float(found[1])
    record.reach("Copying")


def _renamed(record: Record, found: re.Match[bytes]) -> None:
    record.complete(found[1])


def _goes_on(record: Record, found: re.Match[bytes]) -> None:
    """A line that tells nothing but that the plotter is at work."""


MARKERS = by_first_bytes(
    (b"Starting plotting progress into temporary dirs: ", b"(.*)", _opens),
    (b"ID: ", b"([0-9a-f]{64})", _id),
    (b"Plot size is: ", rb"(\d{2})\b", _k),
    (b"Final Directory is: ", b"(.*)", _out),
    (b"Starting phase ", b'([1-4])/4(?:[^"]* into "([^"]+)")?', _phase),
    (b"Time for phase ", b"([1-4]) = " + NUMBER + b" seconds", _phase_took),
    (b"Computing table ", b"([1-7])", _table),
    (b"Backpropagating on table ", b"([2-7])", _backwards),
    (b"Compressing tables ", b"([1-6]) and", _compresses),
    (b"Progress update: ", NUMBER, _percent),
    (b"\tWriting C2 table", b"", _c2),
    (b"Total time = ", NUMBER + b" seconds", _total),
    (b"Copy time = ", NUMBER + b" seconds", _copied),
    (b"Renamed final file from ", b'".*" to "(.*)"', _renamed),
    *((known, b"", _goes_on) for known in KNOWN),
)
