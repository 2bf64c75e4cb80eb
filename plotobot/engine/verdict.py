"""What became of a plotter that has ended: the final judgement on a job. Blocking: for a thread.

A plot is made when its final file stands, carries the job's plot id in its header, and has the
size its header calls for. Neither an exit code nor a line of a log is believed alone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from plotobot.engine.models import Job, JobState
from plotobot.errors import NotAPlot
from plotobot.plots.headers import Header, Unreadable, read_header
from plotobot.plots.names import parse_name
from plotobot.plots.sizes import GIGAHORSE_K32_GIB, K_RANGE, expected_final_size
from plotobot.plotters import PLOTTERS

LAST_LINES = 6
CONTAINER_PERCENT = 95
"""A plot whose header nobody can read must have so much of its level's usual size."""


@dataclass(frozen=True, slots=True)
class Ending:
    """All that is known of how a plotter ended."""

    at: datetime | None
    exit_code: int | None
    """None where nobody could know it."""
    lost: str | None = None
    """Why nobody knows, such as "reboot"."""
    stopped_by: str | None = None
    tail: Sequence[str] = ()
    """The last lines of its log."""
    out_away: bool = False
    """Whether its out drive is known to be away, though there may be a bare mount point."""
    can_wait: bool = False
    """Whether it may be judged later."""


class OutAway(OSError):  # noqa: N818 - it reads as what it is
    """A plot that should be made cannot be looked for yet: its out drive is away."""


def judge(job: Job, ending: Ending) -> Job:
    """The job as it ended.

    Raises:
        OutAway: its plotter says it made the plot, and whether it did cannot be seen; only where
            the judgement can wait.
    """
    job = replace(job, ended_at=ending.at, exit_code=ending.exit_code, pid=None, stuck=None)
    job = replace(job, eta=None, eta_basis=None, stalled=None)
    away = ending.out_away or not _can_be_listed(job.out)  # first: it may come back just now
    path, fault = find_plot(job, said_done=ending.exit_code == 0)
    if path:
        return _completed(job, path, ending)
    if ending.stopped_by:
        return _ended(job, JobState.STOPPED, f"stopped by {ending.stopped_by}")
    if away and _said_done(job, ending):
        if ending.can_wait:
            raise OutAway(f"its out drive {job.out} is away")
        fault = f"{fault}: its out drive was away"
    if ending.lost:
        why = f"nobody saw how it ended ({ending.lost}); {fault}"
        return _ended(job, JobState.LOST, _with_tail(why, ending.tail))
    why = f"{exit_in_words(ending.exit_code)}; {fault}"
    return _ended(job, JobState.FAILED, _with_tail(why, ending.tail))


def find_plot(job: Job, *, said_done: bool) -> tuple[Path | None, str]:
    """The job's finished plot, or None and what is wrong with it in words.

    Args:
        job: the job, with the plot id its log named.
        said_done: whether the plotter ended with exit code 0. It decides only where the header
            leaves two sizes open (see `v1_extent`): chiapos leaves an empty last park out.
    """
    if job.plot_id is None:
        return None, "it never named a plot"
    candidates = _candidates(job)
    if not candidates:
        return None, f"no finished plot of it stands in {job.out}"
    faults = {path: _fault(path, job, said_done) for path in candidates}
    whole = next((path for path, fault in faults.items() if fault is None), None)
    return whole, "; ".join(fault for fault in faults.values() if fault)


def _said_done(job: Job, ending: Ending) -> bool:
    """Whether the plotter says it made the plot, by its exit code or in its log."""
    return job.plot_id is not None and (ending.exit_code == 0 or job.final_path is not None)


def exit_in_words(code: int | None) -> str:
    """`exit code 1`, `killed by SIGKILL` or that it is unknown."""
    if code is None:
        return "exit code unknown"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _candidates(job: Job) -> list[Path]:
    named = [Path(job.final_path)] if job.final_path else []
    return [path for path in (*named, *_in_out(job)) if os.path.isfile(path)]  # noqa: PTH113 - Path.is_file raises where a folder is closed


def _can_be_listed(folder: str) -> bool:
    try:
        os.listdir(folder)  # noqa: PTH208 - only whether it can be
    except OSError:
        return False
    return True


def _in_out(job: Job) -> list[Path]:
    try:
        names = os.listdir(job.out)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return []
    parsed = ((name, parse_name(name)) for name in names)
    return [
        Path(job.out, name)
        for name, plot in parsed
        if plot and plot.id == job.plot_id and not plot.unfinished
    ]


def _fault(path: Path, job: Job, said_done: bool) -> str | None:
    """What is wrong with a finished file, or None."""
    try:
        header = read_header(path)
    except Unreadable as error:
        return f"{path}: {error}"
    except NotAPlot as error:
        return _container_fault(path, job) if _has_own_container(job) else f"{path}: {error}"
    return _header_fault(header, job.plot_id or "", said_done)


def _has_own_container(job: Job) -> bool:
    return job.plotter in PLOTTERS and PLOTTERS[job.plotter].own_container


def _container_fault(path: Path, job: Job) -> str | None:
    """What is wrong with a plot whose header only its plotter's own farmer can read, or None."""
    if job.final_path != str(path):
        return f"{path} has a header of {job.plotter}'s own, and the log does not say it is done"
    name = parse_name(path.name)
    level = name.compression if name else None
    least = 1
    if level in GIGAHORSE_K32_GIB and job.k in K_RANGE:
        least = expected_final_size(job.k, level, GIGAHORSE_K32_GIB) * CONTAINER_PERCENT // 100
    size = path.stat().st_size
    return None if size >= least else f"{path} has {size} bytes, and such plots have {least}"


def _header_fault(header: Header, plot_id: str, said_done: bool) -> str | None:
    if header.id != plot_id:
        return f"{header.path} holds another plot ({header.id[:8]}…)"
    if header.truncated or (header.expected_size > header.size and not said_done):
        return f"{header.path} has {header.size} bytes, its header calls for {header.expected_size}"
    return None


def _completed(job: Job, path: Path, ending: Ending) -> Job:
    reason = None
    if ending.exit_code != 0:
        reason = f"the plot is whole, though: {exit_in_words(ending.exit_code)}"
    elif _has_own_container(job):
        reason = f"judged by {job.plotter}'s log, the name and the size: its header is its own"
    return replace(
        job,
        state=JobState.COMPLETED,
        status="Completed",
        fraction=1.0,
        final_path=str(path),
        final_size=path.stat().st_size,
        reason=reason,
    )


def _ended(job: Job, state: JobState, reason: str) -> Job:
    return replace(job, state=state, status=state.value.capitalize(), reason=reason)


def _with_tail(why: str, tail: Sequence[str]) -> str:
    return "\n".join([why, *tail[-LAST_LINES:]])
