"""Sums up a stretch of time from the job directories alone: what `plotobot report` prints. Blocks.

Any number may count beside a running bot: no database is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plotobot.engine.models import Job, JobState
from plotobot.engine.reporting.figures import figures_of
from plotobot.engine.reporting.usual import expected_ends, usual_times
from plotobot.engine.shelf import read_jobs
from plotobot.engine.summary import Summary
from plotobot.ui.text import duration, gib, plural, tib
from plotobot.ui.times import span


def recount(jobs_root: Path, since: str) -> dict[str, Any]:
    """What the job directories tell of a stretch of time, as `--json` gives it.

    Args:
        jobs_root: where the job directories are.
        since: how far back, such as `24h`.

    Raises:
        Refusal: the folder cannot be read, or `since` is no span of time.
    """
    now = datetime.now(UTC)
    return document(summed_up(read_jobs(jobs_root), now - span(since), now))


def summed_up(jobs: Iterable[Job], since: datetime, until: datetime) -> Summary:
    """The summary of a stretch of time. Pure."""
    jobs = list(jobs)
    running = tuple(job for job in jobs if job.state.live)
    ended = [job for job in jobs if job.ended_at and since <= job.ended_at <= until]
    return Summary(
        machine="",
        since=since,
        until=until,
        finished=tuple(job for job in ended if job.state is JobState.COMPLETED),
        failed=tuple(job for job in ended if job.state is not JobState.COMPLETED),
        running=running,
        ends=expected_ends(running, usual_times(jobs), until),
    )


def document(summary: Summary) -> dict[str, Any]:
    """A summary as plain values: bytes, seconds, times in UTC."""
    figures = figures_of(summary)
    return {
        "since": summary.since.isoformat(),
        "until": summary.until.isoformat(),
        "finished": figures.finished,
        "failed": figures.failed,
        "stopped": figures.stopped,
        "running": figures.running,
        "bytes": figures.bytes,
        "average_seconds": figures.average,
        "fastest_seconds": figures.fastest,
        "slowest_seconds": figures.slowest,
        "phase_seconds": list(figures.phases),
        "plots_per_day": figures.plots_per_day,
        "bytes_per_day": figures.bytes_per_day,
        "failures": [{"id": job.id, "reason": _first_line(job)} for job in summary.failed],
        "expected": {job_id: end.isoformat() for job_id, end in summary.ends.items()},
    }


def in_words(told: Mapping[str, Any]) -> dict[str, Any]:
    """The document for people: a value beside each name."""
    rate = told["plots_per_day"]
    words: dict[str, Any] = {
        "since": told["since"][:16],
        "finished": f"{plural(told['finished'], 'plot')}, {gib(told['bytes'])}",
        "a day": f"{rate:.1f} plots, {tib(told['bytes_per_day'])}" if rate is not None else "?",
        "each": duration(told["average_seconds"]),
        "phases": " · ".join(duration(seconds) for seconds in told["phase_seconds"]),
        "failed": told["failed"],
        "running": told["running"],
    }
    return words | {f"  {one['id'][-4:]}": one["reason"] for one in told["failures"]}


def _first_line(job: Job) -> str:
    return (job.reason or "no reason known").strip().partition("\n")[0]
