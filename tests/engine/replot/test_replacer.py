"""The replacer on little farms: what holds between an owner's word and the last check."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from plotobot.engine.inventory.plot import Stock
from plotobot.engine.replot.arming import Mode
from plotobot.errors import Refusal
from tests.engine.replot.small_farm import SmallFarm

Make: TypeAlias = Callable[..., Awaitable[SmallFarm]]


class SlowScan:
    """A scan that is under way until it is let go."""

    def __init__(self, farm: SmallFarm) -> None:
        self._real = farm.inventory.rescan
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        farm.inventory.rescan = self  # type: ignore[method-assign]

    async def __call__(self) -> Stock:
        self.begun.set()
        await self.go_on.wait()
        return await self._real()


class TestArming:
    """An owner has said "Arm it", and the drives are looked through once more."""

    @pytest.fixture
    async def farm(self, small_farm: Make) -> SmallFarm:
        return await small_farm({"a": 2}, {"a": 0})

    @pytest.fixture
    async def arming(self, farm: SmallFarm) -> tuple[asyncio.Task[object], SlowScan]:
        shown = await farm.desk.plan()
        scan = SlowScan(farm)
        arming = asyncio.create_task(farm.desk.arm(shown.fingerprint, "olga"))
        await scan.begun.wait()
        return arming, scan

    async def test_who_disarms_meanwhile_has_the_last_word(
        self, farm: SmallFarm, arming: tuple[asyncio.Task[object], SlowScan]
    ) -> None:
        task, scan = arming
        await farm.desk.disarm()
        scan.go_on.set()

        with pytest.raises(Refusal, match="disarmed meanwhile"):
            await task
        assert farm.replacer.armed is None
        assert (await farm.live()).replacer.armed is None
        await farm.spawn(1, "a")
        await farm.replacer.step()
        assert farm.left() == {"a": 2}

    async def test_so_it_is_when_the_word_is_just_being_written_down(
        self, farm: SmallFarm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown, written, go_on = await farm.desk.plan(), asyncio.Event(), asyncio.Event()
        real = farm.store.remember

        async def slow(key: str, value: str) -> None:
            await real(key, value)
            written.set()
            await go_on.wait()

        monkeypatch.setattr(farm.store, "remember", slow)
        arming = asyncio.create_task(farm.desk.arm(shown.fingerprint, "olga"))
        await written.wait()
        disarming = asyncio.create_task(farm.desk.disarm())
        await asyncio.sleep(0)
        go_on.set()

        with pytest.raises(Refusal, match="disarmed meanwhile"):
            await arming
        assert (await disarming).armed is None
        assert (await farm.live()).replacer.armed is None

    async def test_settings_that_were_not_shown_are_not_armed(
        self, farm: SmallFarm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown = await farm.desk.plan()

        def reloading(*_: object) -> object:
            farm.set_rules(mode=Mode.AUTO, per_hour=1)
            return shown.fork

        monkeypatch.setattr("plotobot.engine.replot.desk.know_fork", reloading)
        with pytest.raises(Refusal, match="settings"):
            await farm.desk.arm(shown.fingerprint, "olga")
        assert farm.desk.status().armed is None
