"""One drive's folder becomes plots. Blocking: it reads the headers of what is new or changed.

Only the folder itself is looked at, as Chia's harvester does by default; symbolic links are never
followed, and whatever is no regular file is never opened.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from plotobot.engine.drives import Space
from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.models import Drive
from plotobot.errors import NotAPlot
from plotobot.plots.headers import Header, Unreadable, read_header
from plotobot.plots.names import ENDINGS

_BREATH = 0.0003
"""Seconds of rest after each header, or so many unread files: Python runs one thread at a time, and
the event loop must have its turn also where other programs take most of the machine."""
_UNREAD = 32

Report = Callable[[int, int], None]
"""Told after each file: how many were looked at, of how many."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a drive's folder holds now, beside what was known of it."""

    plots: Mapping[str, Plot]
    """By path, in the order of their names."""
    changed: tuple[Plot, ...] = ()
    """Those that are new or not as they were known."""
    gone: tuple[str, ...] = ()
    """The known paths where nothing is any more."""


def read_drive(
    drive: Drive,
    known: Mapping[str, Plot],
    look: Callable[[str], Space],
    report: Report = lambda _done, _of: None,
) -> Reading:
    """Look at all plots of a drive.

    Args:
        drive: one that is there.
        known: by path what was known; a file of the same size, time and inode is not read again.
        look: tells of the folder's file system (`VolumeSource.look`).
        report: told after each file; an error that it raises ends the reading.

    Raises:
        OSError: the folder cannot be listed, or its file system is no longer the one that `drive`
            tells of: the bare mount point of a drive that went away must not look like an empty
            drive.
    """
    files = _files(drive.path)
    found = {}
    for number, entry in enumerate(files, 1):
        old = known.get(entry.path)
        plot = _plot(entry, drive, old)
        if plot is not old or number % _UNREAD == 0:
            time.sleep(_BREATH)
        if plot is not None:
            found[plot.path] = plot
        report(number, len(files))
    if look(drive.path).filesystem != drive.filesystem:
        raise FileNotFoundError(2, "the drive went away while it was read", drive.path)
    changed = tuple(plot for plot in found.values() if known.get(plot.path) != plot)
    return Reading(found, changed, tuple(path for path in known if path not in found))


def _files(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        named = [entry for entry in entries if entry.name.lower().endswith(ENDINGS)]
    return sorted(named, key=lambda entry: entry.name)


def _plot(entry: os.DirEntry[str], drive: Drive, known: Plot | None) -> Plot | None:
    try:
        # DirEntry.stat lacks the inode on Windows.
        status = os.stat(entry.path, follow_symlinks=False)  # noqa: PTH116
    except FileNotFoundError:  # it was moved away since it was listed
        return None
    except (OSError, ValueError) as error:
        return _blank(entry.path, drive, f"it cannot be looked at: {error}")
    if known is not None and _same(known, drive, status):
        return known
    return _read(entry.path, drive, status)


def _same(known: Plot, drive: Drive, status: os.stat_result) -> bool:
    """Whether it need not be read again; what could not be read is tried each time."""
    return (
        known.size == status.st_size
        and known.mtime_ns == status.st_mtime_ns
        and known.inode == status.st_ino
        and known.device == status.st_dev
        and known.use is drive.kind
        and known.condition is not Condition.UNREADABLE
    )


def _read(path: str, drive: Drive, status: os.stat_result) -> Plot | None:
    try:
        header = read_header(path, follow=False)
    except Unreadable as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        return _blank(path, drive, str(error), status)
    except NotAPlot as error:
        return _blank(path, drive, str(error), status, Condition.NO_PLOT)
    return filled(drive, status, header)


def filled(drive: Drive, status: os.stat_result, header: Header) -> Plot:
    """The plot that a file's header and status tell of; `header.path` is its path."""
    return Plot(
        path=header.path,
        drive=drive.path,
        use=drive.kind,
        size=header.size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
        device=status.st_dev,
        condition=Condition.TRUNCATED if header.truncated else Condition.WHOLE,
        problem=next(_problems(header), None),
        format=header.format,
        k=header.k,
        id=header.id,
        memo=header.memo,
        farmer_key=header.farmer_pk,
        pool_key=header.pool_pk,
        contract=header.contract_address,
        compression=header.compression,
        expected_size=header.expected_size,
        exact=header.exact,
    )


def _problems(header: Header) -> Iterator[str]:
    if header.unfinished:
        yield "Its plotter never finished it."
    elif header.truncated:
        short = header.expected_size - header.size
        least, plural = "" if header.exact else "at least ", "" if short == 1 else "s"
        yield f"It is cut short by {least}{short:,} byte{plural}."


def _blank(
    path: str,
    drive: Drive,
    problem: str,
    status: os.stat_result | None = None,
    condition: Condition = Condition.UNREADABLE,
) -> Plot:
    numbers = (
        (status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev) if status else (0,) * 4
    )
    return Plot(path, drive.path, drive.kind, *numbers, condition, problem)
