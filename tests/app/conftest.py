"""Fixtures for tests of the whole bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.process import BotProcess
from tests.loopback import LoopbackDiscord


@pytest.fixture
async def bot(tmp_path: Path, loopback: LoopbackDiscord) -> AsyncIterator[BotProcess]:
    """A bot that is configured for two plots and not yet started."""
    process = BotProcess(tmp_path, loopback)
    process.configure(count=2)
    yield process
    await process.close()
