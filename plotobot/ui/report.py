"""The summary of a stretch of time, PlotoFy's: short as an embed, in full as pages of lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import discord

from plotobot.engine.models import DriveKind, DriveView, Job, Move, MoveState
from plotobot.engine.reporting.figures import Figures, figures_of
from plotobot.engine.summary import PastSummary, Summary
from plotobot.ui.colours import Colour
from plotobot.ui.jobs import elapsed, name, phases_text
from plotobot.ui.mover import ended_line, live_line
from plotobot.ui.text import (
    FIELD_LIMIT,
    MESSAGE_LIMIT,
    clip,
    code,
    duration,
    fit,
    gib,
    percent,
    plain,
    plural,
    stamp,
    tail,
    tib,
)

ROWS = 10
"""Lines on a page of details."""
LINE = 180
"""Characters of such a line: ten and a head fit into a message."""
SHORT = 4
"""Jobs, and drives, that the embed names; the pages have them all."""


def report_embed(summary: Summary, picture: str | None = None) -> discord.Embed:
    """A summary at one glance; it stays within Discord's limits whatever the farm.

    Args:
        summary: what is told.
        picture: the file name of its chart, which comes with the same message.
    """
    figures = figures_of(summary)
    failed = f", {figures.failed} without" if figures.failed else ""
    embed = discord.Embed(
        title=clip(
            f"{plain(summary.machine)}: {plural(figures.finished, 'plot')} finished{failed}", 256
        ),
        description=f"From {stamp(summary.since, 'f')} to {stamp(summary.until, 'f')}.",
        colour=Colour.BAD if figures.failed > figures.stopped else Colour.GOOD,
        timestamp=summary.until,
    )
    for field, lines in _fields(summary, figures):
        if lines:
            embed.add_field(name=field, value=fit(lines, FIELD_LIMIT), inline=False)
    if summary.number:
        embed.set_footer(text=f"Summary {summary.number}")
    return embed.set_image(url=f"attachment://{picture}") if picture else embed


def _fields(summary: Summary, figures: Figures) -> Iterable[tuple[str, list[str]]]:
    yield "Finished", _finished(figures)
    yield "Ended without a plot", _few([_failed(job) for job in summary.failed])
    yield "Running", _few([_running(job, summary) for job in _soonest(summary)]) or ["Nothing."]
    yield "Moved", _moved(summary, figures)
    yield "Drives", _few([drive_line(view) for view in _urgent(summary.drives)])
    yield "Farm", [f"{plain(key, 60)}: **{value:,.10g}**" for key, value in _farm(summary)]


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - SHORT
    return [*lines[:SHORT], *([f"… and {more} more"] if more > 0 else [])]


def _finished(figures: Figures) -> list[str]:
    if not figures.finished:
        return ["Nothing."]
    size = f", {gib(figures.bytes)}" if figures.bytes else ""
    lines = [f"**{plural(figures.finished, 'plot')}**{size}"]
    if figures.plots_per_day is not None:
        lines[0] += f" · {figures.plots_per_day:.1f} plots, {tib(figures.bytes_per_day or 0)} a day"
    if figures.average is not None:
        lines.append(f"{duration(figures.average)} each, on average")
        if figures.finished > 1:
            fastest, slowest = duration(figures.fastest), duration(figures.slowest)
            lines[-1] += f" (fastest {fastest}, slowest {slowest})"
    if any(figures.phases):
        times = " · ".join("…" if s is None else duration(s) for s in figures.phases)
        lines.append(f"phases {times}")
    return lines


def _soonest(summary: Summary) -> list[Job]:
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(summary.running, key=lambda job: summary.ends.get(job.id, never))


def _failed(job: Job) -> str:
    reason = (job.reason or "no reason known").strip().partition("\n")[0]
    return f"• {plain(name(job), 60)}: {plain(job.status, 20)}, {plain(reason, 100)}"


def _running(job: Job, summary: Summary) -> str:
    time = duration(elapsed(job, summary.until))
    end = summary.ends.get(job.id)
    done = f", done {stamp(end)}" if end else ""
    stuck = " ⏳ stuck" if job.stuck else ""
    status = plain(job.status, 20)
    return f"• {plain(name(job), 60)}: {status}, {percent(job.fraction)} in {time}{done}{stuck}"


def _moved(summary: Summary, figures: Figures) -> list[str]:
    parts = []
    if figures.moved:
        parts.append(f"{plural(figures.moved, 'plot')} moved ({gib(figures.moved_bytes)})")
    if figures.moves_failed:
        parts.append(f"**{plural(figures.moves_failed, 'move')} failed**")
    if summary.moving:
        parts.append(f"{len(summary.moving)} on the way")
    if summary.waiting:
        parts.append(f"{summary.waiting} to be moved ({gib(summary.waiting_bytes)})")
    return [", ".join(parts)] if parts else []


def _urgent(views: Sequence[DriveView]) -> list[DriveView]:
    """Those with a problem, then those that will be full, then those that keep plots."""
    never = datetime.max.replace(tzinfo=UTC)
    keeps = (DriveKind.OUT, DriveKind.DESTINATION)

    def order(view: DriveView) -> tuple[bool, datetime, bool, int]:
        drive = view.drive
        return not drive.problem, view.full_at or never, drive.kind not in keeps, drive.free

    return sorted(views, key=order)


def drive_line(view: DriveView) -> str:
    """A drive with its room and when it will be full."""
    drive = view.drive
    head = f"• {drive.kind} {code(tail(drive.path, 40))}"
    if drive.problem:
        return f"{head}: ⚠️ {drive.problem}"
    full = f", full {stamp(view.full_at)}" if view.full_at else ""
    return f"{head}: {gib(drive.free)} free, takes {view.takes}{full}"


def _farm(summary: Summary) -> list[tuple[str, float]]:
    return list(summary.farm.items())[:8]


def details_text(summary: Summary, number: int) -> tuple[str, int]:
    """A page of everything in a summary, and how many pages there are.

    Args:
        summary: what is told.
        number: the page, from 0; one that is too high gives the last.
    """
    lines = [clip(line, LINE) for line in detail_lines(summary)]
    pages = max(1, -(-len(lines) // ROWS))
    number = min(number, pages - 1)
    head = f"**{plain(summary.machine, 60)}** {stamp(summary.since, 'f')} – "
    head += f"{stamp(summary.until, 'f')} · page {number + 1} of {pages}"
    return fit([head, *lines[number * ROWS : (number + 1) * ROWS]], MESSAGE_LIMIT), pages


def detail_lines(summary: Summary) -> list[str]:
    """All there is to tell, a line each: jobs first, then moves, then drives."""
    lines = [_finished_in_full(job) for job in summary.finished]
    lines += [f"❌ {_failed(job)[2:]}" for job in summary.failed]
    lines += [f"⏳ {_running(job, summary)[2:]}" for job in _soonest(summary)]
    lines += [_move(move) for move in (*summary.moved, *summary.moving)]
    lines += [drive_line(view) for view in _urgent(summary.drives)]
    return lines or ["Nothing happened, and nothing is known of any drive."]


def _finished_in_full(job: Job) -> str:
    ended = f" {stamp(job.ended_at, 't')}" if job.ended_at else ""
    time = duration(job.total_seconds)
    return f"✅{ended} {plain(name(job), 60)}: **{time}**, {phases_text(job)}"


def _move(move: Move) -> str:
    known = move.state in (MoveState.DONE, MoveState.FAILED)
    return ended_line(move) if known else live_line(move)


def history_text(past: Sequence[PastSummary], number: int, pages: int) -> str:
    """A page of the summaries that were told, the newest first."""
    if not past:
        return "No summary has been told yet; `/report every` says when the next one is."
    shown = past[number * ROWS : (number + 1) * ROWS]
    head = f"**{plural(len(past), 'summary', 'summaries')}**"
    if pages > 1:
        head += f" · page {number + 1} of {pages}"
    tip = "`/report history number:` shows one of them."
    return fit([head, *map(_past, shown), tip], MESSAGE_LIMIT)


def _past(one: PastSummary) -> str:
    made = f"{plural(one.finished, 'plot')}" + (f", {gib(one.bytes)}" if one.bytes else "")
    each = f", {duration(one.average)} each" if one.average else ""
    failed = f", **{one.failed} without**" if one.failed else ""
    return f"`{one.number:>4}` {stamp(one.until, 'f')}: {made}{each}{failed}"
