"""When a drive will be full, if it goes on as it did. Pure.

The rate is the median of the slopes between all pairs of samples (Theil and Sen): a plot's whole
size landing at once, or a single strange sample, does not bend it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from statistics import median

LOOK_BACK = timedelta(hours=24)
SPAN = timedelta(hours=3)
"""From less than this nothing is foretold."""
LEAST = 5
"""Samples that are needed."""
MOST = 64
"""Samples that are used: all pairs of more take too long."""
AGREE = 3
"""So many times more pairs must say that it fills than that it empties."""
EMPTIED = 0.2
"""Of the whole: when so much more is free at once, somebody emptied it, and it begins anew."""
FARTHEST = timedelta(days=60)

Samples = Sequence[tuple[int, int]]
"""Seconds since 1970 and bytes free, the oldest first."""


def full_at(samples: Samples, total: int, free: int, now: datetime) -> datetime | None:
    """When nothing will be free any more.

    Args:
        samples: the drive's history.
        total: the drive's size.
        free: what is free now.
        now: the present moment.

    Returns:
        None where the drive does not fill, does it too slowly or unsteadily to be foretold, or was
        not watched for long enough.
    """
    at = int(now.timestamp())
    used = _since_emptied(
        [s for s in samples if at - LOOK_BACK.total_seconds() <= s[0] < at], total
    )
    used = [*_thinned(used), (at, free)]
    if len(used) < LEAST or used[-1][0] - used[0][0] < SPAN.total_seconds():
        return None
    rate = fill_rate(used)
    if rate is None or rate <= 0:
        return None
    seconds = max(0, free) / rate
    return None if seconds > FARTHEST.total_seconds() else _moment(at + seconds)


def fill_rate(samples: Samples) -> float | None:
    """Bytes per second that the free room shrinks by; None where the samples do not agree."""
    slopes = [
        (first[1] - then[1]) / (then[0] - first[0])
        for first, then in combinations(samples, 2)
        if then[0] > first[0]
    ]
    fills, empties = sum(slope > 0 for slope in slopes), sum(slope < 0 for slope in slopes)
    if not fills or fills < AGREE * empties:
        return None
    middle = median(slopes)
    # Where a plot lands seldom, most pairs see none at all: the whole stretch then tells the rate.
    whole = (samples[0][1] - samples[-1][1]) / (samples[-1][0] - samples[0][0])
    return middle if middle > 0 else whole


def _since_emptied(samples: Samples, total: int) -> Samples:
    for index in range(len(samples) - 1, 0, -1):
        if samples[index][1] - samples[index - 1][1] > EMPTIED * total:
            return samples[index:]
    return samples


def _thinned(samples: Samples) -> Samples:
    return samples[:: -(-len(samples) // MOST)] if samples else samples


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
