"""Every chart is drawn, of any farm, in a size that Discord and a phone take."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from plotobot.charts.drawing import PAINTERS, draw
from plotobot.charts.drives import is_full, urgent, words
from plotobot.charts.style import time_axis
from plotobot.charts.timeline import span, stretches
from plotobot.engine.models import Job, JobState
from plotobot.engine.summary import CHARTS, DayCount, DriveFill, Summary, Usual, summary_adapter
from tests.charts.farms import NOW, fill, jobs_of, summary, with_failures

IDLE = Summary("m", NOW - timedelta(days=1), NOW)
FARMS: dict[str, Callable[[], Summary]] = {
    "nothing": lambda: IDLE,
    "one-job": lambda: summary(jobs_of(1, 3), drives=1),
    "a-dozen": lambda: summary(jobs_of(3, 48)),
    "two-hundred": lambda: summary(jobs_of(60, 100)),
    "an-instant": lambda: replace(summary(jobs_of(2, 48)), since=NOW),
    "days-without-plots": lambda: replace(IDLE, days=(DayCount("2026-11-25", 0, 0),)),
    "nothing-usual": lambda: replace(summary(jobs_of(3, 48)), usual=(Usual("madmax k32", 0),)),
}


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("farm", FARMS)
def test_it_is_drawn_in_bounds(chart: str, farm: str) -> None:
    png = draw(chart, FARMS[farm]())
    width, height = size(png)
    assert width == 1200
    assert 300 <= height <= 900
    assert len(png) < 500_000


def test_every_name_has_its_painter() -> None:
    assert tuple(PAINTERS) == CHARTS


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=200), st.sampled_from(CHARTS))
def test_whatever_the_names_it_is_drawn(name: str, chart: str) -> None:
    name = f"/{name}$x_{{$中文 नाम \u202e🚜"
    jobs = [replace(job, temp=name, id=name) for job in jobs_of(2, 30)]
    farm = summary(jobs)
    fills = tuple(replace(one, path=name) for one in farm.fills)
    usual = tuple(replace(one, kind=name) for one in farm.usual)
    size(draw(chart, replace(farm, fills=fills, usual=usual)))


def test_a_running_job_ends_in_the_phase_it_is_in() -> None:
    job = Job(
        "1", "chia", 32, "/t", "/o", state=JobState.RUNNING, started_at=NOW - timedelta(hours=3),
        phase_seconds=(3600.0, None, None, None),
    )  # fmt: skip
    first, second = stretches(job, NOW)
    assert (first.phase, first.end) == (0, NOW - timedelta(hours=2))
    assert (second.phase, second.start, second.end) == (1, first.end, NOW)


def test_a_failed_job_ends_where_it_failed_and_a_done_one_with_its_copy() -> None:
    start, end = NOW - timedelta(hours=5), NOW - timedelta(hours=2)
    failed = Job(
        "1", "chia", 32, "/t", "/o", state=JobState.FAILED, started_at=start, ended_at=end,
        phase_seconds=(3600.0, None, None, None), reason="No space left",
    )  # fmt: skip
    done = replace(failed, state=JobState.COMPLETED, reason=None, copy_seconds=60.0,
                   phase_seconds=(3600.0, 60.0, 60.0, 60.0))  # fmt: skip
    assert [piece.end for piece in stretches(failed, NOW)][-1] == end
    assert [piece.phase for piece in stretches(done, NOW)] == [0, 1, 2, 3, 4]
    assert list(stretches(replace(done, started_at=None), NOW)) == []


def test_a_job_of_last_month_does_not_shrink_the_rest() -> None:
    jobs = [*jobs_of(1, 5), replace(jobs_of(1, 5)[0], started_at=NOW - timedelta(days=40))]
    first, last = span(jobs, summary(jobs))
    assert last - first < timedelta(days=4.5)


def test_the_drive_that_is_full_first_leads_and_full_ones_come_last() -> None:
    fills = summary([]).fills
    order = urgent(replace(IDLE, fills=fills))
    assert [fill.full_at is not None for fill in order[:2]] == [True, True]
    assert is_full(order[-1])
    assert words(order[-1], NOW).startswith("full, ")
    temp = replace(fill(1, 2, 0.9), kind="temp")
    assert urgent(replace(IDLE, fills=(temp, DriveFill("/x", "out", 0)))) == []


def test_the_process_takes_json_and_gives_a_picture() -> None:
    given = summary_adapter().dump_json(summary(jobs_of(2, 30)))
    command = [sys.executable, "-I", "-m", "plotobot.charts"]
    drawn = subprocess.run([*command, "days"], input=given, capture_output=True, timeout=60)
    assert size(drawn.stdout) == (1200, 690)
    assert drawn.stderr == b""
    wrong = subprocess.run([*command, "pie"], input=given, capture_output=True, timeout=60)
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert b"usage" in wrong.stderr


def test_pictures_for_the_readme() -> None:
    """Of a farm as farms are; PLOTOBOT_ARTIFACTS says where they go."""
    folder = os.environ.get("PLOTOBOT_ARTIFACTS")
    farm = summary(with_failures(jobs_of(3, 300), 11))
    for chart, name in (("timeline", "report-gantt"), ("drives", "report-drives")):
        png = draw(chart, farm)
        size(png)
        if folder:
            Path(folder, f"{name}.png").write_bytes(png)


@pytest.mark.parametrize("minutes", [1, 5, 19, 30, 600])
def test_no_two_moments_of_a_short_axis_have_the_same_name(minutes: int) -> None:
    figure = Figure(figsize=(8, 6))
    axes = figure.subplots()
    time_axis(axes, NOW - timedelta(minutes=minutes), NOW)
    figure.draw_without_rendering()
    names = [label.get_text() for label in axes.get_xticklabels()]

    assert len(names) == len(set(names)) >= 2
