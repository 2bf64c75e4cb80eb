"""The harnesses of `fuzz/` work, and find nothing in 200 inputs each."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.harnesses import HARNESSES, changed
from fuzz.run import NAMES


def test_the_script_knows_every_harness() -> None:
    assert list(HARNESSES) == list(NAMES)


@pytest.mark.parametrize("name", HARNESSES)
def test_200_inputs_find_nothing(name: str, tmp_path: Path) -> None:
    harness, dice = HARNESSES[name], random.Random(1)
    one_input, seeds = harness.make(tmp_path), list(harness.seeds())
    inputs = [b"", *seeds, *(dice.randbytes(dice.randrange(300)) for _ in range(60))]
    inputs += [changed(dice.choice(seeds), dice) for _ in range(200 - len(inputs))]
    for data in inputs:
        one_input(data)


def test_the_script_runs_an_input_again(tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "fuzz/run.py"
    (tmp_path / "input").write_bytes(b"\n".join(HARNESSES["plot_name"].seeds()))
    command = [sys.executable, script, "plot_name", "--again", tmp_path / "input"]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
