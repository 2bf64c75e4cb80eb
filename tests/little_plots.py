"""Real little plots, made by chiapos once a session (about a second each), for all tests."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

POOL_PK = bytes(range(144, 192))
FARMER_PK = bytes(range(128, 176))
CONTRACT = bytes(range(50, 82))
SECRET = b"\xee" * 32

MAKE = """
import sys
from chiapos import DiskPlotter
temp, out, name, k, memo, plot_id = sys.argv[1:]
DiskPlotter().create_plot_disk(
    temp, temp, out, name, int(k), bytes.fromhex(memo), bytes.fromhex(plot_id),
    512, 16, 2000, 2, False,
)
"""


@dataclass(frozen=True)
class RealPlot:
    """A plot that chiapos made, and what was put into it."""

    path: Path
    k: int
    id: str
    memo: bytes

    @property
    def head(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(4096)


def make_plot(folder: Path, k: int, memo: bytes, plot_id: bytes) -> RealPlot:
    """Make a plot in a child process: chiapos writes its log from C++ to the real stdout."""
    temp = folder / "temp"
    temp.mkdir(parents=True)
    name = f"plot-k{k}-2026-11-23-15-55-{plot_id.hex()}.plot"
    words = (str(temp), str(folder), name, str(k), memo.hex(), plot_id.hex())
    done = subprocess.run(
        [sys.executable, "-c", MAKE, *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    return RealPlot(folder / name, k, plot_id.hex(), memo)


@pytest.fixture(scope="session")
def pool_plot(tmp_path_factory: pytest.TempPathFactory) -> RealPlot:
    memo = POOL_PK + FARMER_PK + SECRET
    return make_plot(tmp_path_factory.mktemp("pool"), 18, memo, bytes(range(32)))


@pytest.fixture(scope="session")
def contract_plot(tmp_path_factory: pytest.TempPathFactory) -> RealPlot:
    memo = CONTRACT + FARMER_PK + SECRET
    return make_plot(tmp_path_factory.mktemp("contract"), 18, memo, bytes(range(32, 64)))


@pytest.fixture(params=["pool_plot", "contract_plot"])
def real_plot(request: pytest.FixtureRequest) -> RealPlot:
    plot: RealPlot = request.getfixturevalue(request.param)
    return plot
