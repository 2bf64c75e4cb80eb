"""Content checks in the background, on real plots of k18."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from plotobot.engine.config import CheckRules
from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory import rounds as module
from plotobot.engine.inventory.check_book import CheckBook
from plotobot.engine.inventory.check_lines import FILE, read_lines
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.inventory.rounds import Rounds
from plotobot.engine.models import Drive, Event, EventKind, Job, JobState
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store
from plotobot.errors import Refusal
from plotobot.plots.proofs import ProofCheck, ProofVerdict
from tests.engine.farm import Farm, told, until
from tests.engine.plot_files import NOW, drive_at, put
from tests.little_plots import RealPlot


class Life:
    """One life of the bot's inventory and its rounds, on drives and a database that stay."""

    def __init__(self, root: Path, store: Store, drives: list[Drive], now: datetime) -> None:
        self.now, self.jobs = now, list[Job]()
        self.roster = Roster(store)
        self.drives = drives
        self.inventory = Inventory(
            store, lambda: drives, local_volumes().look, lambda: self.now,
            CheckBook(store, root, lambda events: self.roster.put(events=events)),
        )  # fmt: skip
        self.rounds = Rounds(
            CheckRules(per_day=2, challenges=10), self.inventory, lambda: drives,
            lambda: self.jobs, lambda: (), lambda: self.now,
        )  # fmt: skip

    async def begin(self) -> Life:
        await self.inventory.load()
        await self.inventory.rescan()
        return self

    async def checked(self, hours: int) -> list[str]:
        """The names of the plots that are checked within so many hours."""
        names = []
        for _ in range(hours * 2):
            if check := await self.rounds.step():
                names.append(Path(check.path).name)
            self.now += timedelta(minutes=30)
        return names


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "plotobot.db")
    yield opened
    await opened.close()


@pytest.fixture
async def life(tmp_path: Path, store: Store, pool_plot: RealPlot, contract_plot: RealPlot) -> Life:
    """Two whole plots, the one of the contract newer, and a damaged one, the newest."""
    drive = drive_at(tmp_path / "hdd1")
    whole = (pool_plot.path.read_bytes(), contract_plot.path.read_bytes())
    contents = (*whole, with_zeros(pool_plot.path))
    for number, content in enumerate(contents):
        path = Path(drive.path, f"{number}.plot")
        path.write_bytes(content)
        made = NOW.timestamp() - 1000 + number
        os.utime(path, (made, made))
    return await Life(tmp_path, store, [drive], NOW).begin()


def with_zeros(plot: Path) -> bytes:
    """A plot as it is, but for its second half."""
    data = plot.read_bytes()
    return data[: len(data) // 2].ljust(len(data), b"\0")


async def damaged(store: Store) -> list[Event]:
    return await store.undelivered(50, [EventKind.PLOT_DAMAGED])


async def test_plots_are_checked_in_turn_and_a_bad_one_is_told_once(
    life: Life, store: Store, tmp_path: Path
) -> None:
    assert await life.checked(hours=60) == ["2.plot", "1.plot", "0.plot", "2.plot", "1.plot"]

    (news,) = await damaged(store)
    assert news.data["plot"] == str(tmp_path / "hdd1" / "2.plot")
    assert news.data["words"].startswith("Damaged: ")
    assert read_lines(tmp_path) == list(life.inventory.stock().checks)


async def test_the_budget_and_what_was_told_survive_a_restart(
    life: Life, store: Store, tmp_path: Path
) -> None:
    assert await life.checked(hours=1) == ["2.plot"]

    again = await Life(tmp_path, store, life.drives, life.now).begin()

    assert await again.checked(hours=11) == []
    assert await again.checked(hours=36) == ["1.plot", "0.plot", "2.plot"]
    assert len(await damaged(store)) == 1


async def test_a_plot_on_a_drive_that_is_written_waits(life: Life, tmp_path: Path) -> None:
    drive = life.drives[0]
    life.jobs = [Job("1", "chia", 32, drive.path, "/out", state=JobState.RUNNING, status="1.1")]
    assert await life.checked(hours=2) == []

    life.drives.append(drive_at(tmp_path / "hdd2"))
    os.rename(tmp_path / "hdd1" / "1.plot", tmp_path / "hdd2" / "1.plot")  # noqa: PTH104
    await life.inventory.rescan()
    life.drives[0] = replace(drive, filesystem="another disk")

    assert await life.checked(hours=1) == ["1.plot"]


async def test_none_is_checked_where_none_is_wanted(life: Life) -> None:
    life.rounds.rules = CheckRules(per_day=0)

    assert await life.checked(hours=30) == []


async def test_a_plot_that_went_since_the_scan_holds_up_no_other(life: Life) -> None:
    Path(life.drives[0].path, "2.plot").unlink()
    Path(life.drives[0].path, "1.plot").write_bytes(b"no plot any more")

    assert await life.checked(hours=2) == ["0.plot"]


async def test_a_plot_that_goes_while_it_is_checked_is_not_called_damaged(
    life: Life, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moved_away(path: str, challenges: int) -> ProofCheck:
        Path(path).unlink()
        return ProofCheck(challenges, 0, 0, ProofVerdict.DAMAGED, "Damaged: cannot be opened.")

    monkeypatch.setattr("plotobot.engine.inventory.inventory.check_proofs", moved_away)

    with pytest.raises(Refusal, match="cannot be checked now"):
        await life.inventory.check(life.inventory.stock().plots[2].path, 10)
    assert await life.checked(hours=1) == []
    assert await damaged(store) == []


async def test_a_full_state_disk_loses_no_news_of_damage(
    life: Life, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "run", full)
        assert await life.checked(hours=1) == ["2.plot"]
    await life.roster.flush()

    assert len(await damaged(store)) == 1


async def test_without_chiapos_it_ends_at_once(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "can_check", lambda: False)

    await asyncio.wait_for(life.rounds.run(), 30)


async def test_it_goes_on_by_itself(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)
    running = asyncio.create_task(life.rounds.run())
    async with asyncio.timeout(30):
        while not life.inventory.book.times:
            await asyncio.sleep(0.02)
    running.cancel()

    assert [Path(check.path).name for check in life.inventory.book.latest] == ["2.plot"]


async def test_lines_that_a_power_cut_has_torn_are_passed_over(life: Life, tmp_path: Path) -> None:
    put(Path(life.drives[0].path), 7, name="\udcff.plot", content=b"x")
    await life.checked(hours=13)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b'[1]\n{"path": 3}\n\xff\xfe\n' + whole + whole[:50])

    assert len(read_lines(tmp_path)) == 2
    assert read_lines(tmp_path / "nowhere") == []


async def test_the_engine_checks_and_tells(
    farm: Farm, pool_plot: RealPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.1)
    config = replace(farm.config(), spawn_on_start=False, checks=CheckRules(10, 10))
    path = farm.root / "out" / pool_plot.path.name
    path.write_bytes(with_zeros(pool_plot.path))

    async with farm.running(config) as engine:

        async def is_told() -> bool:
            return bool(await told(engine, EventKind.PLOT_DAMAGED))

        await until(engine, is_told)
        (check,) = (await engine.plots()).checks

    assert (check.path, check.result.verdict) == (str(path), ProofVerdict.DAMAGED)
