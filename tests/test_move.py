"""`plotobot move`, as a farmer sees it."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from plotobot.engine.config import EngineConfig, MoveRules
from plotobot.engine.models import DriveKind
from plotobot.move import move_once
from tests.engine.drives.conftest import Disks, disks
from tests.little_plots import RealPlot

__all__ = ["disks"]

MIB = 1024**2


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    for name in ("out", "farm"):
        (tmp_path / name).mkdir()
    drives = {
        **dict.fromkeys(DriveKind, ()),
        DriveKind.OUT: (str(tmp_path / "out"),),
        DriveKind.DESTINATION: (str(tmp_path / "farm"),),
    }
    return EngineConfig("rig1", tmp_path / "state", drives, move=MoveRules(reserve=0))


async def moved(config: EngineConfig) -> tuple[int, str]:
    """The exit code, and what is said."""
    said = io.StringIO()
    code = await move_once(config, None, None, Console(file=said, width=120))
    return code, said.getvalue()


async def test_with_nothing_to_move_it_says_so_in_one_line(config: EngineConfig) -> None:
    assert await moved(config) == (0, "0 moved, 0 not, 0 wait.\n")


async def test_a_plot_is_moved_with_its_progress(
    config: EngineConfig, tmp_path: Path, pool_plot: RealPlot
) -> None:
    shutil.copy(pool_plot.path, tmp_path / "out")

    code, said = await moved(config)

    assert code == 0, said
    assert f"moved {pool_plot.path.name[:20]}" in said
    assert said.endswith("1 moved, 0 not, 0 wait.\n")
    assert (tmp_path / "farm" / pool_plot.path.name).stat().st_size


@pytest.mark.mounts
async def test_the_room_is_looked_at_again_after_each_plot(
    config: EngineConfig,
    tmp_path: Path,
    disks: Disks,
    pool_plot: RealPlot,
    contract_plot: RealPlot,
) -> None:
    """The first drive has room for one; the others go to the second, and none counts as failed."""
    disks.folder = tmp_path
    small = disks.disk("farm", "FARM", mib=16)
    room = os.statvfs(small)
    with (small / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, room.f_bavail * room.f_frsize - 6 * MIB)
    large = tmp_path / "large"
    large.mkdir()
    destinations = (str(small), str(large))
    config = replace(config, drives={**config.drives, DriveKind.DESTINATION: destinations})
    for plot in (pool_plot, contract_plot):
        shutil.copy(plot.path, tmp_path / "out")

    code, said = await moved(config)

    assert code == 0, said
    assert said.endswith("2 moved, 0 not, 0 wait.\n")
    assert len(list(small.glob("*.plot"))) == len(list(large.glob("*.plot"))) == 1
