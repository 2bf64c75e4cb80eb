"""The regular summary, Ploto's PlotoFy, in its first form: the numbers of a period."""

from __future__ import annotations

from datetime import datetime, timedelta

from plotobot.engine.models import Event, EventKind, Summary

TOLD_AT = "summary.told"
"""The note under which the store keeps until when summaries were told."""


def bulletin(summary: Summary) -> Event:
    """A summary as an event: counts, the average time of a plot in seconds."""
    times = [job.total_seconds for job in summary.finished if job.total_seconds]
    data = {
        "since": summary.since.isoformat(),
        "finished": len(summary.finished),
        "failed": len(summary.failed),
        "running": len(summary.running),
        "average_seconds": sum(times) / len(times) if times else None,
        "bytes": sum(job.final_size or 0 for job in summary.finished),
    }
    return Event(EventKind.SUMMARY, summary.until, None, data)


def period(told_at: str | None, every: timedelta, now: datetime) -> tuple[datetime, datetime]:
    """From when the next summary counts, and when it is due.

    What fell due while the bot was away is told at once, as one summary of the whole time.
    """
    since = datetime.fromisoformat(told_at) if told_at else now
    return since, max(now, since + every)
