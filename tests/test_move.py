"""`plotobot move`, as a farmer sees it."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from plotobot.engine.config import EngineConfig, MoveRules
from plotobot.engine.models import DriveKind
from plotobot.move import move_once
from tests.little_plots import RealPlot


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
