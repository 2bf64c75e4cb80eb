"""The one function through which every delete of temp files goes.

A file is removed when it is a regular file, lies directly in a folder the farmer configured, is
named as a temp file of exactly this plot, was told to the journal before, and has not changed
since. Everything else stays, and the result says why.

Some plotters' temp files do not say whose they are. They stand in a folder that was made for one
job and carries its id; with that job, it goes in the same way.
"""

from __future__ import annotations

import inspect
import os
import re
import stat
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plotobot.engine.drives.waiting import apart
from plotobot.engine.supervision.jobdir import JOB_ID
from plotobot.errors import Refusal
from plotobot.plots.names import temp_files_of

FINISHED = (".plot", ".plot2", ".gplot")
PLOT_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class DeleteEntry:
    """One file about to be removed, for the journal."""

    folder: str
    name: str
    size: int
    """Bytes it occupies by its length."""
    device: int
    inode: int
    modified_ns: int
    plot_id: str


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed, and what was left."""

    files: int = 0
    bytes: int = 0
    left: tuple[str, ...] = ()
    """Temp files of the plot that are still there, each with the reason."""


Journal = Callable[[list[DeleteEntry]], Awaitable[None] | None]


async def remove_temp_files(
    folder: Path,
    plot_id: str,
    allowed: Sequence[Path],
    journal: Journal,
    listed: Sequence[DeleteEntry] | None = None,
) -> Removed:
    """Remove one plot's temp files from one folder.

    Args:
        folder: where to look; folders in it are not entered.
        plot_id: 64 hex digits.
        allowed: the configured folders; `folder` must be one of them.
        journal: is told all files before the first is removed; when it raises, all of them stay.
        listed: the only files that may go, and only unchanged since; None means all of the plot's.

    Raises:
        Refusal: the folder is none of the configured ones, or this is no plot id.
        OSError: the folder cannot be read (a missing one holds no temp files).
    """
    if not PLOT_ID.fullmatch(plot_id):
        raise Refusal(f"{plot_id!r} is no plot id (64 hex digits): nothing was removed")
    place = await apart(_configured, folder, allowed)
    if place is None:
        raise Refusal(f"{folder} is none of the configured folders: nothing was removed in it")
    entries, odd = await apart(_find, place, plot_id, _temps)
    if listed is not None:
        entries, odd = _only(listed, entries)
    if not entries:
        return Removed(left=odd)
    told = journal(list(entries))
    if inspect.isawaitable(told):
        await told
    removed = await apart(_remove, place, entries)
    return Removed(removed.files, removed.bytes, odd + removed.left)


def job_folder(folder: str | Path, job_id: str) -> Path:
    """Where a job has a temp folder of its own, in a configured folder.

    Raises:
        Refusal: this is no job id.
    """
    if not JOB_ID.fullmatch(job_id):
        raise Refusal(f"{job_id!r} is no job id")
    return Path(folder, f"plotobot-{job_id}")


async def remove_job_folder(folder: Path, job_id: str, plot_id: str, journal: Journal) -> Removed:
    """Remove the folder that was made for one job, once its processes have ended.

    Finished plots in it stay, and so do folders and links; then the folder stays as well.

    Args:
        folder: the configured folder it is in.
        job_id: the job.
        plot_id: its plot, for the journal; "" where it never named one.
        journal: is told all files before the first is removed; when it raises, all of them stay.

    Raises:
        Refusal: this is no job id.
        OSError: the folder cannot be read (a missing one is removed already).
    """
    own = job_folder(folder, job_id)
    entries, odd = await apart(_find, own, plot_id, _unfinished)
    if entries:
        told = journal(list(entries))
        if inspect.isawaitable(told):
            await told
    removed = await apart(_remove, own, entries) if entries else Removed()
    left = odd + removed.left
    if not left:
        left = await apart(_remove_folder, own)
    return Removed(removed.files, removed.bytes, left)


def _unfinished(place: _Place, plot_id: str) -> list[str]:
    return [name for name in place.names() if not name.endswith(FINISHED)]


def _remove_folder(path: Path) -> tuple[str, ...]:
    try:
        path.rmdir()
    except FileNotFoundError:
        return ()
    except OSError as problem:
        return (f"{path}: {problem.strerror}",)
    return ()


def _only(
    listed: Sequence[DeleteEntry], entries: Sequence[DeleteEntry]
) -> tuple[list[DeleteEntry], tuple[str, ...]]:
    """Those of the listed files that stand there just as they were listed; of the rest, why not."""
    changed = [entry for entry in listed if entry not in entries]
    left = (f"{Path(e.folder, e.name)}: it has changed since it was listed" for e in changed)
    return [entry for entry in entries if entry in listed], tuple(left)


def _configured(folder: Path, allowed: Sequence[Path]) -> Path | None:
    """The folder with its symbolic links resolved, if it is a configured one."""
    place = Path(os.path.realpath(folder))
    return place if any(place == Path(os.path.realpath(one)) for one in allowed) else None


class _Place:
    """A folder held open: what happens to its path meanwhile does not matter."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def __enter__(self) -> _Place:
        if sys.platform != "win32":  # Windows knows no operations relative to a folder
            self._fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        elif self._path.is_symlink():
            raise NotADirectoryError(f"{self._path} is a link")
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def names(self) -> list[str]:
        return sorted(os.listdir(self._path if self._fd is None else self._fd))  # noqa: PTH208

    def stat(self, name: str) -> os.stat_result:
        return os.stat(self._name(name), dir_fd=self._fd, follow_symlinks=False)

    def unlink(self, name: str) -> None:
        os.unlink(self._name(name), dir_fd=self._fd)

    def _name(self, name: str) -> str:
        return name if self._fd is not None else str(self._path / name)


def _find(
    path: Path, plot_id: str, which: Callable[[_Place, str], list[str]]
) -> tuple[list[DeleteEntry], tuple[str, ...]]:
    try:
        with _Place(path) as place:
            looks = [_look(place, path, name, plot_id) for name in which(place, plot_id)]
    except FileNotFoundError:
        return [], ()
    entries = [look for look in looks if isinstance(look, DeleteEntry)]
    return entries, tuple(look for look in looks if isinstance(look, str))


def _temps(place: _Place, plot_id: str) -> list[str]:
    return temp_files_of(plot_id, place.names())


def _look(place: _Place, path: Path, name: str, plot_id: str) -> DeleteEntry | str:
    try:
        found = place.stat(name)
    except OSError as problem:
        return f"{path / name}: {problem.strerror}"
    if not stat.S_ISREG(found.st_mode):
        return f"{path / name}: not a regular file"
    return DeleteEntry(
        str(path), name, found.st_size, found.st_dev, found.st_ino, found.st_mtime_ns, plot_id
    )


def _remove(path: Path, entries: Sequence[DeleteEntry]) -> Removed:
    files = size = 0
    left = []
    try:
        with _Place(path) as place:
            for entry in entries:
                reason = _remove_one(place, path, entry)
                if reason is None:
                    files, size = files + 1, size + entry.size
                else:
                    left.append(f"{path / entry.name}: {reason}")
    except OSError as problem:  # the drive went away between the journal and now
        left = [f"{path / entry.name}: {problem.strerror}" for entry in entries]
    return Removed(files, size, tuple(left))


def _remove_one(place: _Place, path: Path, entry: DeleteEntry) -> str | None:
    """Remove a file; or say why not."""
    try:
        now = _look(place, path, entry.name, entry.plot_id)
        if now != entry:
            return "it has changed since it was found: is its plotter still at work?"
        place.unlink(entry.name)
    except OSError as problem:
        return problem.strerror or str(problem)
    return None
