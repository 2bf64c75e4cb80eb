"""How much of its peak a plot in the making may still take on temp, by how far it is. Pure.

The shares are those of a real k25 plot of chiapos, sampled four times a second while its log named
the steps; the peak comes at the end of phase 2. The small k that can be tried here and the finished
k32 plot (0.42 of its peak) have the same shape. For other plotters nothing is known that would be
safe before the finished plot is being copied.
"""

from __future__ import annotations

from plotobot.plotters.record import RANK

_CHIAPOS = (
    ("3.2", 0.90),
    ("3.3", 0.81),
    ("3.4", 0.73),
    ("3.5", 0.66),
    ("4.0", 0.65),
    ("Copying", 0.43),
)
"""From which status on at most which share; each a little above what was measured."""
_LIKE_CHIAPOS = frozenset({"chia", "chiapos"})


def peak_ahead(plotter: str, status: str) -> float:
    """The largest share of its peak, 0 to 1, that a plot may come to from this status on.

    Args:
        plotter: its name.
        status: Ploto's code; one that is unknown counts as the beginning.
    """
    if plotter not in _LIKE_CHIAPOS or status not in RANK:
        return 1.0
    reached = [share for since, share in _CHIAPOS if RANK[status] >= RANK[since]]
    return reached[-1] if reached else 1.0
