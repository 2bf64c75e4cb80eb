"""The protocol of a move, so that at every instant one whole, durable copy exists.

    planned > part_created > mid_copy > mid_sync > copied > fsynced > verified > renamed >
    dir_synced > journaled > src_unlinked > src_dir_synced > done

After a crash between any two of these the same errand is given again, and goes on. What the
journal does not say is proved anew from the files. Nothing here looks at a clock on the wall.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from plotobot.engine.moving import system
from plotobot.engine.moving.base import DestinationAway, Landed, MoveDelayed, MoveRefused
from plotobot.engine.moving.copying import Ears, copy
from plotobot.engine.moving.ends import Ends, Told, went_away
from plotobot.engine.moving.errand import Errand
from plotobot.engine.moving.journal import Entry, Journal, Stage, held_journal
from plotobot.engine.moving.marker import drive_of, open_marked
from plotobot.engine.moving.part import Part, part_name
from plotobot.engine.moving.places import Place, move_name
from plotobot.engine.moving.renaming import name_taken, renamed, was_renamed
from plotobot.engine.moving.source import Source
from plotobot.engine.moving.words import (
    End,
    at_destination,
    at_source,
    joined,
    reason,
    shown,
    working,
)

Points = Callable[[str], None]
"""Told the name of each crash point when it is passed."""


def nowhere(point: str) -> None:
    """What happens at a crash point of a move that nobody tests."""


def carry(errand: Errand, told: Told, point: Points = nowhere) -> Landed:
    """Take a plot to its folder, or go on with that. Blocks, for ever where a disk hangs.

    Raises:
        MoveRefused: it cannot be done so; the source is kept.
        DestinationAway: the destination is not there (any more); the source is kept.
        MoveDelayed: the source's drive is away, or an earlier try is still at work.
    """
    with held_journal(errand) as journal:
        entry = journal.read()
        if entry is not None and entry.stage is Stage.DONE:
            return _told_landed(errand, entry)
        drive = drive_of(errand.folder, errand.state_dir)
        with open_marked(errand.folder, drive) as target:
            move = _Move(Ends(errand, target, told), journal, point)
            try:
                return move.go_on(entry)
            except MoveRefused as refusal:
                if isinstance(refusal.__cause__, OSError) and not _still_right(target, drive):
                    raise went_away(target) from refusal
                raise


def discard(errand: Errand) -> None:
    """Remove what an unfinished move left at its destination. Blocks.

    Raises:
        MoveRefused: it has landed already, or the drive refuses.
        DestinationAway: the destination is not there.
    """
    with held_journal(errand) as journal:
        entry = journal.read()
        if entry is None:
            return
        if entry.stage is not Stage.PLANNED:
            raise MoveRefused(f"{joined(str(errand.folder), errand.name)} stands there already")
        journal.write(replace(entry, digests=()))
        drive = drive_of(errand.folder, errand.state_dir)
        with open_marked(errand.folder, drive) as target:
            Ends(errand, target, lambda step: None).discard_part()


class _Move:
    """One try of a move, with its journal and its destination held."""

    def __init__(self, ends: Ends, journal: Journal, point: Points) -> None:
        self._ends, self._journal, self._point = ends, journal, point
        self._errand, self._target = ends.errand, ends.target

    def go_on(self, entry: Entry | None) -> Landed:
        """Begin, or go on where the journal says."""
        landed = entry is not None and entry.stage is Stage.LANDED
        with self._home(landed=landed) as home:
            if entry is not None and landed:
                return self._finish_landed(home, entry)
            return self._start(home, entry or _first_entry(self._errand, home))

    def _home(self, *, landed: bool) -> Place:
        """The source's folder, held open."""
        try:
            with working(End.SOURCE):
                return Place(str(self._errand.source.parent))
        except FileNotFoundError as problem:
            if landed:
                raise _source_away(self._errand) from problem
            with at_source(str(self._errand.source)):
                raise
        except OSError as problem:
            raise _source_ill(self._errand, problem) from problem

    # From the plan to the landing.

    def _start(self, home: Place, entry: Entry) -> Landed:
        self._ends.require_apart(home)
        if was_renamed(self._ends, home):
            return self._land_renamed(home, entry)
        with Source(home, self._errand) as source:
            return self._land(source, entry)

    def _land(self, source: Source, entry: Entry) -> Landed:
        self._ends.plot_of(source)
        if entry.chunk != self._errand.chunk:
            entry = replace(entry, digests=(), chunk=self._errand.chunk)
        self._journal.write(entry)
        self._point("planned")
        self._end_double_name()
        if self._ends.find(self._ends.name) is not None:
            return self._remove_source(source, self._land_present(source, entry))
        if renamed(self._ends, source):
            self._point("renamed")
            return self._land_renamed(source.home, entry)
        return self._remove_source(source, self._land_copy(source, entry))

    def _land_copy(self, source: Source, entry: Entry) -> Entry:
        """Copy the plot, prove the copy, and give it its final name."""
        proved = self._copy_proved(source, entry)
        if proved is None and entry.digests:  # an earlier try's part was not what was written down
            proved = self._copy_proved(source, replace(entry, digests=()))
        if proved is None:
            raise MoveRefused(
                f"{shown(self._target.path)} gives back other bytes than were written: do not"
                " trust that drive; the plot stays where it is",
                by_place=True,
            )
        return self._landed_now(proved)

    def _copy_proved(self, source: Source, entry: Entry) -> Entry | None:
        """Copy into the part file and publish it; None if it does not read back alike."""
        self._ends.measure_part()
        with Part(self._target, self._errand, entry.digests, self._ends.comparing) as part:
            self._ends.measure_part()
            self._point("part_created")
            entry = self._copied(source, part, replace(entry, digests=part.digests))
            source.require_unchanged()
            if not self._ends.alike(source, part.name, entry):
                part.discard()
                return None
            self._journal.write(entry)
            self._point("verified")
            self._publish(source, part)
        return entry

    def _copied(self, source: Source, part: Part, entry: Entry) -> Entry:
        """The journal's entry once the whole plot is durable in the part file."""
        entry = replace(entry, resumed_from=entry.kept)
        chunks = _Chunks(self._journal, entry)
        half = _Halfway(self._errand.ident.size, self._point, self._ends.copying)
        ears = Ears(half.copied, chunks.add, half.synced)
        try:
            last = copy(source.file, part.file, self._errand, entry.kept, ears)
            self._point("copied")
            with at_destination(self._target.path):
                part.dress(os.fstat(source.file.fileno()))
                system.sync(part.file.fileno())
                system.drop(part.file.fileno(), 0, 0)
        except MoveRefused as refusal:
            self._distrust(refusal, entry)
            raise
        self._point("fsynced")
        return replace(chunks.entry, digests=chunks.entry.digests + last)

    def _distrust(self, refusal: MoveRefused, entry: Entry) -> None:
        """After an I/O error nothing of the part file counts: a second fsync can lie."""
        cause = refusal.__cause__
        if isinstance(cause, OSError) and cause.errno == errno.EIO:
            with suppress(MoveRefused):
                self._journal.write(replace(entry, digests=(), resumed_from=0))

    def _publish(self, source: Source, part: Part) -> None:
        """Give the part file its final name, never another file's."""
        self._ends.require_plot(part.name, source)
        source.require_unchanged()
        self._ends.require_place()
        part.release()
        with at_destination(self._target.path):
            try:
                move_name(self._target, part.name, self._target, self._ends.name)
            except FileExistsError:
                raise name_taken(self._ends) from None
        self._point("renamed")
        with at_destination(self._target.path):
            self._target.sync()
        self._point("dir_synced")

    def _land_present(self, source: Source, entry: Entry) -> Entry:
        """Take what has the final name for the copy, if it is byte for byte the same."""
        digests = None
        if self._ends.has_size():
            self._ends.sync_present()
            digests = self._ends.same_bytes(source, self._ends.name, entry)
        if digests is None:
            raise MoveRefused(
                f"a different file is at {self._ends.final} already: see which of the two you want"
            )
        self._ends.discard_part()
        return self._landed_now(replace(entry, digests=digests))

    def _land_renamed(self, home: Place, entry: Entry) -> Landed:
        with at_destination(self._target.path):
            self._target.sync()
        self._point("dir_synced")
        with at_source(str(self._errand.source)):
            home.sync()
        self._ends.discard_part()
        return self._end(home, self._landed_now(replace(entry, renamed=True, digests=())))

    def _landed_now(self, entry: Entry) -> Entry:
        entry = replace(entry, stage=Stage.LANDED)
        self._journal.write(entry)
        self._point("journaled")
        return entry

    def _end_double_name(self) -> None:
        """A rename by link and unlink may have left the part file's name beside the final one."""
        part, final = self._ends.find(part_name(self._ends.name)), self._ends.find(self._ends.name)
        if part is not None and final is not None and os.path.samestat(part, final):
            self._ends.discard_part()

    # From the landing to the end.

    def _finish_landed(self, home: Place, entry: Entry) -> Landed:
        """Go on after a restart: the copy is proved again before the source goes."""
        if home.fingerprint() != entry.home:
            raise _source_away(self._errand)
        if entry.renamed or self._ends.find_source(home) is None:
            return self._end(home, entry)
        with Source(home, self._errand) as source:
            name = self._ends.name
            if self._ends.has_size() and self._ends.alike(source, name, entry):
                return self._remove_source(source, entry)
            return self._land(source, replace(entry, stage=Stage.PLANNED, digests=()))

    def _remove_source(self, source: Source, entry: Entry) -> Landed:
        """The copy is proved and durable: the source may go, if both are still the same two."""
        self._ends.require_plot(self._ends.name, source)
        self._ends.require_place()
        self._ends.require_apart(source.home)
        source.remove()
        self._point("src_unlinked")
        return self._end(source.home, entry)

    def _end(self, home: Place, entry: Entry) -> Landed:
        if not self._ends.has_size():
            raise MoveRefused(
                f"{self._ends.final} had landed and is gone again: was it moved by hand?"
            )
        with at_source(str(self._errand.source)):
            home.sync()
        self._point("src_dir_synced")
        self._journal.write(replace(entry, stage=Stage.DONE))
        self._point("done")
        return _told_landed(self._errand, entry)


class _Chunks:
    """Puts each chunk that is durable into the journal."""

    def __init__(self, journal: Journal, entry: Entry) -> None:
        self._journal, self.entry = journal, entry

    def add(self, digest: str) -> None:
        self.entry = replace(self.entry, digests=(*self.entry.digests, digest))
        self._journal.write(self.entry)


class _Halfway:
    """Passes the two points in the middle of a copy, once each."""

    def __init__(self, size: int, point: Points, progress: Callable[[int], None]) -> None:
        self._half, self._point, self._progress = size // 2, point, progress
        self._passed: set[str] = set()

    def copied(self, done: int) -> None:
        self._progress(done)
        self._pass("mid_copy", done)

    def synced(self, done: int) -> None:
        self._pass("mid_sync", done)

    def _pass(self, point: str, done: int) -> None:
        if done >= self._half and point not in self._passed:
            self._passed.add(point)
            self._point(point)


def _first_entry(errand: Errand, home: Place) -> Entry:
    with at_source(str(errand.source)):
        fingerprint = home.fingerprint()
    return Entry(str(errand.source), errand.ident, str(errand.folder), fingerprint, errand.chunk)


def _told_landed(errand: Errand, entry: Entry) -> Landed:
    where = joined(str(errand.folder), errand.name)
    return Landed(where, errand.ident.size, entry.resumed_from, entry.renamed)


def _source_away(errand: Errand) -> MoveDelayed:
    return MoveDelayed(
        f"the drive of {shown(str(errand.source))} is not there: connect it, so that its move can"
        " be ended"
    )


def _source_ill(errand: Errand, problem: OSError) -> MoveDelayed:
    return MoveDelayed(
        f"the folder of {shown(str(errand.source))} cannot be opened ({reason(problem)}): check"
        " its drive and its permissions"
    )


def _still_right(target: Place, drive: str) -> bool:
    """Whether the destination's path leads to its drive, and that answers."""
    try:
        open_marked(Path(target.path), drive).__exit__()
    except (MoveRefused, DestinationAway):
        return False
    return target.still_here()
