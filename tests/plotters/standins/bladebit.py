"""A stand-in for bladebit 3.1: `bladebit` (ramplot, diskplot) and `bladebit_cuda` (cudaplot)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NoReturn

from replay import Behaviour, Options, Plot, Words, bladebit_file, play, recorded

LOGS = {
    "ramplot": "bladebit3-ramplot-SYNTH",
    "diskplot": "bladebit3-diskplot-SYNTH",
    "cudaplot": "bladebit3-cudaplot-c7-n2-SYNTH",
}
NAME = re.compile(r"plot-k32-(?:c07-)?2026-11-23-12-\d\d-[0-9a-f]{64}")
KEY = re.compile(r"(?<= : )[0-9a-f]{96}")
NEXT = re.compile(r"Generating plot (\d+) / \d+: [0-9a-f]{64}")


def refuse(message: str) -> NoReturn:
    print(f"\nFatal Error:  \n{message}", file=sys.stderr)
    sys.exit(1)


def options() -> Options:
    """The options before the mode."""
    parser = Options(refuse)
    parser.add_argument("-t", "--threads", type=int, default=1)
    parser.add_argument("-n", "--count", type=int, default=1)
    parser.add_argument("-f", "--farmer-key", default="")
    parser.add_argument("-p", "--pool-key", default="")
    parser.add_argument("-c", "--pool-contract", default="")
    parser.add_argument("-z", "--compress", type=int, default=1)
    for switch in ("w", "v", "m"):
        parser.add_argument(f"-{switch}", action="store_true")
    return parser


def mode_options(mode: str) -> Options:
    """The options behind it."""
    parser = Options(refuse)
    if mode == "diskplot":
        parser.add_argument("-t1", "--temp1", required=True)
        parser.add_argument("-t2", "--temp2")
        parser.add_argument("-b", "--buckets", type=int, default=256)
        parser.add_argument("--cache", default="0")
        parser.add_argument("--alternate", action="store_true")
    if mode == "cudaplot":
        parser.add_argument("-d", "--device", type=int, default=0)
    parser.add_argument("out", nargs="+")
    return parser


def main() -> int:
    if sys.argv[1:] == ["--version"]:
        print("3.1.0")
        return 0
    modes = ("cudaplot",) if Path(sys.argv[0]).name == "bladebit_cuda" else ("ramplot", "diskplot")
    at = next((at for at, word in enumerate(sys.argv) if word in modes), None)
    if at is None:
        refuse("No plot type specified.")
    mode = sys.argv[at]
    asked = options().parse_args(sys.argv[1:at])
    mode_options(mode).parse_args(sys.argv[at + 1 :], namespace=asked)
    check(asked, mode)
    behaviour = Behaviour.here()
    for number in range(1, asked.count + 1):
        one_plot(asked, mode, number, behaviour)
    return 0


def check(asked, mode: str) -> None:
    if len(asked.farmer_key) != 96:
        refuse(f"Failed to parse farmer public key '{asked.farmer_key}'.")
    if bool(asked.pool_contract) == bool(asked.pool_key):
        refuse("Error: Either a pool public key or a pool contract address must be specified.")
    if mode == "diskplot" and asked.compress:
        refuse("diskplot is currently disabled for compressed plotting due to a bug.")
    if asked.compress == 8 or asked.compress > (9 if mode == "cudaplot" else 7):
        refuse("Invalid compression level.")
    if not Path(asked.out[0]).is_dir():
        refuse(f"Failed to open directory {asked.out[0]}")


def one_plot(asked, mode: str, number: int, behaviour: Behaviour) -> None:
    level = f"-c{asked.compress:02}" if asked.compress else ""
    memo = 112 if asked.pool_contract else 128
    content = lambda plot: bladebit_file(plot, asked.compress, memo)  # noqa: E731
    plot = Plot(32, level, [], Path(asked.out[number % len(asked.out)]), content)
    temps = [plot.unfinished]
    if mode == "diskplot":
        temps += [Path(asked.temp1, f"t1_{n}.tmp") for n in range(3)]
        temps += [Path(asked.temp2 or asked.temp1, f"map2_{n}.tmp") for n in range(3)]
    plot.begin(temps)
    plot.temps.remove(plot.unfinished)
    play(list(lines(asked, mode, number, plot)), plot, behaviour, WORDS)


def lines(asked, mode: str, number: int, plot: Plot):
    changes = {"/plots/": f"{plot.out}/", ": /tmp1": f": {getattr(asked, 'temp1', '')}"}
    changes[": /tmp2"] = f": {getattr(asked, 'temp2', '') or getattr(asked, 'temp1', '')}"
    keys = iter((asked.farmer_key, asked.pool_contract or asked.pool_key))
    part = 0
    for line in recorded(LOGS[mode], changes):
        line = KEY.sub(lambda _: next(keys), line)
        if begins := NEXT.match(line):
            part = int(begins[1])
            line = f"Generating plot {number} / {asked.count}: {plot.id}"
        if part == 1 or (part == 0 and number == 1):
            yield NAME.sub(plot.name, line)


def dies() -> NoReturn:
    print(
        "\nFatal Error:  \nFailed to write to temp file: No space left on device", file=sys.stderr
    )
    sys.stderr.flush()
    sys.exit(1)


WORDS = Words(
    proof=".plot.tmp -> ",
    dies=dies,
    stuck=lambda plot: (
        f"No space left in plot output directory for plot '{plot.unfinished}'. "
        "Waiting 10.0 seconds before trying again..."
    ),
    stuck_at=".plot.tmp -> ",
    middle="Phase 1 in",
)
