"""The engine replots little drives with real plots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import EventKind
from plotobot.engine.replot.views import ReplotStatus
from tests.engine.drives.conftest import Disks
from tests.engine.farm import told, until
from tests.engine.replot.farm import KEPT, NEW, OLD_CONTRACT, OLD_KEY, ReplotFarm, make_old, put
from tests.little_plots import RealPlot
from tests.proofs import prove

pytestmark = pytest.mark.mounts


@pytest.fixture(scope="session")
def old_plots(tmp_path_factory: pytest.TempPathFactory) -> list[RealPlot]:
    """Two for a key, one for a contract, one that is to stay."""
    folder = tmp_path_factory.mktemp("old")
    owners = [(OLD_KEY, 0), (OLD_KEY, 1), (OLD_CONTRACT, 0), (KEPT, 0)]
    return [make_old(folder, *owner) for owner in owners]


def tmpfs(disks: Disks, name: str, size: int) -> Path:
    import subprocess

    point = disks.folder / name
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", point], check=True)
    disks.mounted.append(point)
    return point


NEED = 5_300_000
"""Bytes kept for a new k18 plot, and a little."""


@pytest.fixture
def farm_with(
    disks: Disks, tmp_path: Path, old_plots: list[RealPlot]
) -> Callable[[int], ReplotFarm]:
    def make(room: int) -> ReplotFarm:
        used = sum(plot.path.stat().st_size for plot in old_plots)
        drive = tmpfs(disks, "old1", used + room)
        put(old_plots, drive)
        return ReplotFarm(tmp_path, (drive,))

    return make


async def arm(engine: PlottingEngine) -> ReplotStatus:
    plan = await engine.replot_plan()
    assert plan.refusal is None
    return await engine.arm_replot(plan.fingerprint, by="olga (1)")


async def done(engine: PlottingEngine) -> bool:
    return bool(await told(engine, EventKind.REPLOT_DONE))


async def test_old_plots_go_one_by_one_after_their_successors(
    farm_with: Callable[[int], ReplotFarm],
) -> None:
    farm = farm_with(NEED)
    async with farm.running() as engine:
        await arm(engine)
        await until(engine, lambda: done(engine), 120)
        replaced = await told(engine, EventKind.PLOT_REPLACED)
        status = await engine.replot_status()

    assert farm.owners(OLD_KEY) == farm.owners(OLD_CONTRACT) == set()
    assert len(farm.owners(KEPT)) == 1
    assert len(farm.owners(NEW)) == 3
    for plot in farm.standing():
        prove(Path(plot.path), 10)
    assert len(replaced) == 3
    assert all(event.data["verified"] for event in replaced)
    assert (status.armed, status.halted) == (None, None)
