"""The alarm of drives that fill up: told once, and again only after there was room. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from plotobot.engine.models import DriveKind, DriveView, Event, EventKind

KINDS = frozenset({DriveKind.OUT, DriveKind.DESTINATION})
"""Temp drives fill and empty with each plot, replot drives are full on purpose."""
FULL, ROOM = 0.90, 0.85
"""Used shares: above the one it is told, below the other it may be told again."""
SOON, LATER = timedelta(hours=12), timedelta(hours=24)
"""Likewise for the time until it is full."""


def filling(
    told: Collection[str], views: Sequence[DriveView], now: datetime
) -> tuple[frozenset[str], list[Event]]:
    """Who is told of now, and the events to tell.

    Args:
        told: paths of the drives that were told of.
        views: the drives.
        now: the present moment.

    Returns:
        The paths that are told of from now on; a drive that is away stays as it is.
    """
    seen = {
        view.drive.path: view
        for view in views
        if view.drive.kind in KINDS and not view.drive.missing and view.drive.total
    }
    news = [path for path, view in seen.items() if path not in told and _alarming(view, now)]
    over = {path for path in told if path in seen and _relaxed(seen[path], now)}
    return (frozenset(told) - over) | set(news), [_event(seen[path], now) for path in news]


def used(view: DriveView) -> float:
    """The used share of a drive."""
    return 1 - view.drive.free / view.drive.total


def _alarming(view: DriveView, now: datetime) -> bool:
    return used(view) >= FULL or (view.full_at is not None and view.full_at - now < SOON)


def _relaxed(view: DriveView, now: datetime) -> bool:
    return used(view) < ROOM and (view.full_at is None or view.full_at - now > LATER)


def _event(view: DriveView, now: datetime) -> Event:
    data = {
        "path": view.drive.path,
        "kind": view.drive.kind.value,
        "used": round(used(view), 3),
        "free": view.drive.free,
        "full_at": view.full_at.isoformat() if view.full_at else None,
    }
    return Event(EventKind.DRIVE_FILLING, now, None, data)
