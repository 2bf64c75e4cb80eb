"""The demo as a whole, with a farm that only pretends to plot."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from plotobot.demo.drives import DemoDrives
from plotobot.demo.page import BotFactory, Place
from plotobot.demo.run import Ending, Options, local_timezone, show

PATIENCE = 60.0


class PretendedFarm:
    """Makes a file for a plot every 0.1 s."""

    def __init__(self, bot: BotFactory) -> None:
        self.bot = bot
        self.made: list[Path] = []
        self.drives: DemoDrives | None = None
        self.closed = False

    def drive_sizes(self, options: Options) -> tuple[list[int], list[int]]:
        return [2**20, 2**20], [2**20]

    @asynccontextmanager
    async def opened(self, options: Options, drives: DemoDrives) -> AsyncIterator[PretendedFarm]:
        self.drives = drives
        plotting = asyncio.create_task(self._plot(drives.outs[0]))
        try:
            yield self
        finally:
            plotting.cancel()
            self.closed = True

    async def _plot(self, out: Path) -> None:
        while True:
            await asyncio.sleep(0.1)
            plot = out / f"plot-{len(self.made)}"
            plot.touch()
            self.made.append(plot)

    def make_bot(self, place: Place) -> Any:
        return self.bot(place)

    async def endings(self) -> AsyncIterator[Ending]:
        told = 0
        while True:
            await asyncio.sleep(0.05)
            for plot in self.made[told:]:
                told += 1
                yield Ending(f"plot {told}", plot)


@pytest.fixture
def farm(make_bot: Callable[..., BotFactory], monkeypatch: pytest.MonkeyPatch) -> PretendedFarm:
    monkeypatch.setattr("plotobot.demo.run.LAST_LOOK_SECONDS", 0.1)
    return PretendedFarm(make_bot())


@pytest.mark.parametrize(
    "options",
    [Options(seconds=0.5), Options(plots=2), Options(seconds=0.5, plots=0)],
    ids=["seconds", "plots", "no-plots-means-without-end"],
)
async def test_it_ends_by_itself_and_leaves_nothing(farm: PretendedFarm, options: Options) -> None:
    said: list[str] = []
    await asyncio.wait_for(show(options, farm, asyncio.Event(), say=said.append), PATIENCE)
    assert farm.closed
    assert farm.drives is not None
    assert not farm.drives.root.exists()
    assert any(re.search(r"http://127\.0\.0\.1:\d+/#", line) for line in said)


async def test_it_ends_when_told_and_keeps_its_plots_in_the_given_folder(
    farm: PretendedFarm, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    said: list[str] = []
    options = Options(directory=tmp_path / "d")
    showing = asyncio.create_task(show(options, farm, stop, say=said.append))
    while "plot 1" not in said:
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(showing, PATIENCE)
    assert farm.made[0].exists()
    assert any("out1/plot-0" in line for line in said)
    assert {path.name for path in (tmp_path / "d").iterdir()} == {"temp1", "temp2", "out1"}


async def test_a_farm_that_fails_is_heard_of_and_still_cleaned_up(farm: PretendedFarm) -> None:
    async def fails() -> AsyncIterator[Ending]:
        raise RuntimeError("no engine")
        yield

    farm.endings = fails  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="no engine"):
        await show(Options(plots=1), farm, asyncio.Event(), say=str)
    assert farm.drives is not None
    assert not farm.drives.root.exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--k", "5"], "--k"),
        (["--port", "99999"], "--port"),
        (["--dir", "/dev/null/x"], "--dir"),
        (["--plots", "-1"], "--plots"),
        (["--port", "{taken}"], "--port {taken}"),
    ],
    ids=["k", "port", "dir", "plots", "port-in-use"],
)
def test_what_cannot_be_is_named_before_anything_begins(words: list[str], named: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        argv = [sys.executable, "-m", "plotobot", "demo"]
        argv += [word.format(taken=taken) for word in words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert named.format(taken=taken) in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("tz", "linked", "name"),
    [
        ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"),
        (":Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"),
        ("", "Asia/Tokyo", "Asia/Tokyo"),
        ("CET-1CEST", "Asia/Tokyo", "Asia/Tokyo"),
        ("", "Nowhere/Atlantis", "UTC"),
    ],
    ids=["tz", "tz-with-colon", "link", "tz-is-a-rule", "unknown"],
)
def test_the_local_time_zone_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tz: str, linked: str, name: str
) -> None:
    monkeypatch.setenv("TZ", tz)
    zone = tmp_path / "zoneinfo" / linked
    zone.parent.mkdir(parents=True)
    zone.touch()
    link = tmp_path / "localtime"
    link.symlink_to(zone)
    assert local_timezone(link) == name
