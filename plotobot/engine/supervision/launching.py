"""Starting shims: the one place where a shim's command line and surroundings are decided."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from plotobot.engine.processes import Processes
from plotobot.engine.supervision import shim
from plotobot.engine.supervision.finding import Found, State, inspect
from plotobot.errors import PlotobotError

# What a bare interpreter needs of the bot's environment. Nothing else of it goes to a process that
# lives for hours and whose environment can be read under /proc: the bot's holds the Discord token.
KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "TEMP", "TMP")
FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.02


class LaunchFailed(PlotobotError):  # noqa: N818 - it reads as what it is
    """A plotter was not started; the message says why, and nothing of it runs."""


def shim_command(directory: Path) -> Sequence[str]:
    """The command line of a job's shim.

    -S, -E and -P keep site packages, the environment and the folder of the shim out of its imports.
    """
    return (
        sys.executable,
        "-S",
        "-E",
        "-P",
        str(Path(__file__).with_name("shim.py")),
        str(directory),
    )


def start_shim(command: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
    """Start a shim that outlives this process. Blocks for milliseconds.

    Raises:
        LaunchFailed: the interpreter cannot be started.
    """
    try:
        if sys.platform == "win32":
            return _popen_on_windows(command, directory)
        return _popen(command, directory, 0)
    except OSError as problem:
        raise LaunchFailed(
            f"the shim of job {directory.name} cannot be started: {problem}"
        ) from None


def await_start(
    directory: Path, process: subprocess.Popen[bytes], timeout: float, processes: Processes
) -> Found:
    """Wait until a job runs, has ended, or its shim has given up. Blocks: for a thread.

    Returns what was found last; `starting` (or `pending`, before the shim took its lock) means that
    the disk is so slow that the shim has not come to its plotter in the time given.

    Raises:
        LaunchFailed: the shim has ended, and the plotter was never started.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_PAUSE
    while True:
        gone = process.poll()  # asked before the look: what an ended shim has written stands
        found = inspect(directory, processes=processes)
        if found.state not in (State.PENDING, State.STARTING, State.VOID):
            return found
        if gone is not None and gone != shim.HELD and found.state is not State.STARTING:
            raise LaunchFailed(_why(directory, gone))
        if time.monotonic() > deadline:
            return found
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _why(directory: Path, code: int) -> str:
    if code == shim.FAILED:
        last = _last_line(directory / "out.log").removeprefix("plotobot: ")
        return f"job {directory.name} was not started: {last or 'the state directory refused'}"
    return f"job {directory.name} was not started: its shim ended with {code}"


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            lines = file.read(65536).splitlines()
    except OSError:
        return ""
    return lines[-1].decode("utf-8", "replace") if lines else ""


def _kept(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in KEPT if name in environment}


def _popen(command: Sequence[str], directory: Path, flags: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=directory,
        env=_kept(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=True,
        creationflags=flags,
    )


if sys.platform == "win32":

    def _popen_on_windows(command: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
        """No window, a group of its own, and out of the job that ends with the terminal.

        Windows Terminal forbids the last; then the plot lives no longer than its window.
        """
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        try:
            return _popen(command, directory, flags | subprocess.CREATE_BREAKAWAY_FROM_JOB)
        except PermissionError:
            return _popen(command, directory, flags)
