"""The part file: a copy that is not whole yet, under a name that no harvester takes."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from contextlib import suppress
from typing import Self

from plotobot.engine.moving import system
from plotobot.engine.moving.base import MoveRefused, Verify
from plotobot.engine.moving.errand import Errand
from plotobot.engine.moving.places import Place, is_file
from plotobot.engine.moving.reading import Progress, Reader, nobody
from plotobot.engine.moving.words import FULL, at_destination, gib, joined, shown

_ENDING = ".plotobot-part"
_LONGEST_NAME = 255
_SECTOR = 512


def part_name(name: str) -> str:
    """The part file's name; from a digest where the plot's own name leaves no room."""
    plain = f".{name}{_ENDING}"
    raw = os.fsencode(name)
    if len(os.fsencode(plain)) <= _LONGEST_NAME:
        return plain
    return f".{hashlib.sha256(raw).hexdigest()[:40]}{_ENDING}"


def taken_by(found: os.stat_result | None) -> int:
    """Bytes of room that a part file takes, with what is reserved for it; 0 where none tells."""
    return getattr(found, "st_blocks", 0) * _SECTOR


class Part:
    """The part file of a move, locked while it is open.

    Args:
        place: the destination.
        errand: the move.
        digests: of the chunks that an earlier try left durable in it.
        progress: is told the bytes of them that were read.

    Raises:
        MoveRefused: there is no room, something else has the name, or another move works on it.
        DestinationAway: the destination went away.
    """

    def __init__(
        self, place: Place, errand: Errand, digests: tuple[str, ...], progress: Progress = nobody
    ) -> None:
        self._place, self._errand, self._progress = place, errand, progress
        self.name = part_name(errand.name)
        self.path = joined(place.path, self.name)
        with at_destination(place.path):
            self._require_room()
            self.file = self._open(bool(digests))
            try:
                self.digests = self._kept(digests)
                if not self.digests:
                    self.file.truncate(0)
                system.reserve(self.file.fileno(), errand.ident.size)
            except BaseException as problem:
                self._given_up(problem)
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        self._given_up(problem)

    def dress(self, like: os.stat_result) -> None:
        """Give it the source's time and, where that is allowed, its owner and permissions."""
        fd = self.file.fileno()
        if sys.platform != "win32":
            with suppress(OSError):
                os.fchown(fd, like.st_uid, like.st_gid)
            with suppress(OSError):  # FAT has no permissions
                os.fchmod(fd, like.st_mode & 0o777)
        with suppress(OSError):
            target = self._place.at(self.name) if os.utime not in os.supports_fd else fd
            os.utime(target, ns=(like.st_atime_ns, like.st_mtime_ns))

    def release(self) -> None:
        """Let it be renamed: Windows renames no open file."""
        if sys.platform == "win32":
            self.file.close()

    def discard(self) -> None:
        """Remove it, so that the next try begins anew."""
        with suppress(OSError):
            self._place.unlink(self.name)

    def _open(self, wanted: bool) -> io.FileIO:
        found = self._place.find(self.name)
        if found is not None and not is_file(found):
            raise MoveRefused(f"{self.path} is no regular file, and not ours: remove it")
        if found is None:
            fd = self._place.open(self.name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            file = io.FileIO(fd, "r+")
        else:
            file = self._place.file(self.name, os.O_RDWR)
        if not system.lock(file.fileno()):
            file.close()
            raise MoveRefused(f"{self.path} is being written by another move of this plot")
        return file

    def _kept(self, digests: tuple[str, ...]) -> tuple[str, ...]:
        """All of them, if the chunks are there; read from the disk where no full verify follows."""
        chunk, size = self._errand.chunk, self._errand.ident.size
        if self.file.seek(0, os.SEEK_END) < min(len(digests) * chunk, size):
            return ()
        if not digests or self._errand.verify is Verify.FULL:  # which reads all of it at the end
            return digests
        with Reader(self._place, self.name) as reader:
            found = tuple(reader.digests(chunk, len(digests), self._progress))
        return digests if found == digests else ()

    def _require_room(self) -> None:
        errand, found = self._errand, self._place.find(self.name)
        free = self._place.space().free
        if free + taken_by(found) < errand.ident.size + errand.reserve:
            left = f" with {gib(errand.reserve)} left free" if errand.reserve else ""
            raise MoveRefused(
                f"{shown(self._place.path)} has no room for {gib(errand.ident.size)}{left}:"
                f" {gib(free)} are free",
                full=True,
            )

    def _given_up(self, problem: BaseException | None) -> None:
        """Close it; a drive that turned out to be full gets the room back."""
        refused = isinstance(problem, MoveRefused) and problem.full
        if refused or (isinstance(problem, OSError) and problem.errno in FULL):
            self.discard()
        with suppress(OSError):
            self.file.close()
