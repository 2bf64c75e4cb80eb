"""The plot that is to be moved: held open, and removed only if it is still the same."""

from __future__ import annotations

import os
import sys
from typing import Self

from plotobot.engine.moving import system
from plotobot.engine.moving.base import Ident, MoveRefused
from plotobot.engine.moving.errand import Errand
from plotobot.engine.moving.places import Place, is_file
from plotobot.engine.moving.words import at_source, shown


def ident_of(status: os.stat_result) -> Ident:
    """What tells a file from others and from its own past."""
    return Ident(status.st_size, status.st_mtime_ns, status.st_ino)


class Source:
    """The source of a move, locked against other movers while it is open.

    Raises:
        MoveRefused: it is missing, changed, no regular file, or somebody else moves it.
    """

    def __init__(self, home: Place, errand: Errand) -> None:
        self.home, self._ident = home, errand.ident
        self.name, self.path = errand.name, str(errand.source)
        with at_source(self.path):
            self.file = home.file(self.name, os.O_RDONLY)
        try:
            with at_source(self.path):
                self._require_ours()
        except BaseException:
            self.file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def require_unchanged(self) -> None:
        """Make sure that the file and what stands under its name are what was ordered.

        Raises:
            MoveRefused: it grew, shrank, was written to, or another file took its place.
        """
        with at_source(self.path):
            held, named = os.fstat(self.file.fileno()), self.home.find(self.name)
        if not is_file(held):
            raise MoveRefused(f"{shown(self.path)} is no regular file: only plots are moved")
        if named is None or {ident_of(held), ident_of(named)} != {self._ident}:
            raise MoveRefused(
                f"{shown(self.path)} has changed since its move was ordered: is something still"
                " writing it? It stays there"
            )

    def remove(self) -> None:
        """Remove it, if it is still the same; the folder is not yet synced.

        Raises:
            MoveRefused: it changed, or cannot be removed.
        """
        self.require_unchanged()
        if sys.platform == "win32":  # which removes no open file
            self.file.close()
        with at_source(self.path):
            self.home.unlink(self.name)

    def _require_ours(self) -> None:
        self.require_unchanged()
        if not self.home.writable():
            raise MoveRefused(
                f"{shown(self.path)} could not be removed afterwards: give Plotobot's user the"
                " right to write to its folder"
            )
        if not system.lock(self.file.fileno()):
            raise MoveRefused(f"{shown(self.path)} is being moved already, by another mover")
        self.require_unchanged()
