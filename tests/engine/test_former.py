"""Plots whose folders the settings no longer name still take the room they take."""

from __future__ import annotations

import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from plotobot.app import specs_of
from plotobot.engine.auto.forecast import Forecast
from plotobot.engine.config import EngineConfig, SpaceRules
from plotobot.engine.drives import DriveBay, Space, Volume, local_volumes
from plotobot.engine.former import FormerFolders, former_folders, on_present_drives
from plotobot.engine.models import GIB, Drive, DriveKind, Job
from plotobot.engine.space import Ledger
from plotobot.outlook import outlook
from tests.engine.auto.plots import NOW, auto
from tests.engine.farm import Farm, stand_in

TEMP = Drive(DriveKind.TEMP, "/ssd/new", filesystem="1", total=900 * GIB, free=500 * GIB)
OUT = Drive(DriveKind.OUT, "/hdd", filesystem="2", total=9000 * GIB, free=5000 * GIB)
JOB = Job("1", "chia", 32, "/ssd/old", "/hdd/old", temp_need=239 * GIB, out_need=102 * GIB)
WHERE = {"/ssd/old": "1", "/hdd/old": "2"}


def test_a_former_folder_counts_on_the_drive_of_its_file_system() -> None:
    counted = on_present_drives(JOB, (OUT, TEMP), WHERE)
    ledger = Ledger.of((OUT, TEMP), [counted])

    assert former_folders([JOB], (OUT, TEMP)) == set(WHERE)
    assert (counted.temp, counted.out) == (TEMP.path, OUT.path)
    assert (ledger.room(TEMP), ledger.room(OUT)) == (261 * GIB, 4898 * GIB)
    assert [one.job for one in _forecast(counted).sharing(TEMP.path)] == [counted]


def _forecast(job: Job) -> Forecast:
    return Forecast.of(auto(), (TEMP, OUT), [job], NOW, 0)


def test_a_plot_stays_where_nobody_knows_its_folders_or_no_drive_is_there() -> None:
    elsewhere = {"/ssd/old": "7", "/hdd/old": ""}
    for drives in ((TEMP, OUT), (replace(OUT, filesystem=""), replace(TEMP, missing=True))):
        assert on_present_drives(JOB, drives, elsewhere | {"/t": "1"}) == JOB
    assert on_present_drives(JOB, (replace(TEMP, missing=True),), WHERE) == JOB


async def test_a_folder_is_asked_until_it_has_told_and_forgotten_with_its_last_plot() -> None:
    asked: list[set[str]] = []
    answers = {"/ssd/old": "1"}

    def ask(folders: object) -> dict[str, str]:
        asked.append(set(folders))  # type: ignore[call-overload]
        return dict(answers)

    former = FormerFolders(ask)
    await former.look([JOB], [TEMP, OUT])
    assert former.counted(JOB, [TEMP, OUT]).temp == TEMP.path
    answers = {"/hdd/old": "2"}
    await former.look([JOB], [TEMP, OUT])
    await former.look([JOB], [TEMP, OUT])
    assert former.counted(JOB, [TEMP, OUT]).out == OUT.path
    assert asked == [set(WHERE), {"/hdd/old"}]
    await former.look([], [TEMP, OUT])
    assert former.counted(JOB, [TEMP, OUT]) == JOB


def test_the_bay_tells_the_file_systems_of_any_folders(tmp_path: Path) -> None:
    bay = DriveBay({}, local_volumes())
    found = bay.filesystems([str(tmp_path), str(tmp_path / "gone")])
    assert found == {str(tmp_path): local_volumes().look(str(tmp_path)).filesystem}


def test_a_folder_that_does_not_answer_holds_up_nobody() -> None:
    let_go = threading.Event()

    class Hung:
        def volumes(self) -> list[Volume]:
            return []

        def look(self, path: str) -> Space:
            let_go.wait(60)
            raise OSError(path)

    try:
        assert DriveBay({}, Hung(), patience=0.05).filesystems(["/old"]) == {}
    finally:
        let_go.set()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
async def test_a_renamed_folder_s_room_is_not_promised_twice(farm: Farm) -> None:
    config = roomy_for_one(farm)
    renamed = with_temp(config, farm.root / "renamed")
    async with farm.running(config) as engine:
        (job,) = await engine.spawn_once()
        await engine.reconfigure(renamed, specs_of(renamed))
        assert not await engine.spawn_once()
        (view,) = await engine.drives(DriveKind.TEMP)
        assert (view.drive.path, view.jobs, view.takes) == (str(farm.root / "renamed"), 1, 0)
    without_one = outlook(renamed)
    async with farm.running(renamed) as engine:
        await engine.stop(job.id, "me")
    assert without_one.starts == ()


def roomy_for_one(farm: Farm) -> EngineConfig:
    """A temp drive with room for one plot, which is never done; nothing starts unasked."""
    base = with_temp(farm.config(count=None, max_parallel=9, max_parallel_per_drive=9), farm.root)
    program = stand_in(farm.root, "#!/bin/sh\nexec sleep 300\n")
    return replace(
        base,
        spawn_on_start=False,
        plot=replace(base.plot, program=program),
        space=SpaceRules(reserve=0, temp=int(shutil.disk_usage(farm.root).free * 0.6), out=0),
    )


def with_temp(config: EngineConfig, folder: Path) -> EngineConfig:
    folder.mkdir(exist_ok=True)
    return replace(config, drives={**config.drives, DriveKind.TEMP: (str(folder),)})
