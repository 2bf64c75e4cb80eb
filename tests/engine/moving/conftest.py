"""Plots to be moved, and destinations that were taken into use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from plotobot.engine.moving.base import Ident, MoveOrder, Verify
from plotobot.engine.moving.errand import Errand, Pace
from plotobot.engine.moving.folder import FolderDestination
from plotobot.engine.moving.marker import mark_drive
from plotobot.engine.moving.source import ident_of
from tests.engine.drives.conftest import disks, hung  # noqa: F401
from tests.little_plots import RealPlot

MIB = 1024**2
SMALL = Pace(block=65536, window=MIB // 2, chunk=MIB)
"""So that a plot of a few MiB has several chunks."""


def ident(path: Path) -> Ident:
    return ident_of(path.lstat())


class Farm:
    """An out folder with a real plot, a destination, a state directory."""

    def __init__(self, root: Path, plot: RealPlot) -> None:
        self.out, self.state, self.folder = root / "out", root / "state", root / "hdd"
        for folder in (self.out, self.state, self.folder):
            folder.mkdir()
        self.plot = self.out / plot.path.name
        shutil.copyfile(plot.path, self.plot)
        self.bytes = self.plot.read_bytes()
        self.first_ident = ident(self.plot)
        self.landed = self.folder / self.plot.name
        mark_drive(self.folder, self.state)

    def ident(self) -> Ident:
        return ident(self.plot) if self.plot.exists() else self.first_ident

    def order(self, **changes: object) -> MoveOrder:
        values = {"id": "move1", "source": self.plot, "ident": self.ident(), **changes}
        return MoveOrder(**values)

    def errand(self, **changes: object) -> Errand:
        values = {
            "id": "move1",
            "source": self.plot,
            "ident": self.ident(),
            "folder": self.folder,
            "state_dir": self.state,
            "pace": SMALL,
            **changes,
        }
        return Errand(**values)

    def destination(self, **changes: object) -> FolderDestination:
        return FolderDestination(self.folder, self.state, **{"pace": SMALL, **changes})

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - {".plotobot-drive"}

    def is_moved(self) -> bool:
        return (
            not self.plot.exists()
            and self.names() == {self.landed.name}
            and self.landed.read_bytes() == self.bytes
        )

    def is_kept(self) -> bool:
        return self.plot.read_bytes() == self.bytes and not self.landed.exists()


@pytest.fixture
def farm(tmp_path: Path, pool_plot: RealPlot) -> Farm:
    """Source and destination on one file system."""
    return Farm(tmp_path, pool_plot)


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes moves within this process copy, as if the folders were on two file systems."""
    monkeypatch.setattr("plotobot.engine.moving.carrier.renamed", lambda ends, source: False)
    monkeypatch.setattr("plotobot.engine.moving.carrier.was_renamed", lambda ends, home: False)


@pytest.fixture(params=list(Verify), ids=str)
def verify(request: pytest.FixtureRequest) -> Verify:
    return request.param


def quiet(step: object) -> None:
    """Tell nobody."""
