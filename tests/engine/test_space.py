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


@pytest.mark.parametrize(
    ("drive", "room", "plots"),
    [(SSD, 500, 2), (SSD, 499, 1), (SSD, 249, 0), (SECOND, 500, 4), (OUT, 500, 5), (OUT, -1, 0)],
)
def test_how_many_plots_fit(drive: Drive, room: int, plots: int) -> None:
    assert takes(drive, room, temp=250, temp2=110, out=100) == plots


def test_a_need_of_nothing_is_no_division_by_nothing() -> None:
    assert takes(SSD, 500, temp=0, temp2=0, out=100) == 0
