"""The folders of a replot drive, held open: the drive's own and its quarantine. Blocking."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.moving.places import Place
from plotobot.engine.replot.journal import Target
from plotobot.errors import PlotobotError

QUARANTINE = ".plotobot-quarantine"
"""The folder on a replot drive where plots wait to be deleted for good."""


class Odd(PlotobotError):  # noqa: N818 - it reads as what it is
    """Something is not as it was: nothing was deleted, and nothing more may be."""


class NotOld(Odd):
    """It is not old by the rule any more."""


class Vanished(PlotobotError):  # noqa: N818 - it reads as what it is
    """The file is not there any more, as if somebody had deleted or moved it."""


class Overtaken(PlotobotError):  # noqa: N818 - it reads as what it is
    """What a plot was to go for has changed meanwhile: nothing was deleted, and nothing is odd."""


@contextmanager
def home_of(drive: Drive, target: Target) -> Iterator[Place]:
    """The folder of a replot drive in which a file is to lie.

    Raises:
        Odd: it is not there, fails, or is not the file's; also for what fails while it is open.
    """
    inside = os.path.dirname(target.path)  # noqa: PTH120 - text of any platform's own
    if not inside or not target.drive == drive.path == inside:
        raise Odd(f"{shown(target.path)} does not lie in the folder of its drive.")
    if drive.problem:
        raise Odd(f"{drive.path}: {drive.problem}.")
    if drive.kind is not DriveKind.REPLOT:
        raise Odd(f"{drive.path} is no replot drive.")
    try:
        with Place(drive.path) as home:
            yield home
    except FileNotFoundError:
        raise Odd(f"The folder {drive.path} is not there any more.") from None
    except OSError as problem:
        raise Odd(f"{drive.path} fails: {problem.strerror or problem}.") from problem


@contextmanager
def aside_of(home: Place, *, make: bool = False) -> Iterator[Place]:
    """The quarantine folder of a drive: a real folder, on the same file system.

    Args:
        home: the drive's folder.
        make: whether to make it where it is not there yet.

    Raises:
        FileNotFoundError: there is none.
        Odd: something else stands in its place.
    """
    if make:
        with suppress(FileExistsError):
            os.mkdir(home.at(QUARANTINE), 0o700, dir_fd=home.fd)
    named = home.find(QUARANTINE)
    if named is None:
        raise FileNotFoundError(2, "no quarantine", QUARANTINE)
    if not stat.S_ISDIR(named.st_mode):
        raise Odd(f"{QUARANTINE} on {home.path} is no folder.")
    with Place(os.path.join(home.path, QUARANTINE)) as aside:  # noqa: PTH118
        held = aside.status
        if (held.st_dev, held.st_ino) != (home.status.st_dev, named.st_ino):
            raise Odd(f"{QUARANTINE} on {home.path} leads somewhere else.")
        yield aside


def shown(path: str) -> str:
    """A path as text that every message can hold."""
    return path.encode("utf-8", "backslashreplace").decode()
