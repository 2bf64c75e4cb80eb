from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plotobot.engine.drives import Space, local_volumes
from plotobot.engine.inventory.plot import Progress
from plotobot.engine.inventory.reading import Reading
from plotobot.engine.inventory.walks import Walks
from tests.engine.plot_files import drive_at, put


class Hanging:
    """Looks at folders, and hangs at some of them as a dead mount does."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.free = threading.Event()
        self.waiting = threading.Semaphore(0)

    def __call__(self, path: str) -> Space:
        if path in self.paths:
            self.waiting.release()
            self.free.wait(60)
        return local_volumes().look(path)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hanging = Hanging()
    yield hanging
    hanging.free.set()


async def test_all_drives_are_read_and_the_way_is_told(tmp_path: Path) -> None:
    drives = [drive_at(tmp_path / f"hdd{number}") for number in range(6)]
    for number, drive in enumerate(drives):
        put(Path(drive.path), number)
    told: list[Progress] = []

    found = await Walks(local_volumes().look).read(drives, {}, told.append)

    assert set(found) == {drive.path for drive in drives}
    assert all(isinstance(one, Reading) and len(one.plots) == 1 for one in found.values())
    assert told[-1] == Progress(6, 6)


async def test_a_drive_that_hangs_holds_up_no_other(tmp_path: Path, hanging: Hanging) -> None:
    drives = [drive_at(tmp_path / name) for name in ("dead", "well")]
    put(tmp_path / "well", 1)
    hanging.paths = {str(tmp_path / "dead")}
    walks = Walks(hanging, silence=0.2, at_once=1)

    found = await walks.read(drives, {})

    assert isinstance(found[str(tmp_path / "dead")], TimeoutError)
    assert isinstance(found[str(tmp_path / "well")], Reading)


async def test_a_drive_that_hangs_takes_one_thread_until_it_answers(
    tmp_path: Path, hanging: Hanging
) -> None:
    drive = drive_at(tmp_path)
    hanging.paths = {drive.path}
    walks = Walks(hanging, silence=0.1)
    for _ in range(5):
        assert isinstance((await walks.read([drive], {}))[drive.path], TimeoutError)

    assert [t.name for t in threading.enumerate()].count("plotobot-plots") == 1

    hanging.paths = set()
    hanging.free.set()
    while "plotobot-plots" in [thread.name for thread in threading.enumerate()]:
        await asyncio.sleep(0.01)
    assert isinstance((await walks.read([drive], {}))[drive.path], Reading)


async def test_a_slow_drive_that_goes_on_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve files of 50 ms each take longer than the silence that is allowed."""
    for number in range(12):
        put(tmp_path, number)
    monkeypatch.setattr("plotobot.engine.inventory.reading._BREATH", 0.05)

    drive = drive_at(tmp_path)
    found = await Walks(local_volumes().look, silence=0.4).read([drive], {})

    assert isinstance(found[drive.path], Reading)


async def test_a_reading_that_is_cancelled_ends_its_threads(tmp_path: Path) -> None:
    for number in range(200):
        put(tmp_path, number)
    task = asyncio.create_task(Walks(local_volumes().look).read([drive_at(tmp_path)], {}))
    await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    for _ in range(500):
        if "plotobot-plots" not in [thread.name for thread in threading.enumerate()]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the thread goes on")


async def test_a_folder_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    drive = drive_at(tmp_path / "a", path=str(tmp_path / "b"))

    answer = (await Walks(local_volumes().look).read([drive], {}))[drive.path]

    assert isinstance(answer, FileNotFoundError)
