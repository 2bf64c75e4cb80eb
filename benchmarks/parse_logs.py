"""How fast chiapos logs are read, beside `grep -cE` looking for the same lines.

Goal: at least 0.4 of grep's speed. Both are measured in the same run, in CPU time, so that a slow
machine does not matter: python benchmarks/parse_logs.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from plotobot.plotters.chiapos_log import ChiaposLog

GOAL = 0.4
LOG = Path(__file__).parents[1] / "tests" / "logs" / "chia-2.7.5-k25.log"
TIMES = 300
ROUNDS = 5
MARKERS = (
    "^Starting p|^ID: |^Plot size is|^Final Directory|^Computing table|^Backpropagating|"
    "^Compressing tables|^Progress update|^Time for phase|^Total time|^Copy time|"
    "^Renamed final file|Writing C2 table|Retrying in five minutes"
)


def cpu_of_children() -> float:
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def grep(content: bytes) -> float:
    """CPU seconds grep takes to count the markers.

    Its output is a pipe: into /dev/null it stops at the first hit and looks ten times as fast.
    """
    before = cpu_of_children()
    subprocess.run(["grep", "-cE", MARKERS], input=content, stdout=subprocess.PIPE, check=True)
    return cpu_of_children() - before


def parse(content: bytes) -> float:
    """CPU seconds our reader takes for as many bytes, the split into lines included."""
    before = time.process_time()
    for _ in range(TIMES):
        reader = ChiaposLog()
        reader.feed(content.split(b"\n"))
    return time.process_time() - before


def best(measure: Callable[[bytes], float], content: bytes) -> float:
    """The least of some rounds: the one least disturbed."""
    return min(measure(content) for _ in range(ROUNDS))


def main() -> int:
    """Print the figures; 1 if the goal is missed."""
    one = LOG.read_bytes()
    megabytes = len(one) * TIMES / 1e6
    ours, theirs = best(parse, one), best(grep, one * TIMES)
    ratio = theirs / ours
    print(f"log: {len(one) / 1e3:.0f} KB, {TIMES} times, best of {ROUNDS}, CPU time")
    print(f"plotobot   {megabytes / ours:6.0f} MB/s   {ours / TIMES * 1e3:.3f} ms a log")
    print(f"grep -cE   {megabytes / theirs:6.0f} MB/s   {theirs / TIMES * 1e3:.3f} ms a log")
    print(f"ratio      {ratio:6.2f}        goal {GOAL}")
    return 0 if ratio >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
