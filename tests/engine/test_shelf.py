"""The jobs as their directories tell of them, with no engine running."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plotobot.engine.models import Job, JobState
from plotobot.engine.shelf import read_jobs
from plotobot.engine.store import job_adapter
from plotobot.engine.supervision.jobdir import LOG, VERDICT, Spec, create, write_record
from plotobot.errors import Refusal
from tests.engine.farm import Farm, ended, running

LOGS = Path(__file__).parents[1] / "logs"
PLANNED = Job(id="1", plotter="chia", k=25, temp="/t", out="/o")


def plain(job: Job) -> dict[str, Any]:
    dumped: dict[str, Any] = job_adapter().dump_python(job, mode="json")
    return dumped


def made(jobs: Path, job: Job) -> Path:
    return create(jobs, job.id, Spec(("/bin/true",), "/", {}, plain(job)))


def test_no_folder_is_no_jobs_and_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    assert read_jobs(tmp_path / "none") == []
    (tmp_path / "file").touch()
    with pytest.raises(Refusal, match="cannot be read"):
        read_jobs(tmp_path / "file")


def test_the_newest_comes_first(jobs: Path) -> None:
    for name in ("2", "3", "1"):
        made(jobs, replace(PLANNED, id=name))
    assert [job.id for job in read_jobs(jobs)] == ["3", "2", "1"]


def test_a_verdict_is_the_last_word(jobs: Path) -> None:
    judged = replace(PLANNED, state=JobState.FAILED, status="Failed", reason="no luck")
    write_record(made(jobs, PLANNED), VERDICT, plain(judged))
    assert read_jobs(jobs) == [judged]


@pytest.mark.parametrize(
    "record",
    [{}, {"version": 99}, plain(PLANNED) | {"state": "exploded"}, plain(PLANNED) | {"k": 26}],
    ids=["empty", "another-version", "unknown-state", "of-a-live-job"],
)
def test_a_verdict_that_is_none_does_not_count(jobs: Path, record: dict[str, Any]) -> None:
    write_record(made(jobs, PLANNED), VERDICT, record)
    assert read_jobs(jobs) == [PLANNED]


def test_the_log_tells_how_far_it_is(jobs: Path) -> None:
    log = (LOGS / "chia-2.7.5-k25.log").read_bytes()
    (made(jobs, PLANNED) / LOG).write_bytes(log[: len(log) // 2])
    (job,) = read_jobs(jobs)
    assert job.plot_id
    assert 0 < job.fraction < 1


def test_a_log_that_cannot_be_read_does_not_hide_the_job(jobs: Path) -> None:
    (made(jobs, PLANNED) / LOG).mkdir()
    assert read_jobs(jobs) == [PLANNED]


def test_a_job_of_a_plotter_nobody_knows_is_shown(jobs: Path) -> None:
    later = replace(PLANNED, plotter="plotter-of-tomorrow")
    made(jobs, later)
    assert read_jobs(jobs) == [later]


def test_what_is_no_job_is_left_out(jobs: Path) -> None:
    made(jobs, PLANNED)
    (jobs / "empty").mkdir()
    (jobs / "file").touch()
    (jobs / "damaged").mkdir()
    (jobs / "damaged" / "spec.json").write_bytes(b"{")
    create(jobs, "strange", Spec(("/bin/true",), "/", {}, {"k": "many"}))
    assert read_jobs(jobs) == [PLANNED]


def test_reading_changes_nothing(jobs: Path) -> None:
    directory = made(jobs, PLANNED)
    before = sorted(path.name for path in directory.iterdir())
    read_jobs(jobs)
    assert sorted(path.name for path in directory.iterdir()) == before


async def test_a_running_plot_is_foretold_from_the_completed_ones_beside_it(farm: Farm) -> None:
    async with farm.running(count=2, max_parallel=1) as engine:
        await ended(engine, 1)
        (job,) = await running(engine)
        os.kill(job.pid or 0, signal.SIGSTOP)
        now = datetime.now(UTC)
        running_one, done = read_jobs(farm.jobs)
        os.kill(job.pid or 0, signal.SIGCONT)
        await ended(engine, 2)

    assert running_one.eta is not None
    assert now <= running_one.eta <= now + timedelta(minutes=5)
    assert (running_one.eta_basis or "").startswith("from 1 plot on ")
    assert done.eta is None
