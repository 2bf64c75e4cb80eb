"""Watches the event loop from a thread: when it stands still, the log tells where."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from types import FrameType

log = logging.getLogger(__name__)

STALL = 1.0
"""Seconds without a beat of the loop that are told."""
BEAT = 0.1
FRAMES = 12
"""The innermost frames that are told."""


class LoopWatch:
    """Tells of each stall while it lasts, with the stack, and afterwards how long it was."""

    def __init__(self, thread: int, stall: float, clock: Callable[[], float]) -> None:
        self._thread, self._stall, self._clock = thread, stall, clock
        self._beaten = self._looked = clock()
        self._since: float | None = None

    def beat(self) -> None:
        """The loop lives; called from within it."""
        self._beaten = self._clock()

    def look(self) -> None:
        """See whether it has stood still; called from another thread, every `BEAT` seconds."""
        now = self._clock()
        asleep, self._looked = now - self._looked > self._stall, now
        if asleep:  # the whole process was halted, and this thread with it
            self._beaten = now
        if now - self._beaten > self._stall:
            if self._since is None:
                self._since = self._beaten
                log.warning("the event loop stands still:\n%s", self._stack())
        elif self._since is not None:
            log.warning("the event loop stood still for %.1f s", self._beaten - self._since)
            self._since = None

    def _stack(self) -> str:
        frame: FrameType | None = sys._current_frames().get(self._thread)
        # Frames only: the values in them may hold a secret.
        return "".join(traceback.format_stack(frame)[-FRAMES:]) if frame else "(no stack)"


@contextlib.contextmanager
def watched_loop(stall: float = STALL) -> Iterator[LoopWatch]:
    """Watch the running loop, while inside."""
    loop = asyncio.get_running_loop()
    watch = LoopWatch(threading.get_ident(), stall, time.monotonic)
    ended = threading.Event()

    def beat() -> None:
        watch.beat()
        if not ended.is_set():
            loop.call_later(BEAT, beat)

    def look() -> None:
        while not ended.wait(BEAT):
            watch.look()

    beat()
    thread = threading.Thread(target=look, name="loop watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join(timeout=1)
