"""How much a new plot will still take on its out drive. Blocking: it looks at files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from plotobot.engine.models import Job
from plotobot.engine.replot.acting import first_phase
from plotobot.plots.names import parse_name

COPYING = 5
"""`Job.phase` from which the finished plot lies on the temp drive, with its real size."""
_SMALL_K, _LEAST_SMALL, _LEAST = 25, 0.85, 0.97
"""What a plot has at least of the room it is given: `plots.sizes` gives small k a tenth more."""
_WHOLE_IN_TEMP = (".2.tmp", ".plot.tmp", ".plot2.tmp")
"""How a finished plot is named that is still to be copied."""


def still_coming(job: Job) -> int:
    """Bytes that a live job's plot will still take on its out drive, by its real size.

    While that is not known, before the copy, it is the least that it can be, so that no old plot
    goes that need not.
    """
    here = list(_files(job.out, job.plot_id))
    if any(file.done for file in here):
        return 0
    return max(0, _size(job) - sum(file.taken for file in here))


def _size(job: Job) -> int:
    if job.phase < COPYING:
        direct = first_phase(job) == 1  # it never lies on a temp drive: nobody knows better
        least = _LEAST_SMALL if job.k < _SMALL_K else _LEAST
        return job.out_need if direct else int(job.out_need * least)
    files = _files(job.temp2 or job.temp, job.plot_id)
    whole = (file.size for file in files if file.done or file.name.endswith(_WHOLE_IN_TEMP))
    return max(whole, default=job.out_need)


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    taken: int
    """Bytes that it takes on its drive now."""
    done: bool
    """Whether it has a finished plot's name."""


def _files(folder: str, plot_id: str | None) -> Iterator[_File]:
    """All files of a plot in a folder, by their names."""
    if plot_id is None:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            parsed = parse_name(entry.name)
            if parsed is None or parsed.id != plot_id:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # it was renamed just now
                continue
            taken = getattr(status, "st_blocks", status.st_size // 512) * 512
            yield _File(entry.name, status.st_size, taken, not parsed.unfinished)
