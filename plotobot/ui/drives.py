"""Drives as messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from plotobot.engine.models import Drive, DriveView
from plotobot.ui.text import bar, clean, clip, clip_front, duration, fence, gib, plural

ROWS = 8
"""Drives on a page: three lines each."""


def drives_text(views: Sequence[DriveView], number: int, pages: int, now: datetime) -> str:
    """One page of drives as a code block, narrow enough for a phone."""
    if not views:
        return "No such drives are configured."
    shown = views[number * ROWS : (number + 1) * ROWS]
    blocks = [line for view in shown for line in _block(view, now)]
    head = f"**{plural(len(views), 'drive')}**"
    if pages > 1:
        head += f" · page {number + 1} of {pages}"
    return f"{head}\n{fence(blocks)}"


def _block(view: DriveView, now: datetime) -> list[str]:
    drive = view.drive
    name = clip_front(clean(drive.path), 34)
    head = f"{drive.kind.upper()} {name}"
    if drive.problem:
        return [head, f"  !! {drive.problem}"]
    used = 1 - drive.free / drive.total if drive.total else 0.0
    lines = [head, f"  {bar(used)} {gib(drive.free)} of {gib(drive.total)} free", _plans(view, now)]
    return [*lines, f"  {about}"] if (about := _about(drive)) else lines


def _plans(view: DriveView, now: datetime) -> str:
    busy = f"{plural(view.jobs, 'plot')} on it, " if view.jobs else ""
    reserved = f", {gib(view.reserved)} reserved" if view.reserved else ""
    full = f", full in {duration((view.full_at - now).total_seconds())}" if view.full_at else ""
    return f"  {busy}takes {view.takes}{' more' if view.jobs else ''}{reserved}{full}"


def _about(drive: Drive) -> str:
    known = (drive.label, drive.model, drive.bus, drive.fs_type)
    return clip(" · ".join(clean(fact) for fact in known if fact), 42)
