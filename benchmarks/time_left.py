"""How far off the time left is, beside the naive one: elapsed / fraction.

A series of real chiapos plots is made, one after the other, and each is foretold from those before
it. Recorded logs of bigger plots, which have no plots before them, are replayed by the times they
carry. The error is that of the end foretold, in % of the whole plot, at five moments of each.

Goal: with history, on average over the five moments, at most 0.7 of the naive error in the
same run; a machine that is now busy and now idle spoils both alike.

    python benchmarks/time_left.py [PLOTS OF EACH K]
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from plotobot.engine.history import Usual, usual
from plotobot.engine.models import Job, JobState
from plotobot.engine.time_left import time_left
from plotobot.engine.watcher import advanced
from plotobot.plotters import plotter
from plotobot.plotters.base import LogReader, PlotOrder

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
KS = (18, 19, 20)
EARLIER = 3
"""Plots that must be behind one before it is foretold from them."""
GOAL = 0.7
LOGS = Path(__file__).parents[1] / "tests" / "logs"
RECORDED = (("chia-2.7.5-k25.log", "chia"), ("madmax-k25.log", "madmax"))
_PHASE = re.compile(rb"(?:Time for phase \d =|Phase \d took) ([\d.]+)")
_PART = re.compile(rb"(?:time:|sort time =|\] Table .* took) ([\d.]+)")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

Line = tuple[float, bytes]
"""A line of a log, and the seconds from the start to it."""


@dataclass(frozen=True)
class Run:
    """One plot as it went."""

    kind: str
    reader: Callable[[], LogReader]
    lines: Sequence[Line]
    total: float

    def at(self, moment: float) -> Job:
        """The job as it was known at a moment."""
        job = Job("run", self.kind, 0, "temp", "out", state=JobState.RUNNING, started_at=BEGIN)
        reader = self.reader()
        for seconds, line in self.lines:
            if seconds > moment:
                break
            reader.feed([line])
            new = advanced(job, reader.progress)
            if new.status != job.status:
                new = replace(new, marks=(*new.marks, (new.status, seconds)))
            job = new
        return job

    @property
    def done(self) -> Job:
        """The job as history has it."""
        ended = BEGIN + timedelta(seconds=self.total)
        return replace(self.at(self.total), state=JobState.COMPLETED, ended_at=ended)


def make(k: int, folder: Path) -> Run:
    """Make one plot and note when each line of its log comes."""
    chiapos = plotter("chiapos")
    order = PlotOrder(k=k, temp=str(folder), out=str(folder), buckets=16, buffer_mib=512)
    command = chiapos.command(chiapos.find(), order)
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [(time.monotonic() - begin, line.rstrip(b"\n")) for line in process.stdout]
    if process.returncode:
        raise SystemExit(f"chiapos ended with {process.returncode}")
    total = time.monotonic() - begin
    for plot in folder.glob("*.plot"):
        plot.unlink()
    return Run(f"chiapos k{k}", chiapos.reader, lines, total)


def recorded(name: str, kind: str) -> Run:
    """A log's lines with the times that can be told from those it carries."""
    lines = list(_timed((LOGS / name).read_bytes().splitlines()))
    return Run(name, plotter(kind).reader, lines, lines[-1][0])


def _timed(lines: Sequence[bytes]) -> Iterator[Line]:
    now = phase_began = 0.0
    for line in lines:
        if found := _PHASE.search(line):
            now = phase_began = phase_began + float(found[1])
        elif found := _PART.search(line):
            now += float(found[1])
        yield now, line


def errors(run: Run, usual: Usual | None) -> list[tuple[float | None, float | None]]:
    """The errors at each moment in % of the whole, ours and the naive one's; None: no word yet."""
    return [_errors(run, run.at(share * run.total), share * run.total, usual) for share in SHARES]


def _errors(
    run: Run, job: Job, moment: float, usual: Usual | None
) -> tuple[float | None, float | None]:
    left = time_left(job, moment, usual)
    naive = moment / job.fraction - moment if job.fraction else None
    real = run.total - moment
    return tuple(  # type: ignore[return-value]
        None if told is None else abs(told - real) / run.total * 100
        for told in (left.seconds if left else None, naive)
    )


def row(name: str, found: Sequence[float | None]) -> None:
    """Print one row."""
    cells = ["     -" if value is None else f"{value:6.1f}" for value in found]
    print(f"{name:44} {' '.join(cells)}")


def ratio(ours: Sequence[float | None], naive: Sequence[float | None]) -> float:
    """Our errors over the naive ones, where both have something to say."""
    both = [(a, b) for a, b in zip(ours, naive, strict=True) if a is not None and b is not None]
    return sum(a for a, _ in both) / sum(b for _, b in both) if both else float("inf")


def middle(series: Sequence[Sequence[float | None]]) -> list[float | None]:
    """The median at each moment."""
    columns = ([v for v in column if v is not None] for column in zip(*series, strict=True))
    return [median(column) if column else None for column in columns]


def measure_series(k: int, plots: int, folder: Path) -> tuple[list[float | None], ...]:
    """Make a series, foretell each plot from those before it; medians of ours and the naive."""
    runs = [make(k, folder) for _ in range(plots)]
    told = []
    for number in range(EARLIER, plots):
        earlier = [run.done for run in reversed(runs[:number])]
        told.append(errors(runs[number], usual(earlier[0], earlier)))
    ours, naive = ([[pair[side] for pair in one] for one in told] for side in (0, 1))
    return middle(ours), middle(naive)


def main() -> int:
    """Print the figures; 1 if the goal is missed."""
    plots = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print(f"{'error in % of the whole, at':44} {' '.join(f'{share:6.0%}' for share in SHARES)}")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for k in KS:
            ours, naive = measure_series(k, plots, Path(folder))
            row(f"chiapos k{k}, {plots} plots: from history", ours)
            row(f"chiapos k{k}, {plots} plots: naive", naive)
            ratios.append(ratio(ours, naive))
    for name, kind in RECORDED:
        told, plain = zip(*errors(recorded(name, kind), None), strict=True)
        row(f"{name}: from its own pace", told)
        row(f"{name}: naive", plain)
    print(f"history / naive {', '.join(f'{one:.2f}' for one in ratios)}   goal {GOAL}")
    return 0 if max(ratios) <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
