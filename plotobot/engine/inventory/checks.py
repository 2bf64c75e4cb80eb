"""Which plot's content is to be checked next. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from plotobot.engine.inventory.plot import Check, Condition, Plot
from plotobot.plots.proofs import CHECKABLE


def next_to_check(plots: Iterable[Plot], checks: Iterable[Check]) -> Plot | None:
    """The plot whose content was never checked, the oldest first; else the longest unchecked one.

    A check counts only for the very file it was made of: the same id, unchanged since. Files that
    are not whole, not there, or of a format that cannot be checked are never chosen.
    """
    known = {check.path: check for check in checks}
    waiting = [
        (_checked_at(plot, known.get(plot.path)), plot)
        for plot in plots
        if plot.condition is Condition.WHOLE and not plot.missing and plot.format in CHECKABLE
    ]
    return min(waiting, key=lambda pair: _turn(*pair), default=(None, None))[1]


def _checked_at(plot: Plot, check: Check | None) -> datetime | None:
    if check is None or check.plot_id != plot.id or plot.modified > check.at:
        return None
    return check.at


def _turn(checked: datetime | None, plot: Plot) -> tuple[bool, float, int, str]:
    return checked is not None, checked.timestamp() if checked else 0.0, plot.mtime_ns, plot.path
