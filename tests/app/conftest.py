"""A farm with a bot of its own process, cleared away after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.live import LiveFarm
from tests.loopback import LoopbackDiscord


@pytest.fixture
async def farm(tmp_path: Path, loopback: LoopbackDiscord) -> AsyncIterator[LiveFarm]:
    farm = LiveFarm(tmp_path, loopback)
    yield farm
    await farm.clear()
