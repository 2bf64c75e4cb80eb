"""When a plot that shows no sign of work counts as stalled. Pure.

A sign of work is a log that grew, temp or out files that changed in size, or CPU time the
plotter's processes took. Plotters with sparse logs are silent for long stretches, so the log alone
would cry wolf; a plotter that hangs on a dead drive takes no CPU time at all. One that takes CPU
time and nothing else may be caught in a loop: CPU time vouches for it only so long.
"""

from __future__ import annotations

from dataclasses import dataclass

from plotobot.engine.history import Usual

PATIENCE = 3.0
"""Times the usual length of a step that it may take without a sign."""
BUSY = 3.0
"""Times that patience, for a plot whose only sign is CPU time."""
IDLE_SHARE = 0.005
"""CPU seconds a second that a hanging program's idle threads may take."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a look at a job shows."""

    log: int
    """Bytes of its log that were read."""
    files: tuple[int, ...] = ()
    """Bytes of its files on each drive."""
    cpu: float | None = None
    """CPU seconds of its processes; None where nobody looked."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How long there was no sign of work, in seconds that the machine was awake."""

    quiet: float = 0.0
    """Neither in the log nor in the files."""
    still: float = 0.0
    """None at all."""

    def grown(self, seconds: float) -> Silence:
        """So much later, without any sign."""
        return Silence(self.quiet + seconds, self.still + seconds)

    def broken(self, before: Signs, now: Signs, apart: float) -> Silence:
        """The silence after two looks, so many seconds apart."""
        if (now.log, now.files) != (before.log, before.files):
            return Silence()
        if before.cpu is None or now.cpu is None:
            return self
        # It falls when one of several processes ends, which is a sign as well.
        worked = abs(now.cpu - before.cpu) > IDLE_SHARE * max(apart, 0.0)
        return Silence(self.quiet, 0.0) if worked else self

    def lasts(self, patience: float) -> bool:
        """Whether it is one to tell of."""
        return self.still >= patience or self.quiet >= BUSY * patience


def patience(least: float, usual: Usual | None, status: str) -> float:
    """Seconds a job may be silent at this status: the settings', or longer where that is usual."""
    return max(least, PATIENCE * usual.step(status)) if usual else least
