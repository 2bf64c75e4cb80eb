"""The marker that tells a destination's drive from every other, and from an empty mount point."""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from pathlib import Path

from plotobot.engine.moving.base import DestinationAway, MoveRefused
from plotobot.engine.moving.places import Place, move_name
from plotobot.engine.moving.words import at_destination, at_state, shown
from plotobot.engine.supervision.jobdir import read_record, write_record

MARKER = ".plotobot-drive"
_TEXT_LIMIT = 64


def mark_drive(folder: Path, state_dir: Path, *, anew: bool = False) -> str:
    """Take a destination into use: its drive gets a marker, which is remembered. Blocks.

    A marker that is there already stays, so that several Plotobots may share a drive. Once
    remembered, a marker is never placed again by itself: a drive without it is another one.

    Args:
        folder: where plots will go.
        state_dir: where it is remembered.
        anew: forget what was remembered, since the drive was exchanged on purpose.

    Returns:
        The marker's UUID.

    Raises:
        DestinationAway: the folder is missing, or another drive is there now.
        MoveRefused: the marker or its record cannot be written, or the marker is damaged.
    """
    known = None if anew else remembered(folder, state_dir)
    with open_place(str(folder)) as place:
        if known is not None:
            require(place, known)
            return known
        with at_destination(str(folder)):
            drive = read_marker(place) or _place_marker(place)
    directory = state_dir / "destinations"
    with at_state(str(directory)):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_record(directory, _record_name(folder), {"folder": str(folder), "drive": drive})
    return drive


def remembered(folder: Path, state_dir: Path) -> str | None:
    """The UUID of the drive that belongs at a destination; None before it was taken into use.

    Raises:
        MoveRefused: the record cannot be read.
    """
    with at_state(str(state_dir)):
        record = read_record(state_dir / "destinations", _record_name(folder))
    drive = record.get("drive") if record and record.get("folder") == str(folder) else None
    return drive if isinstance(drive, str) else None


def drive_of(folder: Path, state_dir: Path) -> str:
    """The UUID of the drive that belongs at a destination which is in use.

    Raises:
        MoveRefused: it was never taken into use, or the record cannot be read.
    """
    drive = remembered(folder, state_dir)
    if drive is None:
        text = f"{shown(str(folder))} was not taken into use as a destination yet"
        raise MoveRefused(text, by_place=True)
    return drive


def open_marked(folder: Path, drive: str) -> Place:
    """Open a destination, and through the same descriptor make sure that it is the right drive.

    Raises:
        DestinationAway: it is not there, or another drive is.
        MoveRefused: the drive fails.
    """
    place = open_place(str(folder))
    try:
        require(place, drive)
    except BaseException:
        place.__exit__()
        raise
    return place


def open_place(folder: str) -> Place:
    """Open a destination's folder, whatever drive it is on.

    Raises:
        DestinationAway: it is not there.
    """
    with at_destination(folder):
        return Place(folder)


def require(place: Place, drive: str) -> None:
    """Make sure that a folder is on the drive that belongs there.

    Raises:
        DestinationAway: it has no marker, or another one.
    """
    with at_destination(place.path):
        found = read_marker(place)
    if found is None:
        raise DestinationAway(
            f"the drive for {shown(place.path)} is not there (no {MARKER} in it): connect it"
        )
    if found != drive:
        raise DestinationAway(
            f"another drive is at {shown(place.path)}: connect the right one, or take this one"
            " into use"
        )


def read_marker(place: Place) -> str | None:
    """The UUID in a folder's marker; None where there is none.

    Raises:
        DestinationAway: there is one, but it is damaged.
        OSError: it cannot be read.
    """
    try:
        fd = place.open(MARKER, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        text = os.read(fd, _TEXT_LIMIT)
    finally:
        os.close(fd)
    try:
        return str(uuid.UUID(text.decode("ascii").strip()))
    except ValueError:
        raise DestinationAway(
            f"{MARKER} in {shown(place.path)} is damaged: is the drive failing? Remove that file"
            " to take the drive into use again"
        ) from None


def _place_marker(place: Place) -> str:
    """Write a new marker, whole or not at all."""
    drive, temp = str(uuid.uuid4()), f"{MARKER}.{uuid.uuid4().hex}"
    fd = place.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(fd, drive.encode() + b"\n")
        os.fsync(fd)
    finally:
        os.close(fd)
    try:
        _publish(place, temp)
        place.sync()
    except OSError:
        with suppress(OSError):
            place.unlink(temp)
        raise
    return read_marker(place) or drive


def _publish(place: Place, temp: str) -> None:
    try:
        move_name(place, temp, place, MARKER)
    except FileExistsError:  # somebody was faster: theirs counts
        place.unlink(temp)


def _record_name(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:32] + ".json"
