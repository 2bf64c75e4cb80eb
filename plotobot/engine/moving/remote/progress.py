"""How far a copy is, and how long its silence may last. Pure but for the call it makes."""

from __future__ import annotations

from collections.abc import Callable

from plotobot.engine.moving.base import MoveState, Step
from plotobot.engine.moving.remote.output import read_progress


class Progress:
    """Reads rsync's lines of progress (one a second) during one copy."""

    def __init__(
        self, size: int, told: Callable[[Step], None], patience: float, longest: float
    ) -> None:
        """Begin with nothing copied.

        Args:
            size: of the plot, in bytes.
            told: is told each step forward.
            patience: seconds without one amid the copy.
            longest: seconds for the reading of an old part file before, and fsync after it.
        """
        self._size = size
        self._told = told
        self._patience = patience
        self._longest = longest
        self._done = -1

    def heard(self, line: str) -> float | None:
        """Take a line; gives the seconds until the next step forward, or None for no step."""
        done = read_progress(line)
        if done is None or done <= self._done:
            return None
        self._done = min(done, self._size)
        self._told(Step(MoveState.COPYING, self._done))
        return self._patience if self._done < self._size else self._longest
