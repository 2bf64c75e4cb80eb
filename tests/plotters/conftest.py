from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plotobot.plotters import reader_for
from plotobot.plotters.base import LogReader, Progress

LOGS = Path(__file__).parents[1] / "logs"


@pytest.fixture(scope="session")
def log() -> Callable[[str], bytes]:
    """A stored log by its name without `.log`."""
    return lambda name: (LOGS / f"{name}.log").read_bytes()


@pytest.fixture
def read(log: Callable[[str], bytes]) -> Callable[[str], Progress]:
    """What the right reader makes of a stored log."""

    def read_it(name: str) -> Progress:
        content = log(name)
        reader = reader_for(content)
        reader.feed(content.split(b"\n"))
        return reader.progress

    return read_it


@pytest.fixture
def statuses() -> Callable[[LogReader, bytes], list[str]]:
    """Every status a reader shows while it gets a log line by line, repeats left out."""

    def watch(reader: LogReader, content: bytes) -> list[str]:
        seen = [reader.progress.status]
        for line in content.split(b"\n"):
            reader.feed([line])
            if (status := reader.progress.status) != seen[-1]:
                seen.append(status)
        return seen

    return watch
