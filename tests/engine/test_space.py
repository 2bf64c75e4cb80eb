"""How much room a drive really has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plotobot.engine.models import Drive, DriveKind, Job
from plotobot.engine.space import Ledger, takes

SSD = Drive(DriveKind.TEMP, "/ssd", filesystem="1", total=1000, free=900)
SSD_TOO = Drive(DriveKind.OUT, "/ssd/out", filesystem="1", total=1000, free=900)
SECOND = Drive(DriveKind.TEMP2, "/t2", filesystem="2", total=500, free=400)
OUT = Drive(DriveKind.OUT, "/out", filesystem="3", total=5000, free=4000)
DRIVES = (SSD, SSD_TOO, SECOND, OUT)
JOB = Job(
    id="1", plotter="chia", k=32, temp="/ssd", out="/out", temp_need=250, temp_used=100,
    temp2_need=110, out_need=101,
)  # fmt: skip


def rooms(*jobs: Job, reserve: int = 0) -> tuple[int, ...]:
    ledger = Ledger.of(DRIVES, jobs, reserve)
    return tuple(ledger.room(drive) for drive in DRIVES)


def test_without_jobs_all_that_is_free_but_the_reserve_is_room() -> None:
    assert rooms() == (900, 900, 400, 4000)
    assert rooms(reserve=50) == (850, 850, 350, 3950)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        pytest.param(JOB, (750, 750, 400, 3899), id="temp-and-out"),
        pytest.param(replace(JOB, temp2="/t2"), (750, 750, 290, 3899), id="temp2"),
        pytest.param(replace(JOB, out="/ssd/out"), (750, 750, 400, 4000), id="renamed-in-place"),
        pytest.param(
            replace(JOB, temp2="/t2", out="/ssd/out"), (649, 649, 290, 4000), id="back-from-temp2"
        ),
        pytest.param(replace(JOB, temp_used=999), (900, 900, 400, 3899), id="took-more"),
        pytest.param(replace(JOB, temp="/gone"), (900, 900, 400, 3899), id="not-configured"),
        pytest.param(replace(JOB, out_used=100), (750, 750, 400, 3999), id="copying"),
        pytest.param(replace(JOB, status="3.1"), (750, 750, 400, 3899), id="at-its-peak"),
        pytest.param(replace(JOB, status="4.0"), (838, 838, 400, 3899), id="past-its-peak"),
    ],
)
def test_a_job_is_promised_what_it_still_needs(job: Job, expected: tuple[int, ...]) -> None:
    assert rooms(job) == expected


BESIDE_T2 = Drive(DriveKind.OUT, "/t2/out", filesystem="2", total=500, free=400)
BOTH = replace(JOB, temp2="/t2")


@pytest.mark.parametrize("plotter", ["bladebit_ram", "bladebit_disk", "bladebit_cuda"])
def test_bladebit_writes_its_plot_into_out_also_beside_temp(plotter: str) -> None:
    job = replace(JOB, plotter=plotter, out="/ssd/out", out_used=1)
    assert rooms(job) == (900 - 150 - 100, 650, 400, 4000)
    assert rooms(replace(job, temp_need=0, out="/ssd"))[0] == 900 - 100
    assert rooms(replace(job, temp2="/t2")) == (650, 650, 290, 4000)


@pytest.mark.parametrize("plotter", ["madmax", "gigahorse"])
def test_a_plot_that_grows_in_temp_is_renamed_there_and_nowhere_else(plotter: str) -> None:
    beside_temp = replace(BOTH, plotter=plotter, out="/ssd/out")
    beside_temp2 = replace(BOTH, plotter=plotter, out="/t2/out")
    ledger = Ledger.of([*DRIVES, BESIDE_T2], [beside_temp2])
    assert rooms(beside_temp) == (750, 750, 290, 4000)
    assert ledger.room(BESIDE_T2) == ledger.room(SECOND) == 400 - 110 - 101


@pytest.mark.parametrize("plotter", ["chia", "chiapos", "one-of-tomorrow"])
def test_a_plot_that_grows_in_temp2_is_renamed_there(plotter: str) -> None:
    ledger = Ledger.of([*DRIVES, BESIDE_T2], [replace(BOTH, plotter=plotter, out="/t2/out")])
    assert ledger.room(SECOND) == 400 - 110


def test_promises_add_up_and_may_exceed_what_is_free() -> None:
    assert rooms(*(replace(JOB, id=str(n)) for n in range(7)))[0] == 900 - 7 * 150


def test_what_one_job_needs_in_one_folder() -> None:
    ledger = Ledger(DRIVES)
    assert ledger.promised_on("/ssd", JOB) == 150
    assert ledger.promised_on("/out", JOB) == 101
    assert ledger.promised_on("/ssd/out", JOB) == 0


@pytest.mark.parametrize("drive", [replace(OUT, missing=True), replace(OUT, read_only=True)])
def test_a_drive_in_trouble_has_no_room(drive: Drive) -> None:
    assert Ledger(DRIVES).room(drive) == 0


def test_a_folder_that_is_gone_holds_up_no_plot_beside_it() -> None:
    gone = replace(SSD_TOO, missing=True, free=0)
    ledger = Ledger((SSD, gone, SECOND, OUT))
    assert ledger.fits(JOB)
    assert not ledger.fits(replace(JOB, plotter="bladebit_disk", out=gone.path))


def test_all_that_a_plot_needs_of_one_file_system_has_to_be_free_together() -> None:
    job = replace(JOB, plotter="bladebit_disk", out=SSD_TOO.path, temp_need=800, temp_used=0)
    assert not Ledger(DRIVES).fits(job)
    assert Ledger(DRIVES).fits(replace(job, temp_need=799))


@pytest.mark.parametrize(
    ("drive", "room", "plots"),
    [(SSD, 500, 2), (SSD, 499, 1), (SSD, 249, 0), (SECOND, 500, 4), (OUT, 500, 5), (OUT, -1, 0)],
)
def test_how_many_plots_fit(drive: Drive, room: int, plots: int) -> None:
    assert takes(drive, room, temp=250, temp2=110, out=100) == plots


def test_a_need_of_nothing_is_no_division_by_nothing() -> None:
    assert takes(SSD, 500, temp=0, temp2=0, out=100) == 0
