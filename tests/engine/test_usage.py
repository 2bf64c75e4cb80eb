"""How many bytes of a plot stand where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plotobot.engine.models import Job
from plotobot.engine.usage import measure

A, B = "a" * 64, "b" * 64
MIB = 1024**2


@pytest.fixture
def job(tmp_path: Path) -> Job:
    for name in ("t", "t2", "o"):
        (tmp_path / name).mkdir()
    temp, temp2, out = (str(tmp_path / name) for name in ("t", "t2", "o"))
    return Job(id="1", plotter="chia", k=32, temp=temp, temp2=temp2, out=out, plot_id=A)


def put(folder: str | None, plot_id: str, suffix: str, size: int = MIB) -> Path:
    path = Path(folder or "", f"plot-k32-2026-01-01-00-00-{plot_id}.plot{suffix}")
    path.write_bytes(b"x" * size)
    return path


def used(job: Job) -> tuple[int, int, int]:
    measured = measure([job])[job.id]
    return measured.temp_used, measured.temp2_used, measured.out_used


def test_each_folder_is_counted_by_itself(job: Job) -> None:
    put(job.temp, A, ".p1.t1.tmp")
    put(job.temp, A, ".sort_bucket_1.tmp", 2 * MIB)
    put(job.temp2, A, ".2.tmp")
    assert used(job) == (3 * MIB, MIB, 0)


def test_only_what_is_allocated_counts(job: Job) -> None:
    with put(job.temp, A, ".table1.tmp", 0).open("r+b") as file:
        file.truncate(1024**3)
        file.write(b"x" * MIB)
    assert used(job)[0] == MIB


def test_two_plots_in_one_folder_are_told_apart_and_strangers_are_not_counted(job: Job) -> None:
    other = replace(job, id="2", plot_id=B)
    put(job.temp, A, ".1.tmp")
    put(job.temp, B, ".1.tmp", 2 * MIB)
    put(job.temp, "c" * 64, ".1.tmp", 4 * MIB)
    Path(job.temp, "holiday.mp4").write_bytes(b"x" * MIB)

    measured = measure([job, other])

    assert [measured[name].temp_used for name in ("1", "2")] == [MIB, 2 * MIB]


def test_a_folder_that_is_gone_changes_nothing(job: Job, tmp_path: Path) -> None:
    before = replace(job, temp=str(tmp_path / "gone"), temp_used=7, temp2_used=8, out_used=9)
    assert used(before) == (7, 0, 0)


def test_a_job_that_has_not_named_its_plot_is_left_as_it_is(job: Job) -> None:
    put(job.temp, A, ".1.tmp")
    before = replace(job, plot_id=None, temp_used=5)
    assert measure([before]) == {"1": before}


def test_without_a_second_temp_folder(job: Job) -> None:
    put(job.out, A, "")
    assert used(replace(job, temp2=None)) == (0, 0, MIB)


def test_a_link_is_not_followed(job: Job, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"x" * MIB)
    Path(job.temp, f"{A}.tmp").symlink_to(big)
    assert used(job)[0] < MIB
