"""The jobs as their directories tell of them, without a running engine. Blocking.

Any number of these may read beside a running bot: nothing is written, locked or asked of the
database.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from plotobot.engine.follower import Follower
from plotobot.engine.jobdir import Found, inspect, read_record, read_spec
from plotobot.engine.launcher import log_of
from plotobot.engine.models import Job, JobState
from plotobot.engine.recovery import read_job
from plotobot.engine.watcher import advanced
from plotobot.errors import Refusal
from plotobot.plotters import plotter


def read_jobs(jobs_root: Path) -> list[Job]:
    """All jobs that have a directory, newest first."""
    folders = sorted(jobs_root.iterdir(), reverse=True) if jobs_root.is_dir() else []
    found = (_read_job(folder) for folder in folders if folder.is_dir())
    return [job for job in found if job is not None]


def _read_job(folder: Path) -> Job | None:
    judged = read_job(read_record(folder, "verdict.json"))
    if judged:
        return judged
    spec = read_spec(folder)
    job = read_job(spec.job if spec else None)
    return job and _as_found(_with_log(job, folder), inspect(folder))
