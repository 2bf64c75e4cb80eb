"""The summary of a stretch of time: what PlotoFy told, as an embed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import discord

from plotobot.engine.models import DriveView, Job, Summary
from plotobot.ui.colours import Colour
from plotobot.ui.jobs import elapsed, name
from plotobot.ui.text import (
    FIELD_LIMIT,
    clip,
    code,
    duration,
    fit,
    gib,
    percent,
    plain,
    plural,
    stamp,
)


def report_embed(summary: Summary) -> discord.Embed:
    """A summary as an embed; it stays within Discord's 6,000 characters whatever the farm."""
    embed = discord.Embed(
        title=clip(
            f"{plain(summary.machine)}: {plural(len(summary.finished), 'plot')} finished", 256
        ),
        description=f"From {stamp(summary.since, 'f')} to {stamp(summary.until, 'f')}.",
        colour=Colour.BAD if summary.failed else Colour.GOOD,
        timestamp=summary.until,
    )
    for field, lines in _fields(summary):
        if lines:
            embed.add_field(name=field, value=fit(lines, FIELD_LIMIT), inline=False)
    return embed


def _fields(summary: Summary) -> Iterable[tuple[str, list[str]]]:
    yield "Finished", _finished(summary.finished)
    yield "Ended without a plot", [_failed(job) for job in summary.failed]
    yield "Running", [_running(job, summary.until) for job in summary.running] or ["Nothing."]
    yield "Drives", [_drive(view) for view in summary.drives]


def _finished(jobs: Sequence[Job]) -> list[str]:
    if not jobs:
        return ["Nothing."]
    times = [job.total_seconds for job in jobs if job.total_seconds]
    size = sum(job.final_size or 0 for job in jobs)
    lines = [plural(len(jobs), "plot") + (f", {gib(size)}" if size else "")]
    if times:
        lines.append(f"{duration(sum(times) / len(times))} each, on average")
        lines.append(f"fastest {duration(min(times))}, slowest {duration(max(times))}")
    return lines


def _failed(job: Job) -> str:
    reason = (job.reason or "no reason known").strip().partition("\n")[0]
    return f"• {plain(name(job), 60)}: {plain(job.status, 20)}, {plain(reason, 100)}"


def _running(job: Job, now: datetime) -> str:
    time = duration(elapsed(job, now))
    return f"• {plain(name(job), 60)}: {plain(job.status, 20)}, {percent(job.fraction)} in {time}"


def _drive(view: DriveView) -> str:
    drive = view.drive
    head = f"• {drive.kind} {code(drive.path, 60)}"
    if drive.problem:
        return f"{head}: ⚠️ {drive.problem}"
    return f"{head}: {gib(drive.free)} free, takes {view.takes}"
