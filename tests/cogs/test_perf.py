"""`/jobs perf`: what each job takes, narrow enough for a phone."""

from __future__ import annotations

import pytest

from plotobot.engine.models import GIB, JobState
from plotobot.engine.summary import Perf
from plotobot.ui.text import weight


async def test_a_running_job_and_an_ended_one(farm, make_job):
    farm.engine.all_jobs = [make_job(1), make_job(2, state=JobState.COMPLETED), make_job(3)]
    farm.engine.perfs = {
        "20260101-0001": Perf(
            "20260101-0001", 182.4, 3 * GIB, 4 * GIB, 120e6, 95.4e6, 1, 1, 180 * GIB, 0, 3
        ),
        "20260101-0002": Perf("20260101-0002", 99.6, GIB // 2, 0, 9.96e6, 0.04e6, temp=239 * GIB),
    }

    text = (await farm.slash("viewer", "jobs", perf=True)).response.content

    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["**3", "jobs**"]
    assert lines[2] == ["id", "cpu", "mem", "read", "write", "temp", "out"]
    assert lines[3] == ["#0001", "182", "3.0", "120", "95", "180", "0"]
    assert lines[4] == ["#0002~", "100", "0.5", "10.0", "0.0", "239", "0"]
    assert lines[5] == ["#0003", *["?"] * 6]
    assert "~ is an average" in text
    assert max(len(line) for line in text.splitlines()[2:-2]) <= 42


@pytest.mark.parametrize("number", [0, 1, 11, 200])
async def test_any_number_of_jobs_comes_in_pages(farm, make_job, number):
    farm.engine.all_jobs = [make_job(n) for n in range(number)]
    farm.engine.perfs = {
        job.id: Perf(job.id, 9e9, 2**62, 2**62, 1e15, 1e15, 2**62, 2**62, 2**62, 2**62, 9)
        for job in farm.engine.all_jobs
    }
    result = await farm.slash("viewer", "jobs", perf=True, status="running")
    pages = max(1, -(-number // 10))
    for page in range(2, pages + 1):
        assert weight(result.response.content) <= 2000
        result = await farm.viewer.click(result.response, label="▶")
        assert f"page {page} of {pages}" in result.response.content
    if not number:
        assert "No such jobs" in result.response.content
