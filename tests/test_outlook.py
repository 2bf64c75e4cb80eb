"""`plotobot why`, beside a running Plotobot and without one."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from plotobot.outlook import outlook
from tests.engine.farm import Farm, until


async def test_without_a_plotobot_it_says_what_would_start(tmp_path: Path) -> None:
    config = Farm(tmp_path).config(max_parallel=1)
    found = outlook(config)

    assert not found.running
    assert len(found.starts) == 1
    assert "0 of 1 in all" in found.starts[0]
    assert found.view
    assert {hold.rule for hold in found.view.holds} == {"max_parallel"}


async def test_beside_a_running_one_it_says_what_that_one_says(tmp_path: Path) -> None:
    farm = Farm(tmp_path)
    config = replace(farm.config(), spawn_on_start=False)
    async with farm.running(config) as engine:
        await until(engine, lambda: asyncio.to_thread(lambda: outlook(config).view is not None))
        found = await asyncio.to_thread(outlook, config)
        assert found.running
        assert found.view == await engine.spawner()
        assert found.starts == ()


async def why(tmp_path: Path, *words: str) -> str:
    """What the command prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plotobot", "why", *words),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out
    return out.decode()


async def test_the_command(tmp_path: Path) -> None:
    for name in ("temp", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "plotobot.toml").write_text(
        f"""
        drives.temp = ["{tmp_path}/temp", "{tmp_path}/away"]
        drives.out = ["{tmp_path}/out"]
        plot.plotter = "chiapos"
        plot.k = 18
        spawn.max_parallel = 5
        """
    )
    document: dict[str, Any] = json.loads(await why(tmp_path, "--json"))
    text = await why(tmp_path)

    assert document["running"] is False
    assert len(document["would_start"]) == 1
    assert {hold["drive"]: hold["rule"] for hold in document["holds"]} == {
        f"{tmp_path}/temp": "max_parallel_per_drive",
        f"{tmp_path}/away": "drive_problem",
    }
    assert "No Plotobot runs on this state folder" in text
    assert "the drive is missing" in text
