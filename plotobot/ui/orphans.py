"""Orphans as messages: what is left of plots, what was removed, what was rescued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from plotobot.engine.models import CleanResult, Orphan, RescueResult
from plotobot.ui.text import (
    MESSAGE_LIMIT,
    clean_line,
    clip,
    fence,
    fit,
    gib,
    plain,
    plural,
    short_duration,
    table,
    tail,
)

ROWS = 12
"""Plots in one list: what does not fit into a message is not removed by its button."""
TABLE = 1300
"""Characters of the table, which holds all rows however long its folders are."""


def removable(orphans: Sequence[Orphan]) -> list[Orphan]:
    """Those of which something may be removed, as many as one list shows."""
    return [orphan for orphan in orphans if orphan.removable][:ROWS]


def rescuable(orphans: Sequence[Orphan]) -> list[Orphan]:
    """Those with a whole plot that nothing speaks against saving."""
    return [orphan for orphan in orphans if orphan.whole and not orphan.kept][:ROWS]


def orphans_text(orphans: Sequence[Orphan], now: datetime) -> str:
    """What is left, with what a press would do about it."""
    if not orphans:
        return "Nothing is left over: every temp file belongs to a plot in the making."
    lines = [*_removable_lines(orphans, now), *_whole_lines(orphans), *_kept_lines(orphans)]
    return clip(fit(lines, MESSAGE_LIMIT), MESSAGE_LIMIT)


def _removable_lines(orphans: Sequence[Orphan], now: datetime) -> list[str]:
    listed = removable(orphans)
    if not listed:
        return ["Nothing may be removed now."]
    files = [file for orphan in listed for file in orphan.removable]
    total = gib(sum(file.size for file in files))
    rows = [_row(orphan, now) for orphan in listed]
    lines = table([("plot", "k", "files", "size", "age", "folder"), *rows], right={1, 2, 3, 4})
    head = (
        f"🧹 **{plural(len(files), 'temp file')} of {plural(len(listed), 'plot')}, {total}**, "
        f"that no plotter works on. **Remove** within 60 seconds removes exactly these."
    )
    more = sum(bool(orphan.removable) for orphan in orphans) - len(listed)
    rest = [f"{plural(more, 'more plot')} left; ask again after that."] if more else []
    return [head, fence(lines, TABLE), *rest]


def _row(orphan: Orphan, now: datetime) -> tuple[str, ...]:
    folders = dict.fromkeys(tail(clean_line(file.folder)) for file in orphan.removable)
    return (
        orphan.plot_id[:8],
        str(orphan.k),
        str(len(orphan.removable)),
        gib(sum(file.size for file in orphan.removable)),
        short_duration((now - orphan.modified_at).total_seconds()),
        clip(" ".join(folders), 24),
    )


def _whole_lines(orphans: Sequence[Orphan]) -> list[str]:
    listed = rescuable(orphans)
    if not listed:
        return []
    head = (
        f"💾 **{plural(len(listed), 'whole plot')}** never got to where plots are kept; nothing "
        f"removes them. **Rescue** gives them their final names and overwrites nothing:"
    )
    files = (file for orphan in listed for file in orphan.whole)
    return [
        head,
        *(f"- {plain(_place(file.folder, file.name))} ({gib(file.size)})" for file in files),
    ]


def _place(folder: str, name: str) -> str:
    """A plot's file by its folder, the beginning of its id, and its end."""
    stem, _, rest = clean_line(name).rpartition("-")
    return f"{tail(clean_line(folder))}/{stem}-{rest[:8]}…{rest[64:]}"


def _kept_lines(orphans: Sequence[Orphan]) -> list[str]:
    kept = [orphan for orphan in orphans if orphan.kept]
    if not kept:
        return []
    shown = [f"- {orphan.plot_id[:8]} k{orphan.k}: {plain(orphan.kept or '')}" for orphan in kept]
    return ["Left alone:", *shown]


def cleaned_text(result: CleanResult, who: str) -> str:
    """What was removed, for the channel."""
    head = (
        f"🧹 {plain(who, 60)} cleaned up: {plural(result.files, 'temp file')} of "
        f"{plural(result.plots, 'plot')} removed ({gib(result.bytes)})."
    )
    left = [f"⚠️ still there: {plain(one)}" for one in result.left]
    return clip(fit([head, *left], MESSAGE_LIMIT), MESSAGE_LIMIT)


def rescued_text(result: RescueResult, who: str) -> str:
    """What was rescued, for the channel."""
    saved = [f"- {plain(path)}" for path in result.saved]
    head = (
        f"💾 {plain(who, 60)} rescued {plural(len(saved), 'plot')}:"
        if saved
        else ("💾 Nothing could be rescued by renaming.")
    )
    return clip(fit([head, *saved, *map(plain, result.left)], MESSAGE_LIMIT), MESSAGE_LIMIT)
