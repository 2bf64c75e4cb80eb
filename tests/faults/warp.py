"""An event loop whose clock only jumps, to the next thing that is due: hours pass in milliseconds.

How long the machine takes for what happens at one moment is no time at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class WarpLoop(asyncio.SelectorEventLoop):
    """For code that waits for nothing but time."""

    def __init__(self) -> None:
        self.ahead = 0.0
        super().__init__()

    def time(self) -> float:
        return self.ahead

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.ahead += max(0.0, self._scheduled[0]._when - self.time())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def warped(work: Coroutine[Any, Any, Any]) -> Any:
    """Run some work to its end."""
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        return runner.run(work)
