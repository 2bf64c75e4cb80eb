"""Reads several drives at once, each in a thread of its own, so that one that hangs holds up none.

A hung mount blocks its thread until it goes away (state D). So the wait is for progress: a drive
that shows none for a while is given up, its thread is left behind, and it is not read again
before that thread came back.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence

from plotobot.engine.drives import Space
from plotobot.engine.inventory.plot import Plot, Progress
from plotobot.engine.inventory.reading import Reading, read_drive
from plotobot.engine.models import Drive

SILENCE = 30.0
"""Seconds without any file looked at after which a drive is given up."""
AT_ONCE = 4
"""Drives that are read at the same time."""
_LOOK_EVERY = 0.25


class Walks:
    """Reads drives in threads. Within one event loop."""

    def __init__(
        self, look: Callable[[str], Space], *, silence: float = SILENCE, at_once: int = AT_ONCE
    ) -> None:
        self._look = look
        self._silence = silence
        self._at_once = at_once
        self._walks: dict[str, _Walk] = {}

    async def read(
        self,
        drives: Sequence[Drive],
        known: Mapping[str, Mapping[str, Plot]],
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> dict[str, Reading | OSError]:
        """Read all these drives; returns after bounded time, also where some hang.

        Args:
            drives: those that are there, each folder once.
            known: by the drive's path, then by the file's, what was known.
            progress: told every quarter of a second.

        Returns:
            For each drive's path what it holds, or why that is not known.
        """
        slots, round_ = asyncio.Semaphore(self._at_once), list[_Walk]()

        async def one(drive: Drive) -> Reading | OSError:
            async with slots:
                return await self._walk(drive, known.get(drive.path, {}), round_)

        telling = asyncio.create_task(_tell(round_, progress))
        try:
            answers = await asyncio.gather(*map(one, drives))
        finally:
            telling.cancel()
            for walk in round_:
                walk.stop.set()
        progress(_sum(round_))
        return {drive.path: answer for drive, answer in zip(drives, answers, strict=True)}

    async def _walk(
        self, drive: Drive, known: Mapping[str, Plot], round_: list[_Walk]
    ) -> Reading | OSError:
        old = self._walks.get(drive.path)
        # A thread that has told its answer may still be alive for a moment.
        if old is not None and not old.ended.is_set():
            return TimeoutError("it has not answered since the last time")
        walk = self._walks[drive.path] = _Walk(drive, known, self._look)
        round_.append(walk)
        walk.start()
        return await self._followed(walk)

    async def _followed(self, walk: _Walk) -> Reading | OSError:
        clock = asyncio.get_running_loop().time
        done, since = walk.done, clock()
        while not walk.ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_LOOK_EVERY, self._silence)):
                    await walk.ended.wait()
            if walk.done != done:
                done, since = walk.done, clock()
            elif clock() - since >= self._silence and not walk.ended.is_set():
                walk.stop.set()
                return TimeoutError("it does not answer")
        return walk.answer


async def _tell(round_: Sequence[_Walk], progress: Callable[[Progress], None]) -> None:
    while True:
        progress(_sum(round_))
        await asyncio.sleep(_LOOK_EVERY)


def _sum(round_: Sequence[_Walk]) -> Progress:
    return Progress(sum(walk.done for walk in round_), sum(walk.of for walk in round_))


class _Walk(threading.Thread):
    """One drive's reading, in a thread that the interpreter does not wait for at its end."""

    def __init__(
        self, drive: Drive, known: Mapping[str, Plot], look: Callable[[str], Space]
    ) -> None:
        super().__init__(name="plotobot-plots", daemon=True)
        self._drive, self._known, self._look = drive, known, look
        self._loop = asyncio.get_running_loop()
        self.done = self.of = 0
        self.stop = threading.Event()
        self.ended = asyncio.Event()
        self.answer: Reading | OSError = TimeoutError("it does not answer")

    def run(self) -> None:
        try:
            self.answer = read_drive(self._drive, self._known, self._look, self._report)
        except OSError as error:
            self.answer = error
        finally:
            with contextlib.suppress(RuntimeError):  # the loop is closed; nobody waits any more
                self._loop.call_soon_threadsafe(self.ended.set)

    def _report(self, done: int, of: int) -> None:
        if self.stop.is_set():
            raise InterruptedError("it was given up")
        self.done, self.of = done, of
