"""Asks a process of its own one question, where work would hold up the event loop or take memory.

Neither a thread nor a pool does: pure Python holds the loop up from a thread, and a pool's children
get the bot's whole environment, whose token is no business of theirs.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "HOME", "SYSTEMROOT", "TEMP", "TMP")
"""What the child gets of the environment: the token is none of it."""
NICENESS = 10


async def ask(
    command: Sequence[str], question: bytes, patience: float, environment: Mapping[str, str]
) -> tuple[bytes, str]:
    """Give a child of this Python a question; its answer, and its last line of complaint.

    Args:
        command: what follows the interpreter's name.
        question: what it reads on its standard input.
        patience: seconds that it has.
        environment: all of its environment.

    Raises:
        OSError: it cannot be started.
        TimeoutError: it took too long, and is gone.
    """
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment)
    )
    try:
        async with asyncio.timeout(patience):
            answer, words = await child.communicate(question)
    finally:
        await _ended(child)
    return answer, _last_line(words)


def passed_on(of: Mapping[str, str]) -> dict[str, str]:
    """What a child may know of an environment."""
    return {name: of[name] for name in PASSED_ON if name in of}


def give_way() -> None:
    """Let the plots go first: for the child itself."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.nice(NICENESS)


async def _ended(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _last_line(words: bytes) -> str:
    lines = words.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
