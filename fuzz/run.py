"""Feeds each harness for a given time; where atheris is there, along the code that is reached."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # it is run by its path

if TYPE_CHECKING:
    from fuzz.harnesses import Harness, OneInput

KEPT = ROOT / ".fuzz"
LONGEST = 8192  # bytes of an input
HUNG = 20  # seconds that no input may take
NAMES = (
    "settings", "ploto_json", "plotter_log", "farm_log", "plot_header", "plot_name", "job_records",
)  # fmt: skip
"""Of the harnesses, which are imported only where the code is watched."""


def main() -> int:
    """Run what was asked for; returns how many harnesses found something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which; all by default")
    parser.add_argument("--seconds", type=float, default=60, help="for each of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path, help="one input that was found, once more")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here or asked.again:
        _feed(asked.names[0], asked)
        return 0
    found = [name for name in asked.names or NAMES if not _run(name, asked)]
    print("found something:" if found else "nothing found", *found)
    return len(found)


def _run(name: str, asked: argparse.Namespace) -> bool:
    """Feed one harness in a process of its own; whether all was well."""
    command = [sys.executable, __file__, name, "--here", "--seconds", str(asked.seconds)]
    done = subprocess.run(
        [*command, "--seed", str(asked.seed)], capture_output=True, text=True, cwd=ROOT
    )
    said = (done.stdout + done.stderr).splitlines()
    summary = [line for line in said if line.startswith(("Done ", "DONE"))]
    print(f"{name}: {summary[-1] if summary else 'broke off'}", flush=True)
    if done.returncode:
        print(*said[-40:], sep="\n")
    return done.returncode == 0


def _feed(name: str, asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if asked.again:
            _harness(name).make(Path(folder))(asked.again.read_bytes())
        elif importlib.util.find_spec("atheris"):
            _with_atheris(name, Path(folder), asked)
        else:
            _at_random(_harness(name), Path(folder), asked)


def _harness(name: str) -> Harness:
    harness: Harness = importlib.import_module("fuzz.harnesses").HARNESSES[name]
    return harness


def _with_atheris(name: str, folder: Path, asked: argparse.Namespace) -> None:
    """Never returns: libFuzzer ends the process."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["plotobot"]):
        harness = _harness(name)
    corpus, found = KEPT / "corpus" / name, KEPT / "found"
    for place in (corpus, found):
        place.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(harness.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = {
        "max_total_time": int(asked.seconds), "max_len": LONGEST, "timeout": HUNG,
        "rss_limit_mb": 2048, "seed": asked.seed, "artifact_prefix": f"{found}/{name}-",
    }  # fmt: skip
    words = [f"-{key}={value}" for key, value in options.items()]
    atheris.Setup([__file__, *words, str(corpus)], harness.make(folder))
    atheris.Fuzz()


def _at_random(harness: Harness, folder: Path, asked: argparse.Namespace) -> None:
    changed = importlib.import_module("fuzz.harnesses").changed
    one_input: OneInput = harness.make(folder)
    dice, seeds, runs = random.Random(asked.seed), harness.seeds(), 0
    end = time.monotonic() + asked.seconds
    while time.monotonic() < end:
        data = changed(dice.choice(seeds), dice)
        try:
            one_input(data)
        except BaseException:
            (KEPT / "found").mkdir(parents=True, exist_ok=True)
            (KEPT / "found" / f"{asked.names[0]}-{runs}").write_bytes(data)
            raise
        runs += 1
    print(f"Done {runs} runs without atheris")


if __name__ == "__main__":
    sys.exit(main())
