"""What changed between two looks at the drives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from plotobot.engine.models import Drive, DriveKind


class DriveChange(StrEnum):
    """What can happen to a drive."""

    VANISHED = "vanished"
    BACK = "back"
    READ_ONLY = "read_only"
    WRITABLE = "writable"


@dataclass(frozen=True, slots=True)
class DriveNews:
    """One change of one drive."""

    change: DriveChange
    drive: Drive
    """As it is now; a drive that left the list, as it was, marked missing."""


def news(before: Sequence[Drive], after: Sequence[Drive]) -> list[DriveNews]:
    """Compare two looks. Before the first look nothing is wrong: what is missing then is news.

    A label that meant nothing and now means a drive is that drive's return.
    """
    old = {(drive.kind, drive.path): drive for drive in before}
    new = {(drive.kind, drive.path): drive for drive in after}
    awaited = {d.kind for key, d in old.items() if d.missing and key not in new}
    told = [
        DriveNews(change, drive)
        for key, drive in new.items()
        for change in _changes(old.get(key), drive, awaited)
    ]
    left = [d for key, d in old.items() if not d.missing and _is_left(key, d, new, after)]
    return told + [
        DriveNews(DriveChange.VANISHED, replace(drive, missing=True, free=0)) for drive in left
    ]


def _changes(old: Drive | None, new: Drive, awaited: set[DriveKind]) -> Iterator[DriveChange]:
    was_missing = old.missing if old is not None else new.kind in awaited
    if new.missing:
        if old is None or not old.missing:
            yield DriveChange.VANISHED
        return
    if was_missing:
        yield DriveChange.BACK
    was_read_only = old is not None and not was_missing and old.read_only
    if new.read_only and not was_read_only:
        yield DriveChange.READ_ONLY
    if was_read_only and not new.read_only:
        yield DriveChange.WRITABLE


def _is_left(
    key: tuple[DriveKind, str],
    drive: Drive,
    new: dict[tuple[DriveKind, str], Drive],
    after: Sequence[Drive],
) -> bool:
    """Whether a drive is in the list no more; one that is mounted elsewhere now is still there."""
    return key not in new and not any(
        one.kind == drive.kind and one.filesystem == drive.filesystem and not one.missing
        for one in after
    )
