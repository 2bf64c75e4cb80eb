"""Drives as messages."""

from __future__ import annotations

from collections.abc import Sequence

from plotobot.engine.models import Drive, DriveView
from plotobot.ui.text import bar, clean, clip, clip_front, fence, gib, plural

ROWS = 8
"""Drives on a page: three lines each."""


def drives_text(views: Sequence[DriveView], number: int, pages: int) -> str:
    """One page of drives as a code block, narrow enough for a phone."""
    if not views:
        return "No such drives are configured."
    blocks = [line for view in views[number * ROWS : (number + 1) * ROWS] for line in _block(view)]
    head = f"**{plural(len(views), 'drive')}**"
    if pages > 1:
        head += f" · page {number + 1} of {pages}"
    return f"{head}\n{fence(blocks)}"


def _block(view: DriveView) -> list[str]:
    drive = view.drive
    name = clip_front(clean(drive.path), 34)
    head = f"{drive.kind.upper()} {name}"
    if drive.problem:
        return [head, f"  !! {drive.problem}"]
    used = 1 - drive.free / drive.total if drive.total else 0.0
    lines = [head, f"  {bar(used)} {gib(drive.free)} of {gib(drive.total)} free", _plans(view)]
    return [*lines, f"  {about}"] if (about := _about(drive)) else lines


def _plans(view: DriveView) -> str:
    busy = f"{plural(view.jobs, 'plot')} on it, " if view.jobs else ""
    reserved = f", {gib(view.reserved)} reserved" if view.reserved else ""
    return f"  {busy}takes {view.takes}{' more' if view.jobs else ''}{reserved}"


def _about(drive: Drive) -> str:
    known = (drive.label, drive.model, drive.bus, drive.fs_type)
    return clip(" · ".join(clean(fact) for fact in known if fact), 42)
