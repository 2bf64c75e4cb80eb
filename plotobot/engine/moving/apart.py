"""Whether two folders are really two, which neither their paths nor their devices tell.

One share mounted by NFS and by SMB, a union of drives and one drive of it, an address that leads
back to this machine: the plot "found at the destination" is then the one that is to be moved, it
compares well with itself, and is lost when the source is removed. So a new file is made in the one
folder and looked for in the other. Its name is new each time, since caches of network file systems
keep what they were asked before; and it is no plot's, so that no harvester and no mover takes it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from plotobot.engine.moving.places import Place


def probe_name(move_id: str) -> str:
    """A name that nobody has asked for yet."""
    return f"{_prefix(move_id)}{uuid.uuid4().hex}"


def place_probe(place: Place, name: str) -> None:
    """Make an empty file.

    Raises:
        OSError: the folder takes none.
    """
    os.close(place.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def clear_probes(place: Place, move_id: str) -> None:
    """Remove what earlier tries of a move left, which were killed or hung amid their look.

    Raises:
        OSError: the folder cannot be read, or does not let go of them.
    """
    for name in place.names():
        if name.startswith(_prefix(move_id)):
            place.unlink(name)


@contextmanager
def probe(place: Place, move_id: str) -> Iterator[str]:
    """The name of a new, empty file in a folder, which stands there meanwhile.

    Raises:
        OSError: the folder takes none.
    """
    clear_probes(place, move_id)
    name = probe_name(move_id)
    place_probe(place, name)
    try:
        yield name
    finally:
        with suppress(OSError):  # what was seen counts; the next try of the move clears up
            place.unlink(name)


def _prefix(move_id: str) -> str:
    return f".plotobot-probe.{move_id}."
