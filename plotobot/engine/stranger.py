"""One plotter that Plotobot did not start: its folders, its log, its plot. Blocking."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from plotobot.engine.follower import Follower
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import UNKNOWN, Job, JobState
from plotobot.engine.processes import Row
from plotobot.engine.processes.commands import cwd_of
from plotobot.engine.watcher import advanced
from plotobot.plotters import plotter, recognise
from plotobot.plotters.base import LogReader, PlotOrder, Progress
from plotobot.plotters.recognising import ForeignOrder

AT_MOST = 8
"""MiB of a log that are read in one look."""
NOT_KNOWN = "(unknown)"
"""Stands for a folder that is not told, or is on another machine."""
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
_PLOT_ID = re.compile(r"plot-[^/]*?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a living plotter has a claim to: nothing of it is an orphan."""

    who: str
    """For people: `pid 1234`, or a job's label."""
    since: datetime
    plot_ids: frozenset[str] = frozenset()
    folders: tuple[str, ...] | None = ()
    """Where it works; None where that is not known, so that it may be anywhere."""
    sure: bool = False
    """Whether `plot_ids` are all the plots it can have temp files of."""


@dataclass(slots=True)
class Stranger:
    """A foreign plotter, followed from look to look."""

    row: Row
    argv: tuple[str, ...] = field(repr=False)
    order: ForeignOrder
    job: Job
    folders: tuple[str, ...]
    """Those of its folders that are known."""
    vague: bool
    """Whether it has more of them."""
    pids: Mapping[int, int] = field(default_factory=dict)
    """It and all below it: pid and start."""
    plot_ids: frozenset[str] = frozenset()
    """All it was seen to work on."""
    opened: frozenset[str] = frozenset()
    """Those of which it was seen to hold files open."""
    follower: Follower | None = None
    reader: LogReader | None = None

    @staticmethod
    def id_of(row: Row) -> str:
        """The job id: no other process will ever have this pid and this start in one boot."""
        return f"pid-{row.pid}-{row.ticks}"

    @classmethod
    def meet(cls, row: Row, argv: tuple[str, ...]) -> Stranger | None:
        """Look at a plotter for the first time; None where it is gone, or is none."""
        order = recognise(argv)
        started = _started(row.pid)
        if order is None or started is None:
            return None
        cwd = cwd_of(row.pid)
        written = (order.temp, order.temp2, order.out)
        temp, temp2, out = (resolved(folder, cwd) for folder in written)
        job = as_job(cls.id_of(row), row.pid, started, order, (temp, temp2, out))
        folders = tuple(folder for folder in (temp, temp2, out) if folder)
        return cls(row, argv, order, job, folders, vague=len(folders) < sum(map(bool, written)))

    @property
    def id(self) -> str:
        """Its job id."""
        return self.job.id

    @property
    def log(self) -> Path | None:
        """Its standard output, where that is a file that may be read; never a pipe or terminal."""
        if sys.platform != "linux":
            return None
        path = Path(f"/proc/{self.row.pid}/fd/1")
        try:
            readable = stat.S_ISREG(path.stat().st_mode) and os.access(path, os.R_OK)
        except OSError:
            return None
        return path if readable else None

    def follow(self) -> Job:
        """Read what is new in its log; the job as it stands now."""
        now_open = open_plots(self.pids)
        progress = self._read()
        if progress is not None:
            before = self.job if self.job.status != UNKNOWN else replace(self.job, status="")
            self.job = advanced(before, progress)
        if len(now_open) == 1 and (progress is None or progress.plot_id is None):
            self.job = replace(self.job, plot_id=next(iter(now_open)))
        self.opened |= now_open
        self.plot_ids |= now_open | ({self.job.plot_id} if self.job.plot_id else frozenset())
        return self.job

    def _read(self) -> Progress | None:
        """What its log has told; None where it has none that can be read."""
        path = self.log
        if path is None:
            self.close()
            return None
        if self.follower is None:
            self.follower, self.reader = Follower(path), plotter(self.order.plotter).reader()
        reader = self.reader
        if reader is None:
            return None
        try:
            for _ in range(AT_MOST):
                reader.feed(self.follower.poll())
        except OSError:
            return None
        finally:
            self.follower.close()  # nobody's drive is to be kept busy by a look at it
        return reader.progress

    def last_words(self, lines: int) -> list[str]:
        """The last lines of its log."""
        return last_lines(self.log, lines) if self.log else []

    def tenant(self) -> Tenant:
        """What it has a claim to.

        Its plots are known for sure only where it makes one, which its log and its open files
        agree on: a log may be shared with another plotter, or be an older one that goes on.
        """
        readable = all(os.access(folder, os.R_OK | os.X_OK) for folder in self.folders)
        known = bool(self.folders) and readable and not self.vague
        return Tenant(
            who=f"pid {self.row.pid}",
            since=self.job.started_at or LONG_AGO,
            plot_ids=self.plot_ids | open_plots(self.pids),
            folders=self.folders if known else None,
            sure=self.order.plots == 1 and len(self.opened) == 1 and self.opened == self.plot_ids,
        )

    def close(self) -> None:
        """Read its log no more."""
        if self.follower is not None:
            self.follower.close()
            self.follower = None


def resolved(folder: str | None, cwd: str | None) -> str:
    """A written folder as an absolute path; "" where it is none, or cannot be known or shown."""
    if not folder or not folder.isprintable():
        return ""
    if not os.path.isabs(folder):  # noqa: PTH117 - the text of an argument, not a path of ours
        return os.path.normpath(os.path.join(cwd, folder)) if cwd else ""  # noqa: PTH118
    return os.path.normpath(folder)


def as_job(
    job_id: str, pid: int, started: datetime, order: ForeignOrder, folders: tuple[str, str, str]
) -> Job:
    """A foreign plotter as a job. One that uses no temp folder grows its plot in out."""
    temp, temp2, out = folders
    wish = PlotOrder(
        order.k, temp, out, temp2 or None, bitfield=order.bitfield, compression=order.compression
    )
    made_by = plotter(order.plotter)
    needs = made_by.needs(wish)
    # Without a temp folder its temp files are thought to lie in out, where the plot grows with
    # them or, where that is its way, beside them.
    in_out = needs.temp if made_by.grows_in == "out" else max(needs.temp, needs.out)
    return Job(
        id=job_id,
        plotter=order.plotter,
        k=order.k,
        temp=temp or out or NOT_KNOWN,
        temp2=temp2 or None,
        out=out or NOT_KNOWN,
        state=JobState.RUNNING,
        status=UNKNOWN,
        pid=pid,
        created_at=started,
        started_at=started,
        temp_need=needs.temp if temp else in_out,
        temp2_need=needs.temp2 if temp2 else 0,
        out_need=needs.out,
        foreign=True,
    )


def open_plots(pids: Iterable[int]) -> frozenset[str]:
    """The plot ids in the names of all files that these processes hold open, as far as told."""
    if sys.platform != "linux":
        return frozenset()
    found = set()
    for pid in pids:
        for target in _open_files(pid):
            if match := _PLOT_ID.search(target):
                found.add(match[1])
    return frozenset(found)


def _open_files(pid: int) -> Iterable[str]:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - hundreds of names
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(f"{folder}/{name}")  # noqa: PTH115 - likewise
        except OSError:
            continue


def _started(pid: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
    except (psutil.Error, OSError, ValueError, OverflowError):
        return None
