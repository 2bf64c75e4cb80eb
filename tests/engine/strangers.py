"""Plotters that nobody of ours started: a real chiapos, and scripts that look like the others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.models import Job
from plotobot.plotters.chiapos import SCRIPT

PLOT_ID = "c0ffee" * 10 + "beef"
NAME = f"plot-k32-2026-11-23-15-55-{PLOT_ID}"
WAITS = "sleep 120 & wait"
PATIENCE = 30.0


@dataclass
class Strangers:
    """Somebody else's plotters below one folder; all of them are gone at the end of a test."""

    root: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def chiapos(self, temp: str = "temp", out: str = "out", k: int = 21) -> subprocess.Popen[bytes]:
        """A real plot made by hand, with relative folders and a log; k21 takes ten seconds."""
        for folder in (temp, out):
            (self.root / folder).mkdir(exist_ok=True)
        words = ["-k", str(k), "-b", "512", "-u", "16", "-r", "1", "-t", temp, f"-d={out}"]
        command = [sys.executable, "-I", str(SCRIPT), *words]
        with (self.root / "by-hand.log").open("wb") as log:
            return self._start(command, stdout=log)

    def script(
        self, name: str, *words: str, body: str = WAITS, **more: object
    ) -> subprocess.Popen[bytes]:
        """A shell script of this name, run with these words."""
        return self._start(
            [str(self.write(name, body)), *words], **{"stdout": subprocess.DEVNULL, **more}
        )

    def write(self, name: str, body: str = WAITS) -> Path:
        """A shell script of this name, not run."""
        file = self.root / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
        return file

    def _start(self, command: list[str], **more: object) -> subprocess.Popen[bytes]:
        more = {"cwd": self.root, "stderr": subprocess.DEVNULL, **more}
        process = subprocess.Popen(command, start_new_session=True, **more)  # type: ignore[call-overload]
        self.started.append(process)
        return process  # type: ignore[no-any-return]

    def end(self) -> None:
        """Kill whatever was started here, with all in its session."""
        for process in self.started:
            kill_session(process)


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 a process and all in the session it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for end in (process.stdin, process.stdout):
        if end:
            end.close()


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def found(foreign: ForeignPlots, number: int = 1) -> list[Job]:
    """Look until so many foreign plots are there."""

    def enough() -> bool:
        foreign.look_now((), ())
        return len(foreign.jobs) == number

    until(enough)
    return list(foreign.jobs)


def strangers_in(root: Path) -> Iterator[Strangers]:
    """The body of a fixture."""
    strangers = Strangers(root)
    try:
        yield strangers
    finally:
        strangers.end()
