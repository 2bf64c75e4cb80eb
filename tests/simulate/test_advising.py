"""Advice comes from a process of its own, whatever becomes of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from plotobot.engine import advising
from plotobot.engine.advising import SPAN, Adviser
from plotobot.engine.config import EngineConfig, Limits
from plotobot.engine.models import GIB, Drive, DriveKind
from plotobot.engine.spawner import kinds_of
from plotobot.errors import Refusal
from plotobot.simulate.comparing import compare
from plotobot.simulate.this_machine import rig_of

DRIVES = (
    Drive(DriveKind.TEMP, "/t1", "t1", 900 * GIB, 900 * GIB, bus="nvme"),
    Drive(DriveKind.OUT, "/out", "out", 9000 * GIB, 9000 * GIB),
)
Children = Callable[[], set[psutil.Process]]


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    return EngineConfig("rig1", tmp_path, {}, limits=Limits(count=9, max_parallel=2))


@pytest.fixture
def children() -> Children:
    """The processes that came since the test began, at work or left unreaped."""
    before = set(psutil.Process().children())
    return lambda: set(psutil.Process().children()) - before


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulation that never ends."""
    monkeypatch.setattr(sys, "executable", "/bin/sh")
    monkeypatch.setattr(advising, "COMMAND", ("-c", "exec sleep 60"))


async def begun(children: Children) -> psutil.Process:
    async with asyncio.timeout(20):
        while not children():
            await asyncio.sleep(0.01)
    (child,) = children()
    return child


async def test_it_says_what_the_simulator_says(config: EngineConfig) -> None:
    advice = await Adviser().advise(config, DRIVES, ())

    rig = rig_of(kinds_of(config)[0], DRIVES, {})
    found = compare(rig, replace(config.limits, count=None), SPAN)
    assert (advice.rules, advice.auto) == (found.rules.plots_a_day, found.auto.plots_a_day)
    assert advice.rules < advice.auto <= advice.bound * 1.05


async def test_the_child_knows_no_secret_and_lets_plots_go_first(
    config: EngineConfig, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "canary")
    asking = asyncio.create_task(Adviser().advise(config, DRIVES, ()))
    child = await begun(children)
    async with asyncio.timeout(20):
        while child.nice() <= psutil.Process().nice():
            await asyncio.sleep(0.01)
    assert "canary" not in str(child.environ())
    await asking
    assert children() == set()


@pytest.mark.usefixtures("endless")
async def test_one_that_takes_too_long_is_ended(config: EngineConfig, children: Children) -> None:
    with pytest.raises(Refusal, match=r"more than 0\.2 s"):
        await Adviser(patience=0.2).advise(config, DRIVES, ())
    assert children() == set()


@pytest.mark.usefixtures("endless")
async def test_a_stop_waits_for_none_and_leaves_none(
    config: EngineConfig, children: Children
) -> None:
    asking = asyncio.create_task(Adviser().advise(config, DRIVES, ()))
    await begun(children)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(15):
            await asking
    assert children() == set()


@pytest.mark.usefixtures("endless")
async def test_only_one_at_a_time(config: EngineConfig, children: Children) -> None:
    adviser = Adviser()
    asking = asyncio.create_task(adviser.advise(config, DRIVES, ()))
    await begun(children)
    with pytest.raises(Refusal, match="running already"):
        await adviser.advise(config, DRIVES, ())
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_what_goes_wrong_there_is_said(
    config: EngineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advising, "COMMAND", ("-c", "raise SystemExit('it broke')"))
    with pytest.raises(Refusal, match="it broke"):
        await Adviser().advise(config, DRIVES, ())
