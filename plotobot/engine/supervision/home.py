"""The state folder as it was at the start, told from a bare mount point and from another disk.

What was opened before goes on working on a disk that was taken away; what is opened by its path
afterwards would be made, and looked for, below the bare mount point.
"""

from __future__ import annotations

from pathlib import Path

from plotobot.errors import Refusal

WORDS = (
    "the state folder {path} is not the one it was: its disk was taken away, or another one is"
    " there. Plots go on; none is started, moved or stopped until it is back. Mount its disk again;"
    " if this goes on then, restart Plotobot"
)


class StateFolderGone(Refusal, OSError):  # noqa: N818 - it reads as what it is
    """The state folder is not there: nothing can be known from it, and nothing written to it."""


class StateFolder:
    """The state folder, and whether it is still where it was."""

    def __init__(self, path: Path) -> None:
        """Remember which folder it is. One that is missing is never missed. Blocks shortly."""
        self._path = path
        self._place = place_of(path)
        self.trouble: str | None = None
        """What is wrong with it as of the last look, as a sentence without its full stop."""

    def look(self) -> str | None:
        """See whether it is still there. Blocks for as long as the disk does."""
        gone = self._place is not None and place_of(self._path) != self._place
        self.trouble = WORDS.format(path=self._path) if gone else None
        return self.trouble

    def require(self) -> None:
        """Make sure that it is there. Blocks for as long as the disk does.

        Raises:
            StateFolderGone: it is not.
        """
        if trouble := self.look():
            raise StateFolderGone(f"{trouble}.")


def place_of(path: Path) -> tuple[int, int] | None:
    """Which file or folder has this name, as device and inode; None where none answers."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
