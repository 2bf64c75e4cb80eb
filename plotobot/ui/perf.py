"""What jobs take of the machine, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plotobot.engine.models import GIB, Job
from plotobot.engine.summary import Perf
from plotobot.ui.jobs import ROWS, short_id
from plotobot.ui.text import fence, plural, table

HEAD = ("id", "cpu", "mem", "read", "write", "temp", "out")


def perf_text(jobs: Sequence[Job], perf: Mapping[str, Perf], number: int, pages: int) -> str:
    """One page of jobs as a code block, narrow enough for a phone.

    Args:
        jobs: the jobs of all pages.
        perf: what they take, by id.
        number: the page, from 0.
        pages: how many there are.
    """
    if not jobs:
        return "No such jobs. `/spawn why` tells what holds the drives."
    shown = jobs[number * ROWS : (number + 1) * ROWS]
    rows = [_row(job, perf.get(job.id)) for job in shown]
    head = f"**{plural(len(jobs), 'job')}**"
    if pages > 1:
        head += f" · page {number + 1} of {pages}"
    units = "cpu in % of a core, read and write in MB/s, the rest in GiB; ~ is an average"
    return f"{head}\n{fence(table([HEAD, *rows], right=set(range(1, 7))))}\n-# {units}"


def _row(job: Job, perf: Perf | None) -> tuple[str, ...]:
    mark = "" if job.state.live else "~"
    if perf is None:
        return (f"{short_id(job)}{mark}", *["?"] * 6)
    cpu = "?" if perf.cpu is None else f"{perf.cpu:.0f}"
    rates = (_rate(perf.read_rate), _rate(perf.write_rate))
    sizes = (_size(perf.memory), _size(perf.temp), _size(perf.out))
    return f"{short_id(job)}{mark}", cpu, sizes[0], *rates, sizes[1], sizes[2]


def _rate(rate: float | None) -> str:
    return "?" if rate is None else _short(rate / 1e6)


def _size(size: int) -> str:
    return _short(size / GIB)


def _short(value: float) -> str:
    """At most four characters, where that can be."""
    return f"{value:.0f}" if value >= 10 or not value else f"{value:.1f}"
