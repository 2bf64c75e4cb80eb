"""Finds the finished plots that may be moved. Blocking: for a thread, one call for each folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

from plotobot.engine.models import Job
from plotobot.engine.moving.base import Ident
from plotobot.engine.moving.dispatch import Candidate
from plotobot.errors import NotAPlot
from plotobot.plots.headers import read_header
from plotobot.plots.names import PlotName, parse_name

NOTHING_KNOWN: Mapping[str, Ident] = MappingProxyType({})
SETTLED = 60.0
"""Seconds that a plot whose right size cannot be told must have been left alone."""


def finished_plots(
    folder: str,
    disk: str,
    exclude: Collection[str],
    now: float,
    known: Mapping[str, Ident] = NOTHING_KNOWN,
) -> list[Candidate]:
    """The whole plots under final names in a folder, the oldest first.

    Left out are temp files, what is being written (its size is not its header's yet), what is no
    plot, links, and what the farmer excludes. A folder that cannot be read has none.

    Args:
        folder: an out drive's.
        disk: what to call its disk.
        exclude: patterns of names or whole paths.
        now: seconds since the epoch.
        known: whole plots of an earlier look, by path; unchanged ones are not read again.
    """
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, parse_name(entry.name)) for entry in entries]
    except OSError:
        return []
    plots = [
        candidate
        for name, parsed in found
        if parsed and parsed.ext and not parsed.unfinished
        if not excluded(folder, name, exclude)
        if (candidate := _candidate(Path(folder, name), parsed, disk, now, known))
    ]
    return sorted(plots, key=lambda plot: (plot.ident.mtime_ns, plot.source))


def excluded(folder: str, name: str, patterns: Collection[str]) -> bool:
    """Whether a plot is to stay, by a pattern of its name or of its whole path."""
    path = os.path.join(folder, name)  # noqa: PTH118 - it is matched as text
    return any(fnmatchcase(name, one) or fnmatchcase(path, one) for one in patterns)


def _candidate(
    path: Path, name: PlotName, disk: str, now: float, known: Mapping[str, Ident]
) -> Candidate | None:
    try:
        status = path.lstat()
    except OSError:  # moved or deleted between the listing and the look
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    ident = Ident(status.st_size, status.st_mtime_ns, status.st_ino)
    if known.get(str(path)) != ident and not _whole(path, name, status, now):
        return None
    return Candidate(str(path), ident, disk, name.id)


def _whole(path: Path, name: PlotName, status: os.stat_result, now: float) -> bool:
    try:
        header = read_header(path)
    except NotAPlot:
        # Of a .gplot no header is known: it counts once nobody has written to it for a while.
        return name.ext == "gplot" and now - status.st_mtime > SETTLED
    if header.id != name.id or header.truncated:
        return False
    return header.expected_size is not None or now - status.st_mtime > SETTLED


def without(candidates: Sequence[Candidate], taken: Collection[str]) -> list[Candidate]:
    """Those whose files nobody is at work on."""
    return [candidate for candidate in candidates if candidate.source not in taken]


def judged(candidates: Sequence[Candidate], live: Sequence[Job]) -> list[Candidate]:
    """Those that no live job needs in its out folder, to be judged by.

    A plotter may live on for minutes after its plot has the final name, and a job that ended while
    nobody watched is judged a moment after the start.

    Args:
        candidates: finished plots.
        live: our jobs that are not judged yet.
    """
    return [one for one in candidates if not any(_may_be_of(one, job) for job in live)]


def _may_be_of(candidate: Candidate, job: Job) -> bool:
    if job.plot_id:
        return candidate.plot_id == job.plot_id
    # Its log has not named the plot, or was not read so far: what is older is none of its.
    begun = job.created_at.timestamp() if job.created_at else 0.0
    in_out = Path(candidate.source).parent == Path(job.out)
    return in_out and candidate.ident.mtime_ns >= begun * 1e9
