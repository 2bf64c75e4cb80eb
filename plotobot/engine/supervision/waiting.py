"""Waiting in the event loop for the end of processes: by descriptor, or by asking every second."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from plotobot.engine.processes import Process

ASK_EVERY = 1.0


async def end_of(process: Process) -> None:
    """Return when a held process has ended; one waiter for each handle."""
    fd = process.fileno()
    if fd is not None:
        await readable(fd)
        return
    while not await asyncio.to_thread(process.ended):  # noqa: ASYNC110 - nobody would set an event
        await asyncio.sleep(ASK_EVERY)


async def reap(process: subprocess.Popen[bytes]) -> None:
    """Take the exit status of a child of ours as soon as it ends, so that no zombie stays."""
    if sys.platform == "linux":
        try:
            fd = os.pidfd_open(process.pid)
        except ProcessLookupError:  # reaped already
            return
        try:
            if process.poll() is None:
                await readable(fd)
        finally:
            os.close(fd)
    while process.poll() is None:  # noqa: ASYNC110 - nobody would set an event
        await asyncio.sleep(ASK_EVERY)


async def readable(fd: int) -> None:
    """Return when a descriptor polls readable."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
