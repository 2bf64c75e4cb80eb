"""A stand-in for madMAx' chia_plot 1.1.8, and for its successor, Gigahorse's cuda_plot_kNN."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NoReturn

from replay import Behaviour, Options, Plot, Words, play, recorded, say, with_id

NAME = "plot-k25-2026-11-23-15-47-90ec68bce8bc5a6eb13c03470a2d5359f3d1ffad2d5633779d6e4f3df09ea840"
GPU_NAME = f"plot-k32-c8-2026-02-20-17-25-{'7be4' * 16}"
FARMER = re.compile(r"(Farmer Public Key: ).*")
POOL = re.compile(r"Pool (?:Public Key|Puzzle Hash): .*")
GIGAHORSE_K32 = {"C1": 84.2, "C7": 74.6, "C8": 71.3, "C9": 68.1}


def refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(254)


def options(gpu: bool) -> Options:
    parser = Options(refuse)
    parser.add_argument("--version", action="store_true")
    parser.add_argument("-n", "--count", type=int, default=1)
    parser.add_argument("-t", "--tmpdir", default="")
    parser.add_argument("-2", "--tmpdir2", default="")
    parser.add_argument("-d", "--finaldir", action="append", default=[])
    parser.add_argument("-f", "--farmerkey", default="")
    parser.add_argument("-p", "--poolkey", default="")
    parser.add_argument("-c", "--contract", default="")
    parser.add_argument("-w", "--waitforcopy", action="store_true")
    parser.add_argument("-C", "--level", type=int, default=0)
    parser.add_argument("-r", type=int, default=1 if gpu else 4)
    if gpu:
        parser.add_argument("-3", "--tmpdir3", default="")
        parser.add_argument("-g", type=int, default=0)
        parser.add_argument("-S", type=int, default=3)
        for limit in "QAWM":
            parser.add_argument(f"-{limit}", type=int)
    else:
        for name, default in (("k", 32), ("u", 256), ("v", 256), ("K", 1), ("x", 8444)):
            parser.add_argument(f"-{name}", type=int, default=default)
        for switch in "GDZ":
            parser.add_argument(f"-{switch}", action="store_true")
        parser.add_argument("-s", "--stagedir", default="")
    return parser


def main() -> int:
    gpu = re.search(r"cuda_plot_k(\d\d)", Path(sys.argv[0]).name)
    asked = options(bool(gpu)).parse_args()
    if asked.version:
        print("3.0-11ba86e" if gpu else "1.1.8-5b5bd68")
        return 0
    asked.k = int(gpu[1]) if gpu else asked.k
    check(asked)
    behaviour = Behaviour.here()
    for number in range(1, asked.count + 1):
        one_plot(asked, number, behaviour, bool(gpu))
    return 0


def check(asked) -> None:
    if len(asked.farmerkey) != 96:
        refuse(
            f"Invalid farmerkey: {asked.farmerkey!r} (needs to be 48 bytes, see `chia keys show`)"
        )
    if bool(asked.contract) == bool(asked.poolkey):
        refuse("Need to specify either pool public key or pool contract address")
    for folder in (asked.tmpdir, asked.tmpdir2 or asked.tmpdir, *asked.finaldir):
        if not folder.endswith(("/", "\\")):
            refuse(f"Invalid directory: {folder} (needs trailing '/' or '\\')")
        if not Path(folder).is_dir():
            refuse(f"Failed to write to directory: '{folder}'")


def one_plot(asked, number: int, behaviour: Behaviour, gpu: bool) -> None:
    level = f"-c{asked.level}" if asked.level else ""
    content = (lambda _: b"a container of its own") if gpu else with_id(behaviour.plot)
    plot = Plot(asked.k, level, [], Path(asked.finaldir[0]), content)
    temp, temp2 = Path(asked.tmpdir), Path(asked.tmpdir2 or asked.tmpdir)
    if gpu:
        plot.sparse_size = gigahorse_size(asked.k, asked.level)
        temps = [temp2 / f"cuda_plot_tmp2_{number}.tmp"] if asked.tmpdir2 else []
    else:
        temps = [
            temp / f"{plot.name}.p1.t1.sort_bucket_0.tmp",
            temp2 / f"{plot.name}.p1.table1.tmp",
        ]
    plot.begin([*temps, temp / f"{plot.name}.plot.tmp"])
    lines = list(gpu_lines(asked, plot) if gpu else cpu_lines(asked, plot))
    # The head stands once in a log, however many plots follow.
    begin = next(at for at, line in enumerate(lines) if line.startswith("Crafting plot "))
    lines[begin] = f"Crafting plot {number} out of {asked.count} (2026/11/23 15:47:00)"
    play(lines if number == 1 else lines[begin:], plot, behaviour, words(gpu))


def cpu_lines(asked, plot: Plot):
    changes = {
        NAME: plot.name,
        "/mnt/temp1/": asked.tmpdir,
        "/mnt/out1/": asked.finaldir[0],
        "Number of Plots: 1": f"Number of Plots: {asked.count}",
    }
    lines = recorded("madmax-k25", changes)
    second = f"Working Directory 2: {asked.tmpdir2 or asked.tmpdir}"
    return with_keys((re.sub("Working Directory 2: .*", second, line) for line in lines), asked)


def gpu_lines(asked, plot: Plot):
    changes = {
        GPU_NAME: plot.name,
        "/mnt/temp1/": asked.tmpdir,
        "/mnt/out1/": asked.finaldir[0],
        "@RAM": asked.tmpdir2 or "@RAM",
        "Chia k32": f"Chia k{asked.k}",
        "Level: C8": f"Level: C{asked.level}",
        "Number of Plots: 1": f"Number of Plots: {asked.count}",
    }
    return with_keys(recorded("gigahorse-k32-c8-SYNTH", changes), asked)


def with_keys(lines, asked):
    """A recorded head says whose plots these are: this run's keys stand there instead."""
    pool = f"Pool Public Key:   {asked.poolkey}"
    if asked.contract:
        pool = f"Pool Puzzle Hash:  {asked.contract}"
    for line in lines:
        yield FARMER.sub(rf"\g<1>{asked.farmerkey}", POOL.sub(pool, line))


def gigahorse_size(k: int, level: int) -> int:
    of_k32 = GIGAHORSE_K32[f"C{level}"] * 1024**3
    return int(of_k32 * (2 * k + 1) / 65 / 2 ** (32 - k))


def words(gpu: bool) -> Words:
    def dies() -> NoReturn:
        say("[P2] thread failed with: fwrite() failed with: No space left on device", 0)
        print(
            "terminate called after throwing an instance of 'std::runtime_error'", file=sys.stderr
        )
        sys.stderr.flush()
        sys.exit(134)

    done = " finished, took " if gpu else "Renamed final plot to "
    return Words(
        proof=done,
        dies=dies,
        stuck=lambda plot: f"Copy to {plot.final} failed with: No space left on device",
        stuck_at=done,
        middle="Phase 2 took ",
    )
