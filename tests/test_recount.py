"""`plotobot report`: the job directories summed up, without a database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plotobot.__main__ import app
from plotobot.engine.store import job_adapter
from plotobot.engine.supervision.jobdir import VERDICT, write_record
from plotobot.errors import Refusal
from plotobot.recount import document, in_words, summed_up
from plotobot.ui.times import span
from tests.charts.farms import NOW, jobs_of

CLI = CliRunner()


def test_the_jobs_of_a_day_are_counted() -> None:
    jobs = jobs_of(3, 60)
    told = document(summed_up(jobs, NOW - timedelta(days=1), NOW))
    ended = [j for j in jobs if j.ended_at and j.ended_at >= NOW - timedelta(days=1)]
    assert told["finished"] == len(ended) == told["plots_per_day"]
    assert told["running"] == 3 == len(told["expected"])
    assert json.loads(json.dumps(told)) == told
    assert in_words(told)["finished"].startswith(f"{len(ended)} plots, ")


def test_it_reads_the_directories(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for number, job in enumerate(jobs_of(1, 90)):
        if job.ended_at:
            folder = tmp_path / "jobs" / f"job-{number}"
            folder.mkdir(parents=True)
            ended = now - timedelta(hours=number)
            record = job_adapter().dump_python(job, mode="json") | {"ended_at": ended.isoformat()}
            write_record(folder, VERDICT, record)
    made = len(list((tmp_path / "jobs").iterdir()))
    shown = CLI.invoke(app, ["report", "--state", str(tmp_path), "--json", "--since", "7d"])
    assert json.loads(shown.stdout)["finished"] == made
    assert "plots, " in CLI.invoke(app, ["report", "--state", str(tmp_path)]).stdout


def test_where_nothing_is_nothing_was_made(tmp_path: Path) -> None:
    shown = CLI.invoke(app, ["report", "--state", str(tmp_path), "--json"])
    assert json.loads(shown.stdout)["finished"] == 0


@pytest.mark.parametrize("text", ["", "a day", "18:30", "-1h", "0h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="no span of time"):
        span(text)
