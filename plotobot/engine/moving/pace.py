"""How fast a move is, from what it tells of itself."""

from __future__ import annotations

import math
from collections.abc import Callable

MEMORY = 20.0
"""Seconds over which a rate is smoothed: caches and seeks make single moments lie."""


class Pace:
    """The rate of one move."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at: tuple[float, int] | None = None
        self._rate: float | None = None

    def at(self, done: int, *, fresh: bool) -> float:
        """The rate in bytes per second, once so many are done.

        Args:
            done: bytes of the present work.
            fresh: whether another work has begun, whose bytes count from nothing.
        """
        now = self._clock()
        if fresh or self._at is None or done < self._at[1]:
            self._at, self._rate = (now, done), None
            return 0.0
        seconds, moved = now - self._at[0], done - self._at[1]
        if seconds < 0.2:  # too little for a rate
            return self._rate or 0.0
        self._at = (now, done)
        weight = 1 - math.exp(-seconds / MEMORY)
        lately = moved / seconds
        self._rate = lately if self._rate is None else self._rate + weight * (lately - self._rate)
        return self._rate
