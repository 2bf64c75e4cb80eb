"""The jobs as their directories tell of them, without a running engine. Blocking.

Any number of these may read beside a running bot: nothing is written, locked or asked of the
database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plotobot.engine.follower import Follower
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.history import usual
from plotobot.engine.launcher import as_running, log_of
from plotobot.engine.logtail import last_lines
from plotobot.engine.models import Job, JobState
from plotobot.engine.recovery import read_job
from plotobot.engine.supervision.finding import Found, State, inspect
from plotobot.engine.supervision.jobdir import read_spec, read_verdict
from plotobot.engine.time_left import time_left
from plotobot.engine.verdict import LAST_LINES, Ending, judge
from plotobot.engine.vigil import age_of
from plotobot.engine.watcher import advanced, read_to_end
from plotobot.errors import Refusal
from plotobot.plotters import plotter


def read_jobs(jobs_root: Path) -> list[Job]:
    """All jobs that have a directory, newest first; one that cannot be read is left out.

    Raises:
        Refusal: the folder cannot be read. Where there is none, there are no jobs.
    """
    try:
        folders = sorted(jobs_root.iterdir(), reverse=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Refusal(f"{jobs_root} cannot be read: {error.strerror or error}.") from error
    found = (_read_job(folder) for folder in folders if folder.is_dir())
    jobs = [job for job in found if job is not None]
    return [_with_eta(job, jobs) if job.state is JobState.RUNNING else job for job in jobs]


def _with_eta(job: Job, jobs: Sequence[Job]) -> Job:
    left = None if job.stuck else time_left(job, age_of(job), usual(job, jobs))
    if left is None:
        return job
    eta = datetime.now(UTC) + timedelta(seconds=left.seconds)
    return replace(job, eta=eta, eta_basis=left.basis)


def read_foreign(jobs_root: Path, own: Sequence[Job]) -> Sequence[Job]:
    """The plots on this machine that somebody else started, newest first.

    Args:
        jobs_root: where our own jobs' directories are.
        own: what `read_jobs` found there.
    """
    foreign = ForeignPlots(jobs_root)
    foreign.look_now((), [job.id for job in own if job.state.live])
    foreign.close()
    return foreign.jobs


def _read_job(folder: Path) -> Job | None:
    try:
        judged = read_job(read_verdict(folder))
        if judged and not judged.state.live:
            return judged
        spec = read_spec(folder)
        job = read_job(spec.job) if spec else None
        return _as_found(_with_log(job, folder), inspect(folder), folder) if job else None
    except OSError:
        return None


def _with_log(job: Job, folder: Path) -> Job:
    try:
        reader = plotter(job.plotter).reader()
    except Refusal:  # a plotter of a later version
        return job
    follower = Follower(log_of(folder))
    try:
        return advanced(job, read_to_end(follower, reader))
    except OSError:  # the other records still tell something
        return job
    finally:
        follower.close()


def _as_found(job: Job, found: Found, folder: Path) -> Job:
    """The job as a running engine would have it."""
    if found.state in (State.PENDING, State.STARTING, State.VOID):
        return job
    job = as_running(job, found, datetime.now(UTC))
    if found.state in (State.RUNNING, State.ENDING):
        return job
    ending = Ending(
        at=found.at,
        exit_code=found.code,
        lost=found.why,
        tail=last_lines(log_of(folder), LAST_LINES),
    )
    return judge(job, ending)
