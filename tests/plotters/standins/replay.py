"""What the stand-ins for plotting programs share: no plotters, they replay logs and move files.

A stand-in takes the real program's options and refuses others, prints a recorded log with this
run's own names in it, and makes, renames and removes the files the real one would. How it behaves
stands in `<program>.json` beside it: `fault` (one of FAULTS), `pace` (seconds a line), `plot` (a
real little plot, whose bytes become the finished one's).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import secrets
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NoReturn

LOGS = Path(__file__).parents[2] / "logs"
FAULTS = ("", "exit", "signal", "stuck", "hang", "cut", "crash")


class Options(argparse.ArgumentParser):
    """An option parser that refuses what it does not know, in the real program's way."""

    def __init__(self, refused: Callable[[str], NoReturn], **words: object) -> None:
        super().__init__(add_help=False, allow_abbrev=False, **words)  # type: ignore[arg-type]
        self._refused = refused

    def error(self, message: str) -> NoReturn:
        self._refused(message)


@dataclass
class Behaviour:
    """What the test wants."""

    fault: str = ""
    pace: float = 0.0
    plot: str = ""

    @classmethod
    def here(cls) -> Behaviour:
        """The one beside the program."""
        file = Path(f"{sys.argv[0]}.json")
        found = cls(**json.loads(file.read_text())) if file.exists() else cls()
        assert found.fault in FAULTS, found
        return found


@dataclass
class Plot:
    """A plot that is being pretended."""

    k: int
    level: str
    temps: list[Path]
    """Its temp files."""
    out: Path
    content: Callable[[Plot], bytes]
    sparse_size: int = 0
    """Bytes the finished file is blown up to, as a hole."""
    id: str = field(default_factory=lambda: secrets.token_hex(32))
    name: str = ""

    def __post_init__(self) -> None:
        now = datetime.now()  # noqa: DTZ005 - plotters name plots by the local time
        self.name = f"plot-k{self.k}{self.level}-{now:%Y-%m-%d-%H-%M}-{self.id}"

    @property
    def final(self) -> Path:
        return self.out / f"{self.name}.plot"

    @property
    def unfinished(self) -> Path:
        return self.out / f"{self.name}.plot.tmp"

    def begin(self, temps: list[Path]) -> None:
        self.temps = temps
        for file in self.temps:
            file.write_bytes(b"x" * 5000)

    def finish(self, *, cut: bool) -> None:
        """Write the plot, rename it, remove the temp files."""
        content = self.content(self)
        with self.unfinished.open("wb") as file:
            file.write(content[: len(content) // 2] if cut else content)
            if self.sparse_size:
                file.truncate(self.sparse_size // 2 if cut else self.sparse_size)
        self.unfinished.rename(self.final)
        for file in self.temps:
            file.unlink(missing_ok=True)


@dataclass
class Words:
    """How the real program speaks when things go wrong, and by which line it says it is done."""

    proof: str
    """What the line that follows the rename contains."""
    dies: Callable[[], NoReturn]
    """Its last words, and its end."""
    stuck: Callable[[Plot], str]
    stuck_at: str
    """What the line contains before which it gets stuck."""
    middle: str
    """What the line contains before which all other faults come."""


def play(lines: list[str], plot: Plot, behaviour: Behaviour, words: Words) -> None:
    """Print a plot's lines, with its files beside them, and fail where the test wants it."""
    for line in lines:
        _fail(line, plot, behaviour, words)
        if words.proof in line:
            plot.finish(cut=behaviour.fault == "cut")
        say(line, behaviour.pace)
        if words.proof in line and behaviour.fault == "crash":
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.kill(os.getpid(), signal.SIGABRT)


def _fail(line: str, plot: Plot, behaviour: Behaviour, words: Words) -> None:
    if behaviour.fault == "stuck" and words.stuck_at in line:
        say(words.stuck(plot), 0)
        wait_for_ever()
    if words.middle not in line:
        return
    if behaviour.fault == "exit":
        words.dies()
    if behaviour.fault == "signal":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour.fault == "hang":
        wait_for_ever()


def wait_for_ever() -> NoReturn:
    """Wait longer than any test does; a test that fails must leave nothing behind for ever."""
    time.sleep(300)
    sys.exit(3)


def say(line: str, pace: float) -> None:
    print(line, flush=True)
    time.sleep(pace)


def recorded(name: str, changes: dict[str, str]) -> Iterator[str]:
    """A recorded log's lines with other words put in."""
    for line in (LOGS / f"{name}.log").read_text("utf-8").splitlines():
        for old, new in changes.items():
            line = line.replace(old, new)
        yield line


def with_id(original: str) -> Callable[[Plot], bytes]:
    """A real plot's bytes under another id (v1: 19 bytes of magic, then the id)."""

    def content(plot: Plot) -> bytes:
        whole = Path(original).read_bytes()
        return whole[:19] + bytes.fromhex(plot.id) + whole[51:]

    return content


def bladebit_file(plot: Plot, level: int, memo: int) -> bytes:
    """A file with bladebit 3's header, and tables of four kilobytes each."""
    head = b"PLOT" + struct.pack("<I", 2) + bytes.fromhex(plot.id) + bytes([plot.k])
    head += struct.pack(">H", memo) + bytes(memo) + struct.pack("<I", 1 if level else 0)
    head += bytes([level]) if level else b""
    begins = [4096 * (place + 1) for place in range(10)]
    head += struct.pack(">10Q", *begins) + struct.pack("<10Q", *[4096] * 10)
    return head.ljust(4096, b"\0") + bytes(4096 * 10)
