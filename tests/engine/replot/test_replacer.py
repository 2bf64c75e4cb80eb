"""The replacer on little farms: what holds between an owner's word and the last check."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from plotobot.engine.case import Kind as ProfileKind
from plotobot.engine.case import Rules, World
from plotobot.engine.config import Limits, Profile
from plotobot.engine.inventory.plot import Stock
from plotobot.engine.models import Drive, DriveKind, EventKind, JobState
from plotobot.engine.planner import plan
from plotobot.engine.replot import deletion
from plotobot.engine.replot.acting import under
from plotobot.engine.replot.arming import Armed, Mode
from plotobot.engine.replot.checking import NewPlots
from plotobot.engine.replot.deletion import Order, target_of
from plotobot.engine.replot.journal import Entry, Fate, Journal
from plotobot.errors import Refusal
from plotobot.plotters.base import Needs
from tests.engine.plot_files import NOW, make_plot, plot_id
from tests.engine.replot.small_farm import RULE, SIZE, SmallFarm

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


class TestLastCheck:
    """An old plot is on its way for a job, and something changes before it is gone."""

    @pytest.fixture
    def meanwhile(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[Callable[[], Awaitable[None]]], None]:
        """Have something happen once, when the first old plot has been examined."""

        def prepare(change: Callable[[], Awaitable[None]]) -> None:
            loop, real, changes = asyncio.get_running_loop(), deletion.examine, [change]

            async def happen() -> None:
                await changes.pop()()

            def examine(order: Order, now: datetime) -> None:
                real(order, now)
                if changes:
                    asyncio.run_coroutine_threadsafe(happen(), loop).result(30)

            monkeypatch.setattr(deletion, "examine", examine)

        return prepare

    @pytest.mark.parametrize("state", [JobState.STOPPED, JobState.FAILED, JobState.COMPLETED])
    async def test_a_job_that_ended_costs_no_old_plot(
        self, small_farm: Make, meanwhile: Any, state: JobState
    ) -> None:
        farm = await small_farm({"a": 3}, {"a": 0})
        await farm.arm()
        job = await farm.spawn(1, "a")
        meanwhile(lambda: farm.finish(job, state))
        await farm.replacer.step()

        assert farm.left() == {"a": 3}
        assert [entry.fate for entry in farm.replacer.entries] == [Fate.KEPT]
        assert await farm.told(EventKind.PLOT_REPLACED) == []
        assert await farm.told(EventKind.REPLOT_HALTED) == []
        assert farm.replacer.armed is not None

    async def test_nor_does_one_that_ended_while_another_was_given_room(
        self, small_farm: Make, meanwhile: Any
    ) -> None:
        farm = await small_farm({"a": 2, "b": 2}, {"a": 0, "b": 0})
        await farm.arm()
        await farm.spawn(1, "a")
        second = await farm.spawn(2, "b")
        meanwhile(lambda: farm.finish(second, JobState.STOPPED))
        await farm.replacer.step()

        assert farm.left() == {"a": 1, "b": 2}
        assert farm.roster.job("job2").state is JobState.STOPPED

    @pytest.mark.parametrize("changes", [{"enabled": False}, {"mode": Mode.AFTER}], ids=str)
    async def test_what_the_settings_do_not_allow_any_more_stays(
        self, small_farm: Make, meanwhile: Any, changes: dict[str, Any]
    ) -> None:
        farm = await small_farm({"a": 3}, {"a": 0})
        await farm.arm()
        await farm.spawn(1, "a")

        async def reload() -> None:
            farm.set_rules(**changes)

        meanwhile(reload)
        await farm.replacer.step()
        assert farm.left() == {"a": 3}
        await farm.replacer.step()
        [halted] = await farm.told(EventKind.REPLOT_HALTED)
        assert "have changed" in halted.data["reason"]


class TestHungDrive:
    """One of two drives does not answer any more, as a dead disk or a share without its server."""

    @pytest.fixture
    async def farm(
        self, small_farm: Make, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[SmallFarm]:
        monkeypatch.setattr("plotobot.engine.replot.replacer.PATIENCE", 0.2)
        farm = await small_farm({"a": 2, "b": 2}, {"a": 0, "b": 0})
        await farm.arm()
        await farm.spawn(1, "a")
        await farm.spawn(2, "b")
        self.answers = threading.Event()
        farm.before_look = lambda name: name == "a" and self.answers.wait(600)
        yield farm
        self.answers.set()

    async def test_the_others_are_replotted_on(self, farm: SmallFarm) -> None:
        async with asyncio.timeout(60):
            await farm.replacer.step()
            await farm.replacer.step()

        assert farm.left() == {"a": 2, "b": 1}
        assert farm.desk.status().waits == ("its drive does not answer",)
        assert farm.replacer.armed is not None

    async def test_it_goes_on_where_it_answers_again(self, farm: SmallFarm) -> None:
        async with asyncio.timeout(60):
            await farm.replacer.step()
            self.answers.set()
            while farm.left()["a"] == 2:
                await farm.replacer.step()

        assert farm.left() == {"a": 1, "b": 1}
        assert farm.desk.status().halted is None

    async def test_one_that_is_missing_is_not_asked(self, farm: SmallFarm) -> None:
        farm.missing.add("a")
        farm.before_look = lambda name: pytest.fail(name) if name == "a" else None
        await farm.replacer.step()

        assert farm.left() == {"a": 2, "b": 1}
        assert farm.desk.status().waits == ("its drive is missing",)


async def test_no_thread_that_hangs_holds_up_the_end(small_farm: Make) -> None:
    farm = await small_farm({"a": 2}, {"a": 0})
    await farm.arm()
    await farm.spawn(1, "a")
    asked: list[threading.Thread] = []
    farm.before_look = lambda _: asked.append(threading.current_thread())
    await farm.replacer.step()

    assert all(thread.daemon for thread in asked)
    assert asked


class TestClockSetBack:
    """The clock was hours ahead when it was armed, and is set right afterwards."""

    @pytest.fixture
    async def farm(self, small_farm: Make) -> SmallFarm:
        farm = await small_farm({"a": 5}, {"a": 0}, count=1)
        farm.now = NOW + timedelta(hours=3)
        await farm.arm()
        farm.now = NOW
        return farm

    async def test_no_more_go_than_were_agreed_to(self, farm: SmallFarm) -> None:
        for number in (1, 2):
            job = await farm.spawn(number, "a")
            await farm.replacer.step()
            farm.now += timedelta(minutes=20)
            farm.free["a"] -= SIZE
            await farm.finish(job)
            await farm.replacer.step()

        assert farm.left() == {"a": 4}
        [done] = await farm.told(EventKind.REPLOT_DONE)
        assert (done.data["plots"], done.data["bytes"]) == (1, SIZE)

    async def test_what_went_is_counted_after_a_restart_too(self, farm: SmallFarm) -> None:
        await farm.spawn(1, "a")
        await farm.replacer.step()

        again = await farm.live()
        assert again.desk.status().replaced == 1
        assert again.replacer.slots([]).freeable == {}

    async def test_a_plot_that_ended_then_still_gets_its_old_ones(self, farm: SmallFarm) -> None:
        farm.set_rules(mode=Mode.AFTER)
        await farm.arm()
        farm.now -= timedelta(hours=1)
        farm.free["a"] = SIZE
        job = await farm.spawn(1, "a")
        await farm.finish(job)
        farm.free["a"] = 0
        await farm.replacer.step()

        assert farm.desk.status().waits == ("its new plot is being checked",)


async def test_what_ended_before_the_arming_is_owed_nothing(small_farm: Make) -> None:
    farm = await small_farm({"a": 3}, {"a": SIZE}, mode=Mode.AFTER)
    await farm.arm()
    job = await farm.spawn(1, "a")
    await farm.desk.disarm()
    farm.now += timedelta(hours=3)
    await farm.finish(job)
    farm.now -= timedelta(hours=3)
    farm.free["a"] = 0
    await farm.arm()
    await farm.replacer.step()

    assert job.replaces
    assert farm.roster.job("job1").replaces == ()
    assert farm.desk.status().waits == ()


def test_an_arming_of_an_older_release_counts_by_its_time() -> None:
    told = json.loads(Armed("olga", NOW, "", 5, ("/mnt/old1",), after=3).dump())
    del told["after"]
    armed = Armed.load(json.dumps(told))
    assert armed is not None
    target = target_of(make_plot())
    before, since = (
        Entry(number, NOW + timedelta(seconds=number - 5), target, Fate.GONE, "job", False, "olga")
        for number in (4, 5)
    )

    assert under(armed, [before, since]) == [since]
    assert under(replace(armed, after=3), [before, since]) == [before, since]


class TestSmallCount:
    """Fewer old plots may go than there are drives that take a new one."""

    async def test_what_was_agreed_to_is_promised_once(self, small_farm: Make) -> None:
        farm = await small_farm({"a": 3, "b": 3}, {"a": 0, "b": 0}, count=1)
        await farm.arm()
        [offered] = farm.replacer.slots([]).freeable
        job = await farm.spawn(1, Path(offered).name)

        assert len(job.replaces) == 1
        assert farm.replacer.slots(farm.roster.live()).freeable == {}
        await farm.replacer.step()
        await farm.finish(job)
        await farm.replacer.step()
        assert await farm.told(EventKind.REPLOT_DONE)

    async def test_the_drive_with_most_room_is_offered_first(self, small_farm: Make) -> None:
        farm = await small_farm({"a": 3, "b": 3}, {"a": 0, "b": 1000}, count=1)
        await farm.arm()

        assert list(farm.replacer.slots([]).freeable) == [str(farm.folder("b"))]

    async def test_what_one_leaves_over_another_is_offered(self, small_farm: Make) -> None:
        farm = await small_farm({"a": 1, "b": 3}, {"a": SIZE // 2, "b": SIZE}, count=4)
        await farm.arm()
        one_each = farm.replacer.slots([]).freeable
        farm.set_rules(count=2)
        await farm.arm()
        await farm.spawn(1, "b", replaces=(plot_id(100).hex(),))

        assert set(one_each) == {str(farm.folder("a")), str(farm.folder("b"))}
        [left] = farm.replacer.slots(farm.roster.live()).freeable
        assert Path(left).name == "a"

    async def test_a_job_that_ended_gives_back_what_it_did_not_need(self, small_farm: Make) -> None:
        farm = await small_farm({"a": 3, "b": 3}, {"a": 0, "b": 0}, count=1)
        await farm.arm()
        job = await farm.spawn(1, "a")
        await farm.finish(job, JobState.STOPPED)
        await farm.replacer.step()

        assert len(farm.replacer.slots([]).freeable) == 1


async def test_replot_drives_in_use_do_not_give_the_same_room_twice(small_farm: Make) -> None:
    farm = await small_farm({"a": 4}, {"a": 0})
    await farm.arm()
    temps = [Drive(DriveKind.TEMP, path, path, 10**9, 10**9) for path in ("/t1", "/t2")]
    kinds = [ProfileKind(Profile(), Needs(temp=100, temp2=0, out=SIZE))]
    world = World(farm.now, [*temps, *farm.drives()], [], freeable=farm.replacer.slots([]).freeable)

    planned = plan(world, Rules(Limits(use_replot_drives=True), kinds, 0))

    assert [start.out for start in planned.starts] == [str(farm.folder("a"))]


async def test_a_plot_whose_end_was_not_put_down_is_told_of_in_the_next_life(
    small_farm: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: object) -> None:
        raise Killed

    farm = await small_farm({"a": 2}, {"a": 0})
    await farm.arm()
    job = await farm.spawn(1, "a")
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "mark", killed)
        with pytest.raises(Killed):
            await farm.replacer.step()
    farm = await farm.live()
    await farm.replacer.step()
    await farm.replacer.step()

    assert [entry.fate for entry in farm.replacer.entries] == [Fate.GONE]
    [told] = await farm.told(EventKind.PLOT_REPLACED)
    assert told.data["old"] == job.replaces[0]
    assert (told.data["new"], told.data["verified"]) == (job.plot_id, False)
    assert (told.data["done"], told.data["of"]) == (1, 2)


class TestQuarantine:
    """A day in quarantine, which is over."""

    async def put_aside(self, farm: SmallFarm, name: str = "a", number: int = 1) -> Path:
        """Replace a plot, so that it stands in quarantine."""
        farm.free[name] = SIZE + 1000
        job = await farm.spawn(number, name)
        farm.free[name] = 0
        await farm.finish(job)
        await farm.replacer.step()
        [aside] = farm.aside(name)
        return aside

    @pytest.fixture
    async def make(self, small_farm: Make, monkeypatch: pytest.MonkeyPatch) -> Make:
        monkeypatch.setattr(NewPlots, "sound", lambda *_: True)
        day = {"mode": Mode.AFTER, "quarantine": 86400.0}
        return lambda olds, **rules: small_farm(olds, dict.fromkeys(olds, 0), **(day | rules))

    async def test_it_ends_although_all_is_done(self, make: Make) -> None:
        farm = await make({"a": 1})
        await farm.arm()
        await self.put_aside(farm)
        await farm.replacer.step()
        assert await farm.told(EventKind.REPLOT_DONE)
        farm.now += timedelta(hours=23)
        await farm.replacer.step()
        assert len(farm.aside("a")) == 1
        farm = await farm.live()
        farm.now += timedelta(hours=2)
        await farm.replacer.step()

        assert farm.aside("a") == []
        assert [entry.fate for entry in farm.replacer.entries] == [Fate.GONE]
        assert len(await farm.told(EventKind.REPLOT_DONE)) == 1

    @pytest.mark.parametrize("how", ["disarmed", "disarmed when done", "off", "not old"])
    async def test_it_does_not_end_where_nothing_more_goes(self, make: Make, how: str) -> None:
        farm = await make({"a": 3}, count=2 if how == "disarmed" else 1)
        await farm.arm()
        aside = await self.put_aside(farm)
        await farm.replacer.step()
        assert (farm.replacer.armed is None) == (how != "disarmed")
        if how.startswith("disarmed"):
            await farm.desk.disarm()
        elif how == "off":
            farm.set_rules(enabled=False)
        else:
            farm.set_rules(rules=(replace(RULE, protected=frozenset({plot_id(0).hex()})),))
        farm.now += timedelta(days=30)
        for _ in range(2):
            await farm.replacer.step()
            farm = await farm.live()
        await farm.replacer.step()

        assert aside.exists()
        assert (str(aside) in str(farm.desk.status().waits)) == (how == "not old")

    async def test_what_must_stay_is_named_and_holds_up_nothing(self, make: Make) -> None:
        farm = await make({"a": 3})
        await farm.arm()
        kept = await self.put_aside(farm)
        farm.set_rules(rules=(replace(RULE, protected=frozenset({plot_id(0).hex()})),))
        await farm.replacer.step()  # which halts
        await farm.arm()
        second = await self.put_aside_beside(farm, kept)
        farm.now += timedelta(days=2)
        for _ in range(3):
            await farm.replacer.step()

        assert farm.aside("a") == [kept]
        assert not second.exists()
        assert farm.replacer.word.halted is None
        [wait] = farm.desk.status().waits
        assert wait == f"{kept} stays there: it is not old by the rule any more"

    async def put_aside_beside(self, farm: SmallFarm, kept: Path) -> Path:
        farm.free["a"] = 1000
        job = await farm.spawn(2, "a")
        farm.free["a"] = -SIZE
        await farm.finish(job)
        for _ in range(3):
            await farm.replacer.step()
        [second] = set(farm.aside("a")) - {kept}
        return second

    async def test_room_that_must_stay_taken_is_not_reckoned_with(self, make: Make) -> None:
        farm = await make({"a": 3})
        await farm.arm()
        await self.put_aside(farm)
        await farm.replacer.step()
        farm.free["a"] = SIZE
        before = farm.replacer.slots([]).freeable
        farm.set_rules(rules=(replace(RULE, protected=frozenset({plot_id(0).hex()})),))
        await farm.replacer.step()
        await farm.arm()
        farm.now += timedelta(days=2)
        await farm.replacer.step()

        assert before == {str(farm.folder("a")): SIZE}
        assert farm.replacer.slots([]).freeable == {str(farm.folder("a")): 0}

    async def test_one_on_a_missing_drive_hides_none_behind_it(self, make: Make) -> None:
        farm = await make({"a": 2, "b": 2})
        await farm.arm()
        await self.put_aside(farm, "a", 1)
        await self.put_aside(farm, "b", 2)
        farm.missing.add("a")
        farm.now += timedelta(days=2)
        await farm.replacer.step()

        assert (len(farm.aside("a")), farm.aside("b")) == (1, [])
        assert farm.replacer.word.halted is None
