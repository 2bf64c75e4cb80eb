"""A child process that may hang in the kernel for ever, and is then left behind.

Nothing can end a process in state D, and nobody may wait for one: not the event loop, not the
interpreter's end. So each child has a thread of its own, which waits for it as long as it takes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from plotobot.engine.moving.base import DestinationAway, MoveDelayed, MoveRefused
from plotobot.engine.moving.words import End
from plotobot.engine.supervision.launching import KEPT

Line = dict[str, Any]

_GRACE = 2.0
"""Seconds in which a child ends by itself once its stdin closed."""
_PORTER = "plotobot.engine.moving.porter"


class Child:
    """A porter at work on one errand."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._unwanted = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Child:
        loop = asyncio.get_running_loop()
        threading.Thread(
            target=self._live, args=(loop,), name="plotobot-porter", daemon=True
        ).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Have it end, within seconds or without us."""
        self._unwanted.set()
        self._close_stdin()
        try:
            async with asyncio.timeout(_GRACE):
                await self._gone.wait()
        except TimeoutError:
            pass
        finally:
            if self._process is not None:
                self._process.kill()

    async def line(self, patience: float) -> Line:
        """What it says next.

        Raises:
            TimeoutError: nothing, for this many seconds.
            MoveRefused, DestinationAway, MoveDelayed: it says so, or it died.
        """
        async with asyncio.timeout(patience):
            line = await self._lines.get()
        end = "died" if line is None else line.get("end")
        text = "" if line is None else str(line.get("text", ""))
        if line is not None and end == "refused":
            raise MoveRefused(text, full=bool(line["full"]), by_place=bool(line["by_place"]))
        if end == "away":
            raise DestinationAway(text)
        if end == "delayed":
            raise MoveDelayed(text)
        if line is None or end == "broken":
            raise MoveDelayed(
                f"the process that moves plots ended early ({text or 'it was killed'}): the move"
                " can go on where it was"
            )
        return line

    async def at_work(self) -> End | None:
        """At which end of its move it is, when it says nothing else any more; None if unknown."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError, ValueError):  # it has just ended
                self._process.stdin.write(b"\n")
                self._process.stdin.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                while (line := await self._lines.get()) is not None:
                    if "at" in line:
                        return End(line["at"]) if line["at"] else None
        return None

    def _live(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start it, hand its lines to the loop, and wait for its end; the loop may go before."""
        with suppress(RuntimeError):
            try:
                self._process = _start(self._asked)
                self._follow(self._process, loop)
            except OSError as problem:
                line = {"end": "broken", "text": str(problem)}
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
            finally:
                loop.call_soon_threadsafe(self._gone.set)

    def _follow(self, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        if self._unwanted.is_set():  # it was cancelled while it started
            self._close_stdin()
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            with process.stdout as lines:
                for raw in lines:
                    with suppress(ValueError):  # killed while it wrote
                        loop.call_soon_threadsafe(self._lines.put_nowait, json.loads(raw))
                loop.call_soon_threadsafe(self._lines.put_nowait, None)
        finally:
            process.wait()

    def _close_stdin(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


def _start(asked: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", _PORTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
        start_new_session=True,
        creationflags=flags,
    )
    assert process.stdin is not None  # noqa: S101 - it was asked for
    with suppress(BrokenPipeError):  # it died at once, which its other end tells
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
    return process
