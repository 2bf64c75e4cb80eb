"""Gives whole plots that were left under a temp name, or on a temp drive, their final place.

Nothing is ever overwritten and nothing copied: a plot is renamed where it is, or onto an out drive
of the same file system. All else is said in words.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from plotobot.engine.models import Drive, DriveKind, OrphanFile, RescueResult
from plotobot.engine.orphans import final_name, is_proven_whole
from plotobot.errors import NotAPlot


def rescue(plot_id: str, files: Sequence[OrphanFile], drives: Sequence[Drive]) -> RescueResult:
    """Rename whole plots to their final names. Blocks.

    Args:
        plot_id: whose they are; each is asked once more whether it is whole.
        files: as they were found.
        drives: the configured ones, for an out drive on the same file system.
    """
    saved: list[str] = []
    left: list[str] = []
    for file in files:
        path = Path(file.folder, file.name)
        problem = _problem(path, file, plot_id)
        target = path if problem else _target(path, file, drives)
        if problem is None and target != path:
            problem = rename_new(path, target)
        if problem:
            left.append(f"{path} stays as it is: {problem}.")
        elif target != path:
            saved.append(str(target))
        if not problem and not _is_out(target.parent, drives):
            left.append(f"{target} is a whole plot on a temp drive: move it to an out drive.")
    return RescueResult(tuple(saved), tuple(left))


def rename_new(path: Path, target: Path) -> str | None:
    """Rename a file to a name that is free; or say why not. The name is taken first."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        return f"{target} is there already"
    except OSError as problem:
        return problem.strerror or str(problem)
    try:
        path.replace(target)  # over the empty file that was made just now
    except OSError as problem:
        target.unlink()
        return problem.strerror or str(problem)
    return None


def _problem(path: Path, file: OrphanFile, plot_id: str) -> str | None:
    try:
        found = path.lstat()
        if (found.st_dev, found.st_ino, found.st_size) != (file.device, file.inode, file.size):
            return "it has changed since it was found"
        return None if is_proven_whole(path, plot_id) else "it is not whole"
    except (OSError, NotAPlot) as problem:
        return str(problem).rstrip(".")


def _target(path: Path, file: OrphanFile, drives: Sequence[Drive]) -> Path:
    """The final name: here where plots are kept, else on an out drive beside, else here."""
    name = final_name(path.name)
    if _is_out(path.parent, drives):
        return path.with_name(name)
    outs = (Path(d.path) for d in drives if d.kind is DriveKind.OUT and d.problem is None)
    beside = next((out for out in outs if _device(out) == file.device), path.parent)
    return beside / name


def _is_out(folder: Path, drives: Sequence[Drive]) -> bool:
    outs = (drive.path for drive in drives if drive.kind is DriveKind.OUT)
    return any(os.path.realpath(out) == os.path.realpath(folder) for out in outs)


def _device(folder: Path) -> int | None:
    try:
        return folder.stat().st_dev
    except OSError:
        return None
