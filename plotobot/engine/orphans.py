"""What is left of plots that nobody works on any more, and what of it may go.

`look` reads folders, `sort_out` decides and is pure. When in doubt a file stays: doubt has a
reason, which people are told.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plotobot.engine.models import Drive, DriveKind, Orphan, OrphanFile
from plotobot.engine.stranger import Tenant
from plotobot.errors import NotAPlot
from plotobot.plots.headers import Unreadable, read_header
from plotobot.plots.names import PlotName, parse_name, temp_files_of

QUIET = timedelta(hours=1)
"""How long nothing may have been written to a plot whose plotter was not seen to end."""
SLACK = timedelta(hours=1)
"""How far a file's clock and a process's may be apart."""
KINDS = (DriveKind.TEMP, DriveKind.TEMP2, DriveKind.OUT)
STAYS = (DriveKind.OUT, DriveKind.DESTINATION, DriveKind.REPLOT)
"""Where a finished plot is at home."""

_FAR = datetime(9000, 1, 1, tzinfo=UTC)
_GIGAHORSE = re.compile(r"-c[1-9][0-9]?-")
"""bladebit writes a level with two digits, Gigahorse without a leading zero."""


@dataclass(frozen=True, slots=True)
class Left:
    """A file that belongs to a plot."""

    plot_id: str
    k: int
    file: OrphanFile
    ours: bool
    """Whether it belongs to the user Plotobot runs as."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of the world beside the files."""

    now: datetime
    tenants: Sequence[Tenant] = ()
    """All plotters that live, ours and foreign ones."""
    gone: Collection[str] = ()
    """Plots whose plotters are proven to have ended."""
    opened: Collection[str] = ()
    """Plots of which a process holds a file open."""
    blind: bool = False
    """Whether the processes of this machine could not be looked at."""
    hidden: bool = False
    """Whether it may be hidden what processes of other people do."""


def sort_out(files: Iterable[Left], known: Knowledge) -> list[Orphan]:
    """The plots that no living plotter works on, oldest first, each with the doubts there are."""
    plots: dict[str, list[Left]] = defaultdict(list)
    for one in files:
        plots[one.plot_id].append(one)
    living = {plot_id for tenant in known.tenants for plot_id in tenant.plot_ids}
    orphans = [
        _orphan(plot_id, left, known) for plot_id, left in plots.items() if plot_id not in living
    ]
    return sorted(orphans, key=lambda orphan: (orphan.modified_at, orphan.plot_id))


def _orphan(plot_id: str, left: Sequence[Left], known: Knowledge) -> Orphan:
    files = tuple(one.file for one in left)
    modified = _moment(max(file.modified_ns for file in files))
    kept = _doubt(plot_id, left, modified, known)
    return Orphan(plot_id, left[0].k, files, modified, kept)


def _doubt(plot_id: str, left: Sequence[Left], modified: datetime, known: Knowledge) -> str | None:
    """Why a plot's files may still be needed by somebody, or None."""
    if known.blind:
        return "the processes of this machine could not be looked at just now"
    if plot_id in known.opened:
        return "a process holds a file of it open"
    if plot_id in known.gone:
        return None
    folders = {one.file.folder for one in left}
    for tenant in known.tenants:
        if not tenant.sure and modified >= tenant.since - SLACK and _at_work_in(tenant, folders):
            return f"{tenant.who} may be at work on it"
    if known.now - modified < QUIET:  # also where a clock was ahead
        return "it was written to within the last hour"
    if known.hidden and not all(one.ours for one in left):
        return "it belongs to another user, whose processes Plotobot cannot look into"
    return None


def _at_work_in(tenant: Tenant, folders: set[str]) -> bool:
    return tenant.folders is None or not folders.isdisjoint(map(os.path.realpath, tenant.folders))


def _moment(modified_ns: int) -> datetime:
    try:
        return datetime.fromtimestamp(modified_ns / 1e9, UTC)
    except (ValueError, OverflowError, OSError):  # a file system may hold any number
        return _FAR


def look(drives: Iterable[Drive]) -> list[Left]:
    """All temp files of plots in the configured folders, and whole plots left on temp. Blocks.

    A folder that cannot be read holds none, as far as anybody knows.
    """
    places: dict[str, set[DriveKind]] = defaultdict(set)
    for drive in drives:
        if not drive.missing:
            places[os.path.realpath(drive.path)].add(drive.kind)
    return [
        left
        for folder, kinds in sorted(places.items())
        if kinds.intersection(KINDS)
        for left in _look_in(folder, home=bool(kinds.intersection(STAYS)))
    ]


def _look_in(folder: str, *, home: bool) -> Iterator[Left]:
    try:
        with os.scandir(folder) as entries:
            named = [(entry, parse_name(entry.name)) for entry in entries]
    except OSError:
        return
    for entry, name in named:
        if name is None:
            continue
        temp = bool(temp_files_of(name.id, [entry.name]))
        if temp or (not home and not name.unfinished):
            left = _left(folder, entry, name)
            if left is not None and (temp or left.file.whole):
                yield left


def _left(folder: str, entry: os.DirEntry[str], name: PlotName) -> Left | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:  # it ended between the listing and the look
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    file = OrphanFile(
        folder=folder,
        name=entry.name,
        size=found.st_size,
        device=found.st_dev,
        inode=found.st_ino,
        modified_ns=found.st_mtime_ns,
        whole=may_be_whole(entry.name) and is_whole(Path(folder, entry.name), name.id),
    )
    own = getattr(os, "geteuid", lambda: found.st_uid)()
    return Left(name.id, name.k, file, ours=found.st_uid == own)


def final_name(name: str) -> str:
    """The name a plot's growing file gets in the end: `….plot.2.tmp` becomes `….plot`."""
    for end in (".2.tmp", ".tmp", ".partial"):
        if name.endswith(end):
            return name.removesuffix(end)
    return name


def may_be_whole(name: str) -> bool:
    """Whether a file of this name is the plot itself, and no table or bucket of it."""
    return final_name(name).endswith((".plot", ".plot2", ".gplot"))


def is_whole(path: Path, plot_id: str) -> bool:
    """Whether a file is a whole plot by its header and its size. Blocks.

    One that cannot be judged counts as whole, for it must not be removed: a file that cannot be
    read, and Gigahorse's, whose format is its own.
    """
    try:
        return is_proven_whole(path, plot_id)
    except Unreadable:
        return True
    except NotAPlot:
        return bool(_GIGAHORSE.search(path.name))


def is_proven_whole(path: Path, plot_id: str) -> bool:
    """Whether a file is a whole plot of this id. Blocks.

    Raises:
        NotAPlot: nothing can be said of it, or it is none.
    """
    header = read_header(path)
    return header.id == plot_id and not header.truncated and not header.unfinished
