"""Folders that count as drives of a size of their own, where no small file system can be mounted.

That takes root; so for everybody else what lies in a demo's folder is counted against the size it
was given. Nothing enforces it: the planner alone keeps to it, as it keeps to what a drive has.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from plotobot.engine.drives.volumes import Space, Volume, VolumeSource


class CountedFolders:
    """Tells of this machine's file systems, and of some folders as if each were one.

    Args:
        source: tells of all others.
        sizes: for each such folder the bytes it can hold.
    """

    def __init__(self, source: VolumeSource, sizes: Mapping[str, int]) -> None:
        self._source, self._sizes = source, sizes

    def volumes(self) -> list[Volume]:
        """Every mounted file system."""
        return self._source.volumes()

    def look(self, path: str) -> Space:
        """Look at one folder.

        Raises:
            OSError: there is no such folder, or it does not answer.
        """
        space, size = self._source.look(path), self._sizes.get(path)
        if size is None:
            return space
        free = min(space.free, max(0, size - taken(path)))
        return replace(space, filesystem=f"folder {path}", total=size, free=free)


def taken(folder: str) -> int:
    """The bytes that the files in a folder and below it take. Blocks.

    Raises:
        OSError: there is no such folder, or it does not answer.
    """
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a plotter removes its temp files as it goes
                below = entry.is_dir(follow_symlinks=False)
                status = entry.stat(follow_symlinks=False)
                total += taken(entry.path) if below else _on_disk(status)
    return total


def _on_disk(status: os.stat_result) -> int:
    blocks: int | None = getattr(status, "st_blocks", None)  # Windows has none
    return status.st_size if blocks is None else blocks * 512
