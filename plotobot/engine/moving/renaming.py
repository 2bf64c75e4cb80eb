"""Moving a plot within one file system: its name goes, its bytes stay."""

from __future__ import annotations

import errno

from plotobot.engine.moving import system
from plotobot.engine.moving.base import MoveRefused
from plotobot.engine.moving.ends import Ends
from plotobot.engine.moving.places import Place, move_name
from plotobot.engine.moving.source import Source, ident_of
from plotobot.engine.moving.words import at_destination, at_source


def renamed(ends: Ends, source: Source) -> bool:
    """Move the name; False where the two folders are on different file systems.

    Raises:
        MoveRefused: the source changed, the name is taken, or the drive refuses.
        DestinationAway: the destination went away.
    """
    if not _together(ends, source.home):
        return False
    with at_source(source.path):
        system.sync(source.file.fileno())
    source.require_unchanged()
    ends.require_place()
    with at_destination(ends.target.path):
        try:
            move_name(source.home, ends.name, ends.target, ends.name)
        except FileExistsError:
            raise name_taken(ends) from None
        except OSError as problem:  # one drive, but mounted twice, or two subvolumes
            if problem.errno != errno.EXDEV:
                raise
            return False
    return True


def was_renamed(ends: Ends, home: Place) -> bool:
    """Whether an earlier try moved the name and could not put that down any more."""
    found = ends.find(ends.name)
    if found is None or not _together(ends, home) or ident_of(found) != ends.errand.ident:
        return False
    old = ends.find_source(home)
    if old is not None and old.st_ino == found.st_ino:  # linked, and not yet unlinked
        ends.sync_present()
        ends.require_place()
        with at_source(str(ends.errand.source)):
            home.unlink(ends.name)
        return True
    return old is None


def name_taken(ends: Ends) -> MoveRefused:
    """What to say when the final name was free a moment ago."""
    return MoveRefused(
        f"a file named {ends.final} appeared meanwhile: move the plot again to have them compared"
    )


def _together(ends: Ends, home: Place) -> bool:
    return home.status.st_dev == ends.target.status.st_dev
