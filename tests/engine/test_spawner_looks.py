"""The drives are looked at one look at a time, whoever asks."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, cast

from plotobot.app import running_engine
from plotobot.demo.drives import DemoDrives
from plotobot.demo.farm import config
from plotobot.demo.run import Options
from plotobot.engine.engine import PlottingEngine


async def test_no_two_looks_at_once(tmp_path: Path) -> None:
    folders = (tmp_path / "temp1", tmp_path / "out1")
    for folder in folders:
        folder.mkdir()
    drives = DemoDrives(tmp_path, folders[:1], folders[1:], keep=True)
    async with running_engine(config(Options(), drives)) as running:
        engine = cast(PlottingEngine, running)
        bay: Any = engine._parts.spawner._bay
        look, inside = bay.look, [0, 0]  # now, at most

        def slow_look() -> Any:
            inside[0] += 1
            inside[1] = max(inside)
            time.sleep(0.05)
            found = look()
            inside[0] -= 1
            return found

        bay.look = slow_look
        spawner = engine._parts.spawner
        await asyncio.gather(spawner.look(), spawner.look(), spawner.look())
        assert inside[1] == 1
