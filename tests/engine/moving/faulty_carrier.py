"""Run by path: moves a plot, and at one point of it lets something happen.

Each line of stdin is a case, which a forked child runs, for a kill must end it; the line that
answers tells how the move ended. The product has no such hooks but the name of each point it
passes.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from plotobot.engine.moving.base import DestinationAway, MoveDelayed, MoveRefused
from plotobot.engine.moving.carrier import carry
from plotobot.engine.moving.errand import from_plain
from tests.engine import drive_faults

POINTS = (
    "planned", "part_created", "mid_copy", "mid_sync", "copied", "fsynced", "verified", "renamed",
    "dir_synced", "journaled", "src_unlinked", "src_dir_synced", "done",
)  # fmt: skip
DAY = 86400


class Faults:
    """What can happen, each as one method."""

    def __init__(self, source: str, target: str, other: str) -> None:
        self._source, self._target, self._other = source, target, other

    def nothing(self) -> None: ...

    def kill(self) -> None:
        drive_faults.kill()

    def power_cut(self) -> None:
        self.source_yanked()
        self.target_yanked()
        self.kill()

    def target_yanked(self) -> None:
        drive_faults.yank(self._target)

    def source_yanked(self) -> None:
        drive_faults.yank(self._source)

    def target_read_only(self) -> None:
        drive_faults.make_read_only(self._target)

    def target_unmounted(self) -> None:
        drive_faults.unmount(self._target)

    def other_drive(self) -> None:
        drive_faults.swap(self._target, self._other)

    def target_filled(self) -> None:
        with Path(self._target, "filler").open("ab") as file:
            for size in (1 << 22, 1 << 16, 1 << 12):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)

    def clock_back(self) -> None:
        now, now_ns = time.time, time.time_ns
        time.time = lambda: now() - DAY
        time.time_ns = lambda: now_ns() - DAY * 10**9


def naive(errand, told, point) -> object:
    """How a mover must not be: the control that shows what the matrix is able to see."""
    point("planned")
    temp, final = errand.folder / f"{errand.name}.tmp", errand.folder / errand.name
    shutil.copyfile(errand.source, temp)
    point("copied")
    temp.rename(final)
    point("renamed")
    errand.source.unlink()
    point("src_unlinked")
    fd = os.open(errand.source.parent, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    point("src_dir_synced")
    return final


def main(case: dict) -> str:
    faults = Faults(case["source"], case["target"], case["other"])
    waiting = [getattr(faults, case["fault"])]

    def point(name: str) -> None:
        if waiting and POINTS.index(name) >= POINTS.index(case["point"]):
            waiting.pop()()

    if case.get("after"):
        waiting.clear()
        signal.signal(signal.SIGALRM, lambda *_: getattr(faults, case["fault"])())
        signal.setitimer(signal.ITIMER_REAL, case["after"])
    mover = naive if case.get("naive") else carry
    try:
        mover(from_plain(case["errand"]), lambda step: None, point)
    except (MoveRefused, DestinationAway, MoveDelayed) as trouble:
        return f"{type(trouble).__name__}: {trouble}"
    except OSError as problem:
        if not case.get("naive"):
            raise
        return errno.errorcode[problem.errno]
    return "unreached" if waiting and case["fault"] != "nothing" else "moved"


if __name__ == "__main__":
    drive_faults.serve(main)
