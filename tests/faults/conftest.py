"""What the tests that break the product on purpose share."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.app.live import LiveFarm
from tests.engine.farm import Farm
from tests.loopback import LoopbackDiscord


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> Iterator[int]:
    """One fixed seed; with `--chaos-minutes`, more of them until the time is over."""

    def draw() -> Iterator[int]:
        end = time.monotonic() + 60 * request.config.getoption("--chaos-minutes")
        number = 1
        while number == 1 or time.monotonic() < end:
            yield number
            number += 1

    return draw()


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: for what needs no disk to be shown."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="plotobot-") as folder:
        yield Path(folder)


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """An empty farm, for a whole engine."""
    return Farm(tmp_path)


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine looks at its drives, and writes that it lives, every second."""
    monkeypatch.setattr("plotobot.engine.pulse.DRIVES_EVERY", 1.0)


@pytest.fixture
async def live_farm(tmp_path: Path, loopback: LoopbackDiscord) -> AsyncIterator[LiveFarm]:
    """A farm with a bot of its own process, cleared away after the test."""
    live = LiveFarm(tmp_path, loopback)
    yield live
    await live.clear()
