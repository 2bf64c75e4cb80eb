"""Both ends of a move, looked at and compared."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from plotobot.engine.moving import system
from plotobot.engine.moving.apart import probe
from plotobot.engine.moving.base import DestinationAway, MoveRefused, MoveState, Step, Verify
from plotobot.engine.moving.errand import Errand
from plotobot.engine.moving.journal import Entry
from plotobot.engine.moving.part import part_name, taken_by
from plotobot.engine.moving.places import Place, is_file
from plotobot.engine.moving.proof import require_whole
from plotobot.engine.moving.reading import Reader, same_samples
from plotobot.engine.moving.source import Source
from plotobot.engine.moving.words import CLOSED, at_destination, at_source, joined, shown
from plotobot.plots.headers import Header

Told = Callable[[Step], None]


class Ends:
    """The destination of a move, held open, and how it compares with the source."""

    def __init__(self, errand: Errand, target: Place, told: Told) -> None:
        self.errand, self.target, self._told = errand, target, told
        self.name = errand.name
        self.final = joined(target.path, self.name)
        """The final path, for people."""
        self.taken = 0
        """Bytes of room that the plot has taken at the destination, as far as is known."""

    def find(self, name: str) -> os.stat_result | None:
        """What stands at the destination under a name."""
        with at_destination(self.target.path):
            return self.target.find(name)

    def has_size(self) -> bool:
        """Whether a file of the plot's size stands under the final name."""
        found = self.find(self.name)
        return found is not None and is_file(found) and found.st_size == self.errand.ident.size

    def find_source(self, home: Place) -> os.stat_result | None:
        """What stands under the source's name."""
        return self._find_at(home, self.name)

    def require_place(self) -> None:
        """Make sure that the destination's path still leads to the folder that is held open.

        Raises:
            DestinationAway: it does not.
        """
        if not self.target.still_here():
            raise went_away(self.target)

    def require_apart(self, home: Place) -> None:
        """Make sure that no folder holds the other, and that they are not one by two ways.

        Raises:
            MoveRefused: a mover would meet its own copies, or take the plot for a copy of it.
        """
        here, there = os.path.realpath(home.path), os.path.realpath(self.target.path)
        if os.path.samestat(home.status, self.target.status) or _nested(here, there):
            raise MoveRefused(
                f"{shown(str(self.errand.source))} and {shown(self.target.path)} are in one"
                " folder, or one in the other: choose folders apart from each other"
            )
        self._require_apart_by_probes(home)

    def measure_part(self) -> None:
        """See how much room the part file has taken; much more than was copied, if reserved."""
        self.taken = taken_by(self.find(part_name(self.name)))

    def discard_part(self) -> None:
        """Remove the part file, if there is one."""
        with at_destination(self.target.path), suppress(FileNotFoundError):
            self.target.unlink(part_name(self.name))

    def sync_present(self) -> None:
        """Make durable what stands under the final name: its writer need not have waited."""
        with at_destination(self.target.path):
            fd = self.target.open(self.name, os.O_RDONLY)
            try:
                system.sync(fd)
            finally:
                os.close(fd)
            self.target.sync()

    def plot_of(self, source: Source) -> Header | None:
        """The source's header.

        Raises:
            MoveRefused: it is no whole plot.
        """
        with at_source(source.path):
            size = self.errand.ident.size
            return require_whole(source.file, source.path, self.name, size)

    def require_plot(self, name: str, source: Source) -> None:
        """Make sure that a file here is the source's plot, by header and size.

        Raises:
            MoveRefused: it is not.
        """
        path = joined(self.target.path, name)
        with at_destination(self.target.path), self.target.file(name, os.O_RDONLY) as file:
            size = os.fstat(file.fileno()).st_size
            header = require_whole(file, path, self.name, size)
        if size != self.errand.ident.size or header != self.plot_of(source):
            text = f"{path} is not the plot that was copied: look at that drive"
            raise MoveRefused(text, by_place=True)

    def alike(self, source: Source, name: str, entry: Entry) -> bool:
        """Compare a copy with its source as thoroughly as was ordered, past the page cache."""
        verify = self.errand.verify
        if verify is Verify.FULL:
            return self.same_bytes(source, name, entry) is not None
        return verify is Verify.OFF or self._same_samples(source, name)

    def same_bytes(self, source: Source, name: str, entry: Entry) -> tuple[str, ...] | None:
        """The digests of source and copy, where they are the same."""
        self.taken = self.errand.ident.size
        with at_destination(self.target.path):
            digests = self._digests(self.target, name)
        return digests if digests == self._source_digests(source, entry) else None

    def copying(self, done: int) -> None:
        """Tell how much is copied."""
        self.taken = max(self.taken, done)
        self._tell(MoveState.COPYING, done)

    def comparing(self, done: int) -> None:
        """Tell how much is read back."""
        self._tell(MoveState.VERIFYING, done)

    def _tell(self, state: MoveState, done: int) -> None:
        left = max(0, self.errand.ident.size - self.taken)
        self._told(Step(state, done, left))

    def _require_apart_by_probes(self, home: Place) -> None:
        """See it by files made in each folder: a union shows its drives' files, not they its own.

        A drive that is full to the brim, or has come to be read-only, takes none; then the other
        one's must do.
        """
        answers = [_unless_closed(look, home) for look in (self._shows_there, self._shows_here)]
        if True in answers:
            raise MoveRefused(
                f"{shown(home.path)} and {shown(self.target.path)} are two ways to the same files,"
                " where a plot would be lost with what looks like its copy: name another folder;"
                " the plot stays where it is"
            )
        if answers == [None, None]:
            raise MoveRefused(
                f"neither {shown(home.path)} nor {shown(self.target.path)} takes an empty file, by"
                " which they are told apart: make room there, and give Plotobot's user the right to"
                " write"
            )

    def _shows_there(self, home: Place) -> bool:
        with at_source(str(self.errand.source)), probe(home, self.errand.id) as name:
            return self.find(name) is not None

    def _shows_here(self, home: Place) -> bool:
        with at_destination(self.target.path), probe(self.target, self.errand.id) as name:
            return self._find_at(home, name) is not None

    def _find_at(self, home: Place, name: str) -> os.stat_result | None:
        with at_source(str(self.errand.source)):
            return home.find(name)

    def _same_samples(self, source: Source, name: str) -> bool:
        self.taken = self.errand.ident.size
        with at_source(source.path):
            one = Reader(source.home, self.name)
        with one, at_destination(self.target.path), Reader(self.target, name) as other:
            return same_samples(one, other, self.comparing)

    def _source_digests(self, source: Source, entry: Entry) -> tuple[str, ...]:
        """From the journal, where it has all of them; else the source is read."""
        if entry.digests and entry.kept == self.errand.ident.size:
            return entry.digests
        with at_source(source.path):
            return self._digests(source.home, self.name)

    def _digests(self, place: Place, name: str) -> tuple[str, ...]:
        with Reader(place, name) as reader:
            return tuple(reader.digests(self.errand.chunk, told=self.comparing))


def went_away(target: Place) -> DestinationAway:
    """What to say of a destination that is another folder, or none, all at once."""
    return DestinationAway(f"{shown(target.path)} went away in the middle: connect its drive")


def _unless_closed(look: Callable[[Place], bool], home: Place) -> bool | None:
    """What a look by a probe tells; None where the folder takes none."""
    try:
        return look(home)
    except MoveRefused as refusal:
        if isinstance(refusal.__cause__, OSError) and refusal.__cause__.errno in CLOSED:
            return None
        raise


def _nested(here: str, there: str) -> bool:
    try:
        return os.path.commonpath([here, there]) in (here, there)
    except ValueError:  # two drives of Windows
        return False
