"""How fast a plot is moved, beside cp and rsync, and what that costs the machine.

    python benchmarks/move.py [--gib 2] [--rounds 5] [--here FOLDER] [--there FOLDER]

A file that no cache can help with is moved from `here` to `there` by the whole destination, its
process and journal included, and copied by `cp` and `sync`, and by rsync. The rounds are
interleaved; medians count. Without `--there` both are on one drive, the target by a bind mount, so
that it is copied and not renamed: that needs root.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3
from workbench import percentile

from plotobot.engine.moving.base import MoveOrder, Verify
from plotobot.engine.moving.folder import FolderDestination
from plotobot.engine.moving.marker import mark_drive
from plotobot.engine.moving.source import ident_of

MIB, GIB = 1024**2, 1024**3
NAME = f"plot-k32-c7-2026-11-23-15-55-{'ab' * 32}.plot"  # a container that is not looked into
TICK = 0.005
COPY, PROVED = "move, digest and fsync", "move, all read back"


@dataclass
class Run:
    """One copy of the file."""

    seconds: float
    cpu: float
    dirty: int = 0
    cached: float = 0.0
    """Share of the copy that is left in memory."""


class Field:
    """The file, and where it goes."""

    def __init__(self, here: Path, there: Path, size: int) -> None:
        self.here, self.there, self.size = here, there, size
        self.master, self.source, self.target = here / "master", here / NAME, there / NAME
        self.state = here / "state"
        self.state.mkdir()
        mark_drive(there, self.state)
        noise = random.randbytes(16 * MIB)
        with self.master.open("wb") as file:
            for number in range(size // len(noise)):
                file.write(number.to_bytes(8, "big") + noise[8:])
            os.fsync(file.fileno())

    def reset(self) -> None:
        """No copy, no cache of the file, nothing left to write."""
        self.target.unlink(missing_ok=True)
        self.source.unlink(missing_ok=True)
        os.link(self.master, self.source)
        for folder in (self.here, self.there):
            subprocess.run(["sync", "-f", folder], check=True)
        fd = os.open(self.master, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)
        time.sleep(0.5)

    def cached(self) -> float:
        """The share of the copy that is in memory."""
        command = ["fincore", "-b", "-n", "-o", "RES", self.target]
        return int(subprocess.run(command, check=True, capture_output=True).stdout) / self.size


@contextlib.contextmanager
def dirty_watched() -> Iterator[list[int]]:
    """Bytes that wait to be written, machine-wide, above what did before."""
    end, seen = threading.Event(), [0]
    before = dirty()

    def watch() -> None:
        while not end.wait(0.02):
            seen.append(dirty() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        end.set()
        watcher.join()


def dirty() -> int:
    """Bytes dirty or being written."""
    rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return sum(int(rows[name].split()[0]) * 1024 for name in ("Dirty", "Writeback"))


def cpu() -> float:
    """Seconds of this process and of its children that have ended."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, whose))


@contextlib.asynccontextmanager
async def lag_noted(lags: list[float]) -> AsyncIterator[None]:
    """Note how late each tick is."""

    async def tick() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(TICK)
            lags.append(time.perf_counter() - asked - TICK)

    ticking = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticking.cancel()


async def moved(field: Field, verify: Verify, number: int, lags: list[float]) -> Run:
    """Move it as the engine would."""
    order = MoveOrder(f"move{number}", field.source, ident_of(field.source.stat()), verify)
    destination = FolderDestination(field.there, field.state)
    with dirty_watched() as seen:
        start, used = time.perf_counter(), cpu()
        async with lag_noted(lags):
            await destination.carry(order, lambda step: None)
        run = Run(time.perf_counter() - start, cpu() - used)
    run.dirty, run.cached = max(seen), field.cached()
    return run


def commanded(field: Field, *commands: list[str | Path]) -> Run:
    """Copy it by other programs."""
    start, used = time.perf_counter(), cpu()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Run(time.perf_counter() - start, cpu() - used, cached=field.cached())


def read_cold(field: Field) -> Run:
    """Read the file from the disk, past the cache, as fast as one reader can."""
    start, used = time.perf_counter(), cpu()
    command = ["dd", f"if={field.master}", "of=/dev/null", "bs=8M", "iflag=direct"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return Run(time.perf_counter() - start, cpu() - used)


def digest_cpu(size: int) -> float:
    """Seconds of CPU that the digest alone takes."""
    block, digest, used = bytes(MIB), blake3(), time.process_time()
    for _ in range(size // MIB):
        digest.update(block)
    return time.process_time() - used


async def one_round(field: Field, number: int, lags: list[float]) -> dict[str, Run]:
    """Everything once, in an order that changes."""
    source, target = field.source, field.target
    ways = {
        "cp and sync": [["cp", source, target], ["sync", target]],
        "rsync": [["rsync", "-W", "--fsync", source, f"{field.there}/"]],
        COPY: Verify.OFF,
        PROVED: Verify.FULL,
        "dd, reading": None,
    }
    names = list(ways)
    random.shuffle(names)
    runs = {}
    for name in names:
        field.reset()
        way = ways[name]
        if isinstance(way, Verify):
            runs[name] = await moved(field, way, 10 * number + list(Verify).index(way), lags)
        else:
            runs[name] = commanded(field, *way) if way else read_cold(field)
    return runs


def judge(name: str, value: float, goal: float, *, least: bool = False) -> bool:
    """Print one figure beside its goal."""
    met = value >= goal if least else value <= goal
    sign = ">=" if least else "<="
    print(f"{name:58} {value:9.2f}   goal {sign} {goal:g}: {'met' if met else 'MISSED'}")
    return met


async def main(field: Field, rounds: int) -> bool:
    """Measure, and print the table."""
    all_runs: dict[str, list[Run]] = defaultdict(list)
    lags: list[float] = []
    for number in range(rounds):
        for name, run in (await one_round(field, number, lags)).items():
            all_runs[name].append(run)
    rate = {
        name: field.size / statistics.median(run.seconds for run in runs) / 1e6
        for name, runs in all_runs.items()
    }
    used = {name: statistics.median(run.cpu for run in runs) for name, runs in all_runs.items()}
    for name, runs in all_runs.items():
        each = ", ".join(f"{field.size / run.seconds / 1e6:.0f}" for run in runs)
        print(f"{name:30} {rate[name]:6.0f} MB/s  {used[name]:5.2f} s CPU   ({each})")
    limit = 1 / (1 / max(rate[COPY], rate["cp and sync"]) + 1 / rate["dd, reading"])
    ours = all_runs[COPY] + all_runs[PROVED]
    verdicts = [
        judge(f"{COPY}, beside cp", rate[COPY] / rate["cp and sync"], 0.95, least=True),
        judge(f"{COPY}, beside rsync", rate[COPY] / rate["rsync"], 1.0, least=True),
        judge(f"{PROVED}, beside 1/(1/w + 1/r)", rate[PROVED] / limit, 0.85, least=True),
        judge("most bytes dirty, MiB", statistics.median(r.dirty for r in ours) / MIB, 128),
        judge("left in the page cache, %", max(run.cached for run in ours) * 100, 1),
        judge("lag of the event loop, p99 in ms", percentile(lags, 0.99) * 1e3, 10),
        judge(
            "CPU beside 1.5 x cp's and the digest's",
            used[COPY] / (1.5 * used["cp and sync"] + digest_cpu(field.size)),
            1,
        ),
    ]
    return all(verdicts)


@contextlib.contextmanager
def apart(folder: Path) -> Iterator[Path]:
    """A folder that counts as another file system."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--gib", type=float, default=2.0, help="size of the file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--here", type=Path, help="a folder on the drive to move from")
    parser.add_argument("--there", type=Path, help="a folder on the drive to move to")
    return parser.parse_args()


if __name__ == "__main__":
    asked = parsed()
    with contextlib.ExitStack() as stack:
        here = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=asked.here or Path.cwd())))
        out, hdd = here / "out", here / "hdd"
        out.mkdir()
        hdd.mkdir()
        if asked.there:
            hdd = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=asked.there)))
        else:
            stack.enter_context(apart(hdd))
        met = asyncio.run(main(Field(out, hdd, int(asked.gib * GIB)), asked.rounds))
        shutil.rmtree(out)
    sys.exit(0 if met else 1)
