"""Running rsync and ssh so that they end: by themselves, when cancelled, and with the bot."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE = 2.0
"""Seconds after SIGTERM, in which the other host can be told; as long again after SIGKILL."""
# Nothing else of the bot's environment: it holds the Discord token, and RSYNC_* change much.
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK")
_LINES, _LINE = 200, 4096

Heard = Callable[[str], float | None]
"""Is told each line of stdout; gives the seconds that may pass from now on, or None for no news."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    """Its exit code; negative for a signal."""
    lines: tuple[str, ...]
    """The last lines of its stdout."""
    errors: tuple[str, ...]
    """The last lines of its stderr."""


async def run(argv: Sequence[str], seconds: float, heard: Heard | None = None) -> Ended:
    """Run a program to its end; when cancelled it is gone within 2 × GRACE seconds.

    Args:
        argv: its command line; no shell is involved.
        seconds: how long it may take.
        heard: is told each line, and may give more time.

    Raises:
        TimeoutError: it took too long, and was ended.
        OSError: no process can be started.
    """
    process = await asyncio.create_subprocess_exec(
        *leashed(argv),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
        start_new_session=True,  # no terminal to ask for a password on, and a group to end
    )
    out, err = _Lines(heard), _Lines(None)
    try:
        async with asyncio.timeout(seconds) as clock, asyncio.TaskGroup() as reading:
            reading.create_task(out.read(process.stdout, clock))
            reading.create_task(err.read(process.stderr, clock))
            reading.create_task(process.wait())
    finally:
        await asyncio.shield(asyncio.ensure_future(_end(process)))
    code = process.returncode
    return Ended(-1 if code is None else code, tuple(out.kept), tuple(err.kept))


def leashed(argv: Sequence[str]) -> list[str]:
    """A command line that ends with this process."""
    leash = Path(__file__).with_name("leash.py")
    return [sys.executable, "-I", "-S", str(leash), str(os.getpid()), *argv]


def environment() -> dict[str, str]:
    """The environment of rsync and ssh; their words are to be English ones."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C"}


class _Lines:
    """The last lines of a stream; progress lines end with a carriage return."""

    def __init__(self, heard: Heard | None) -> None:
        self.kept: deque[str] = deque(maxlen=_LINES)
        self._heard = heard
        self._rest = b""

    async def read(self, stream: asyncio.StreamReader | None, clock: asyncio.Timeout) -> None:
        """Read to the end."""
        while stream is not None and (data := await stream.read(65536)):
            *lines, rest = re.split(rb"[\r\n]", self._rest + data)
            self._rest = rest[-_LINE:]
            for line in lines:
                self._take(line, clock)
        self._take(self._rest, clock)

    def _take(self, line: bytes, clock: asyncio.Timeout) -> None:
        text = line[:_LINE].decode("utf-8", "replace")
        if not text.strip():
            return
        self.kept.append(text)
        more = self._heard(text) if self._heard else None
        if more is not None:
            clock.reschedule(asyncio.get_running_loop().time() + more)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End what is left of a program's group, and take what it still had to say."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if process.returncode is None or number != signal.SIGTERM:
            _signal(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await process.communicate()
                return


if sys.platform == "win32":

    def _signal(pid: int, number: int) -> None:
        with contextlib.suppress(OSError):
            os.kill(pid, number)

else:

    def _signal(pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
