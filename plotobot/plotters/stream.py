"""Several plots in one log, some still being copied while the next one is made."""

from __future__ import annotations

import re

from plotobot.plotters.base import Progress
from plotobot.plotters.record import Record

_ID = re.compile(rb"[0-9a-f]{64}")
MOST_COPIES = 64


class Stream:
    """The plot a log is at, and those before it whose copy has not ended.

    A line that names a file belongs to that file's plot: the copy of plot 1 ends while plot 2 is
    in its first phase, and must not move it.
    """

    def __init__(self, plotter: str) -> None:
        self.plotter = plotter
        self.current = Record(plotter)
        self.unknown = 0
        self._copies: dict[str, Record] = {}

    def open(self, plot_id: str | None = None) -> Record:
        """Go on to another plot, unless the present one is fresh or has this very id."""
        record = self.current
        fresh = record.plot_id is None and record.status == "Initializing"
        if fresh or (plot_id is not None and record.plot_id == plot_id):
            record.plot_id = plot_id or record.plot_id
            return record
        if record.plot_id and record.status == "Copying" and len(self._copies) < MOST_COPIES:
            self._copies[record.plot_id] = record
        self.current = Record(self.plotter, record.plots + 1, plot_id=plot_id)
        return self.current

    def owner(self, file: bytes) -> Record | None:
        """The plot a file belongs to; None for one this log has not made or has finished."""
        ids = [found.decode() for found in _ID.findall(file)]
        if ids and ids[-1] in self._copies:
            return self._copies[ids[-1]]
        self.current.name(file)
        return self.current if not ids or ids[-1] == self.current.plot_id else None

    def complete(self, file: bytes) -> Record | None:
        """The file's plot stands under its final name."""
        if record := self.owner(file):
            record.complete(file)
            if record.plot_id != self.current.plot_id:
                self._copies.pop(record.plot_id or "", None)
        return record

    def progress(self, temp: str | None, temp2: str | None, out: str | None) -> Progress:
        """The latest plot's progress; an earlier one's copy that waits shows in `stuck`."""
        record = self.current
        record.plotter = self.plotter
        record.temp, record.temp2, record.out = temp, temp2, out
        waiting = [copy.stuck for copy in self._copies.values() if copy.stuck]
        own, record.stuck = record.stuck, record.stuck or next(iter(waiting), None)
        progress = record.progress(self.unknown)
        record.stuck = own
        return progress
