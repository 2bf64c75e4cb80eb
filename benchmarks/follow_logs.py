"""What it costs to look at many logs again, and what catching up after a restart takes.

Goal: 100 logs in which nothing changed take at most 1 ms of CPU a pass:
python benchmarks/follow_logs.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from plotobot.engine.follower import Follower
from plotobot.plotters.chiapos_log import ChiaposLog

GOAL_MS = 1.0
LOGS = 100
PASSES = 200
ROUNDS = 5
LOG = Path(__file__).parents[1] / "tests" / "logs" / "chia-2.7.5-k25.log"
NEWS = b"Computing table 5\nProgress update: 0.28\n\tBucket 0 uniform sort. Ram: 3.848GiB\n"

Watched = list[tuple[Follower, ChiaposLog]]


def look(watched: Watched) -> None:
    """One pass over all logs."""
    for follower, reader in watched:
        if lines := follower.poll():
            reader.feed(lines)


def milliseconds(watched: Watched, passes: int) -> float:
    """CPU milliseconds of one pass."""
    before = time.process_time()
    for _ in range(passes):
        look(watched)
    return (time.process_time() - before) / passes * 1e3


def with_news(watched: Watched, paths: list[Path]) -> float:
    """CPU milliseconds of a pass in which every log has three new lines."""
    took = 0.0
    for _ in range(20):
        for path in paths:
            with path.open("ab") as file:
                file.write(NEWS)
        took += milliseconds(watched, 1)
    return took / 20


def main() -> int:
    """Print the figures; 1 if the goal is missed."""
    half = LOG.read_bytes()[: LOG.stat().st_size // 2]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.log") for number in range(LOGS)]
        for path in paths:
            path.write_bytes(half)
        watched = [(Follower(path), ChiaposLog()) for path in paths]
        first = milliseconds(watched, 1)
        idle = min(milliseconds(watched, PASSES) for _ in range(ROUNDS))
        news = with_news(watched, paths)
        for follower, _ in watched:
            follower.close()
    print(f"{LOGS} logs of {len(half) / 1e3:.0f} KB, CPU milliseconds a pass")
    print(f"catching up        {first:7.2f}")
    print(f"three new lines    {news:7.2f}")
    print(f"nothing changed    {idle:7.2f}   goal {GOAL_MS}")
    return 0 if idle <= GOAL_MS else 1


if __name__ == "__main__":
    sys.exit(main())
