"""Jobs as messages: the table, one job in full, and what stopping one would cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from plotobot.engine.models import UNKNOWN, Job, JobState
from plotobot.errors import Refusal
from plotobot.ui.text import (
    MESSAGE_LIMIT,
    bar,
    clean_line,
    clip,
    code,
    duration,
    fence,
    fit,
    gib,
    percent,
    plain,
    plural,
    short_duration,
    stamp,
    table,
    tail,
)

ROWS = 10
"""Jobs on a page: a phone shows them without scrolling."""
SEVERAL = 5
"""How many candidates a refusal names."""


def short_id(job: Job) -> str:
    """What people call a job: `#1a2b`."""
    return f"#{clean_line(job.id[-4:])}"


def name(job: Job) -> str:
    """A job in a sentence: `#1a2b k32 on /mnt/ssd1`, long paths by their end."""
    return f"{short_id(job)} k{job.k} on {tail(clean_line(job.temp))}"


def elapsed(job: Job, now: datetime) -> float | None:
    """Seconds from start to end, or until now; None before the start."""
    begin = job.started_at or job.created_at
    if begin is None:
        return job.total_seconds
    if job.total_seconds is not None and not job.state.live:
        return job.total_seconds
    return max(timedelta(), (job.ended_at or now) - begin) / timedelta(seconds=1)


def jobs_text(jobs: Sequence[Job], number: int, pages: int, now: datetime) -> str:
    """One page of jobs as a code block, narrow enough for a phone.

    Args:
        jobs: the jobs of all pages.
        number: the page, from 0.
        pages: how many there are.
        now: the present moment, for the running times.
    """
    if not jobs:
        return "No such jobs. `/spawn why` tells what holds the drives."
    shown = jobs[number * ROWS : (number + 1) * ROWS]
    temps = told_apart([job.temp for job in shown])
    rows = [(*_row(job, now), temps[job.temp]) for job in shown]
    lines = table([("id", "status", "%", "time", "temp"), *rows], right={2, 3})
    live = sum(job.state.live for job in jobs)
    head = f"**{plural(len(jobs), 'job')}**, {live} running"
    if foreign := sum(job.foreign for job in jobs):
        head += f", {foreign} of them not started by Plotobot (*)"
    if pages > 1:
        head += f" · page {number + 1} of {pages}"
    return "\n".join([head, fence(lines), *_ends(shown, now)])


def _ends(jobs: Sequence[Job], now: datetime) -> list[str]:
    """When running ones will be done: outside the table, where Discord counts down."""
    ends = [f"{short_id(job)} {eta_stamp(job.eta, now)}" for job in jobs if job.eta]
    return ["Done: " + " · ".join(ends)] if ends else []


def eta_stamp(eta: datetime, now: datetime) -> str:
    """When a plot will be done; one that is due is so at any moment, and never in the past."""
    return stamp(eta) if eta > now else "at any moment"


def _row(job: Job, now: datetime) -> tuple[str, str, str, str]:
    status = clip(clean_line(job.status), 12) + ("!" if job.stuck or job.stalled else "")
    time = short_duration(elapsed(job, now))
    share = "?" if job.status == UNKNOWN else percent(job.fraction)
    return short_id(job) + "*" * job.foreign, status, share, time


def told_apart(paths: Collection[str]) -> dict[str, str]:
    """The last folder of each path, or more of it where two would read the same."""
    last = {path: tail(clean_line(path), 0) for path in paths}
    many = Counter(last.values())
    return {
        path: clip(end, 12) if many[end] == 1 else tail(clean_line(path), 16)
        for path, end in last.items()
    }


def job_text(job: Job, now: datetime) -> str:
    """One job in full."""
    head = f"**{plain(short_id(job))}** k{job.k} by {plain(job.plotter)}: "
    lines = [
        f"{head}**{plain(job.status)}** {bar(job.fraction)} {percent(job.fraction)}",
        f"temp {code(job.temp)}" + (f", temp2 {code(job.temp2)}" if job.temp2 else ""),
        f"out {code(job.out)}",
        *_times(job, now),
        *_extras(job),
    ]
    text = fit(lines, MESSAGE_LIMIT)
    if job.reason:
        text += "\n" + reason_text(job.reason, MESSAGE_LIMIT - 100 - len(text))
    return clip(text, MESSAGE_LIMIT)


def _times(job: Job, now: datetime) -> list[str]:
    lines = [f"running time {duration(elapsed(job, now))}"]
    if job.started_at:
        lines[0] += f", started {stamp(job.started_at)}"
    if job.ended_at:
        lines[0] += f", ended {stamp(job.ended_at)}"
    if job.eta and job.state.live:
        basis = f" ({job.eta_basis})" if job.eta_basis else ""
        lines.append(f"done {eta_stamp(job.eta, now)}{basis}")
    if any(job.phase_seconds) or job.copy_seconds:
        lines.append(phases_text(job))
    return lines


def phases_text(job: Job) -> str:
    """The phases' times that are known: `phases 2 h 01 m · 0 h 55 m · … · …, copy 3 m 10 s`."""
    told = " · ".join("…" if s is None else duration(s) for s in job.phase_seconds)
    return f"phases {told}" + (f", copy {duration(job.copy_seconds)}" if job.copy_seconds else "")


def _extras(job: Job) -> list[str]:
    used = job.temp_used + job.temp2_used
    facts = (
        (job.foreign, "👤 not started by Plotobot: it is counted, and left alone"),
        (job.status == UNKNOWN, "its phase is unknown: it has no log that can be read"),
        (used, f"temp files now {gib(used)}" + (f" of {gib(job.temp_need)}" * bool(job.temp_need))),
        (job.stuck, f"⏳ stuck: {code(job.stuck)}"),
        (job.stalled, f"🐌 no sign of work since {stamp(job.stalled)}" if job.stalled else ""),
        (job.paused, f"⏸️ held still by Plotobot since {stamp(job.paused)}" if job.paused else ""),
        (job.plot_id, f"plot id {code(job.plot_id)}"),
        (job.pid and job.state.live, f"process {job.pid}"),
        (job.exit_code is not None and not job.state.live, f"exit code {job.exit_code}"),
        (job.final_path, f"file {code(job.final_path)}"),
        (job.final_size, f"size {gib(job.final_size or 0)}"),
    )
    return [text for known, text in facts if known]


def reason_text(reason: str, limit: int) -> str:
    """A reason's first line as a sentence, and the log lines after it as a code block."""
    first, _, rest = reason.strip().partition("\n")
    sentence = plain(first, min(limit, 300))
    room = limit - len(sentence) - 1
    if not rest.strip() or room < 40:
        return clip(sentence, limit)
    return f"{sentence}\n{fence(rest.splitlines(), room)}"


def log_text(job: Job, lines: Sequence[str]) -> str:
    """The end of a job's log."""
    if not lines:
        return f"The log of {plain(short_id(job))} is empty so far."
    return f"The end of the log of **{plain(short_id(job))}**\n{fence(lines)}"


def loss_text(job: Job, now: datetime) -> str:
    """What stopping a job would cost, asked before it is done."""
    if job.foreign:
        return _foreign_loss(job, now)
    used = job.temp_used + job.temp2_used
    files = f" and {gib(used)} of temp files" if used else ""
    return (
        f"⚠️ Stopping **{plain(name(job))}** loses **{duration(elapsed(job, now))}** of plotting "
        f"({percent(job.fraction)} done){files}. Press the button within 60 seconds to do it."
    )


def _foreign_loss(job: Job, now: datetime) -> str:
    done = "how far it is, is not known" if job.status == UNKNOWN else percent(job.fraction)
    return (
        f"⚠️ **Plotobot did not start this plot**: somebody else did, by hand or with another "
        f"program. Stopping **{plain(name(job))}** ends process {job.pid} and all below it, and "
        f"loses **{duration(elapsed(job, now))}** of plotting ({done}). Its temp files stay; "
        f"`/clean` lists them after that. Press the button within 60 seconds to do it."
    )


def choose(jobs: Sequence[Job], wanted: str) -> Job | None:
    """The job a person means: by its id, or by the end of it; None if none fits.

    Raises:
        Refusal: several fit.
    """
    text = wanted.strip().lstrip("#")
    exact = [job for job in jobs if job.id == text]
    fitting = exact or [job for job in jobs if len(text) >= 2 and job.id.endswith(text)]
    if len(fitting) > 1:
        names = ", ".join(plain(job.id) for job in fitting[:SEVERAL])
        raise Refusal(f"Several jobs end in {code(text, 40)}: {names}. Pick one from the list.")
    return fitting[0] if fitting else None


def matching(jobs: Sequence[Job], typed: str) -> list[Job]:
    """Jobs that have the typed text anywhere in id, label or status; live ones first."""
    text = typed.strip().casefold()
    found = [job for job in jobs if text in f"{job.id} {job.label} {job.status}".casefold()]
    return sorted(found, key=lambda job: not job.state.live)


def choice_name(job: Job) -> str:
    """A job in a list of choices, at most 100 characters."""
    share = f" {percent(job.fraction)}" if job.state is JobState.RUNNING else ""
    foreign = " · foreign" if job.foreign else ""
    return clip(f"{name(job)} · {clean_line(job.status)}{share}{foreign}", 100)
