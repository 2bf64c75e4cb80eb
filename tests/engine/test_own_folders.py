"""Temp folders of a job's own: made, measured, and removed with that job and no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plotobot.engine.cleanup import DeleteEntry, job_folder, remove_job_folder
from plotobot.engine.models import Job
from plotobot.engine.own_folders import (
    forget_own_folders,
    make_own_folders,
    remove_own_folders,
    with_own_folders,
)
from plotobot.engine.usage import measure
from plotobot.errors import Refusal
from plotobot.plotters import PLOTTERS, plotter
from plotobot.plotters.base import PlotOrder

ID, OTHER = "1a2b3c", "4d5e6f"
PLOT = "a" * 64
DISK = plotter("bladebit_disk")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    for name in ("t", "t2", "o"):
        (tmp_path / name).mkdir()
    temp, temp2, out = (str(tmp_path / name) for name in ("t", "t2", "o"))
    return Job(ID, "bladebit_disk", 32, temp, out, temp2=temp2, plot_id=PLOT)


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"12345")


def names(folder: str | Path) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


async def nothing(entries: list[DeleteEntry]) -> None:
    """A journal that is not looked at."""


def test_only_plotters_that_need_it_get_folders_of_their_own():
    order = PlotOrder(32, "/t", "/o", temp2="/t2")
    got = {name: with_own_folders(order, one, ID) for name, one in PLOTTERS.items()}
    own, own2 = f"/t/plotobot-{ID}", f"/t2/plotobot-{ID}"
    assert got.pop("bladebit_disk") == replace(order, temp=own, temp2=own2)
    assert got.pop("gigahorse") == replace(order, temp2=own2)
    assert set(map(repr, got.values())) == {repr(order)}
    assert with_own_folders(replace(order, temp2=None), DISK, ID).temp2 is None


def test_they_are_made_twice_without_harm_and_for_their_owner_only(job):
    make_own_folders(job, DISK)
    make_own_folders(job, DISK)
    made = [job_folder(job.temp, ID), job_folder(job.temp2, ID)]
    assert all(folder.is_dir() and folder.stat().st_mode & 0o077 == 0 for folder in made)
    forget_own_folders(job, DISK)
    assert not any(folder.exists() for folder in made)


def test_a_drive_that_is_away_is_not_made_up(job, tmp_path):
    with pytest.raises(FileNotFoundError):
        make_own_folders(replace(job, temp=str(tmp_path / "away")), DISK)
    assert not (tmp_path / "away").exists()


def test_what_stands_in_them_counts_as_used(job):
    make_own_folders(job, DISK)
    (job_folder(job.temp, ID) / "t1_0.tmp").write_bytes(b"x" * 1024**2)
    fill(job_folder(job.temp, OTHER), "t1_0.tmp")
    measured = measure([job])[ID]
    assert 1024**2 <= measured.temp_used < 1024**2 + 65536
    assert measured.temp2_used < 65536


async def test_all_of_an_ended_job_goes_after_the_journal_was_told(job):
    fill(job_folder(job.temp, ID), "t1_0.tmp", "table_2_marks", "lp_map_1.tmp")
    fill(job_folder(job.temp2, ID), "map2_0.tmp")
    fill(job_folder(job.temp, OTHER), "t1_0.tmp")
    fill(Path(job.temp), "t1_0.tmp")
    told: list[DeleteEntry] = []

    async def journal(entries: list[DeleteEntry]) -> None:
        assert all(Path(entry.folder, entry.name).exists() for entry in entries)
        told.extend(entries)

    removed = await remove_own_folders(job, journal)

    assert [(one.files, one.bytes, one.left) for one in removed] == [(3, 15, ()), (1, 5, ())]
    assert {entry.name for entry in told} == {
        *("t1_0.tmp", "table_2_marks", "lp_map_1.tmp", "map2_0.tmp")
    }
    assert names(job.temp) == [f"plotobot-{OTHER}", "t1_0.tmp"]
    assert names(job.temp2) == []
    assert names(job_folder(job.temp, OTHER)) == ["t1_0.tmp"]


async def test_a_finished_plot_in_it_stays_and_so_does_the_folder(job):
    own = job_folder(job.temp, ID)
    plot = f"plot-k32-2026-11-23-15-55-{PLOT}.plot"
    fill(own, plot, "t1_0.tmp")
    (removed, _) = await remove_own_folders(job, nothing)
    assert (removed.files, names(own)) == (1, [plot])
    assert str(own) in removed.left[0]


async def test_links_and_folders_in_it_stay(job, tmp_path):
    own, treasure = job_folder(job.temp, ID), tmp_path / "treasure"
    fill(own)
    fill(treasure, "gold")
    (own / "t1_0.tmp").symlink_to(treasure / "gold")
    (own / "inner").mkdir()
    (removed, _) = await remove_own_folders(job, nothing)
    assert (removed.files, len(removed.left)) == (0, 2)
    assert (treasure / "gold").exists()
    assert names(own) == ["inner", "t1_0.tmp"]


async def test_a_link_in_its_place_is_not_followed(job, tmp_path):
    treasure = tmp_path / "treasure"
    fill(treasure, "t1_0.tmp")
    job_folder(job.temp, ID).symlink_to(treasure)
    (removed, _) = await remove_own_folders(job, nothing)
    assert removed.files == 0
    assert removed.left
    assert (treasure / "t1_0.tmp").exists()


async def test_nothing_goes_that_the_journal_could_not_take(job):
    own = job_folder(job.temp, ID)
    fill(own, "t1_0.tmp")

    def journal(entries: list[DeleteEntry]) -> None:
        raise OSError(28, "No space left on device")

    (removed, _) = await remove_own_folders(job, journal)
    assert "No space left" in removed.left[0]
    assert names(own) == ["t1_0.tmp"]


@pytest.mark.parametrize("name", ["", "..", "a/../..", "/", "*", "x\n"])
async def test_what_is_no_job_id_removes_nothing(tmp_path, name):
    with pytest.raises(Refusal, match="no job id"):
        await remove_job_folder(tmp_path, name, PLOT, nothing)
