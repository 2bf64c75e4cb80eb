"""Random farms of real plots on real drives, replotted by the replacer with plots that are copied.

What goes must be old by the rule, what is new must stand before in mode `after`, and the journal
must name exactly what went.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from plotobot.engine.drives import local_volumes
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.models import Drive, DriveKind, Job, JobState
from plotobot.engine.replot.arming import Mode, ReplotRules
from plotobot.engine.replot.desk import ReplotDesk
from plotobot.engine.replot.journal import Fate
from plotobot.engine.replot.replacer import Replacer
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store
from plotobot.plots.headers import read_header
from tests.engine.drives.conftest import Disks
from tests.engine.plot_files import NOW
from tests.engine.replot.farm import KEPT, NEW, OLD_CONTRACT, OLD_KEY, make_old, old_rule
from tests.engine.replot.test_replacing import tmpfs
from tests.little_plots import RealPlot

pytestmark = pytest.mark.mounts

FARMS = int(os.environ.get("PLOTOBOT_REPLOT_REAL_FARMS", "8"))
"""200 by hand, after a change of what deletes."""
NEED, STEPS = 5_000_000, 14


@pytest.fixture(scope="module")
def supply(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, list[RealPlot]]:
    """Real plots of every owner, and new ones."""
    folder = tmp_path_factory.mktemp("supply")
    numbers = {OLD_KEY: 2, OLD_CONTRACT: 2, KEPT: 2, NEW: 3}
    return {
        owner: [make_old(folder, owner, number) for number in range(many)]
        for owner, many in numbers.items()
    }


@dataclass
class RealFarm:
    """One drive, its plots, and a replacer that jobs are shown to."""

    chance: Random
    folder: Path
    store: Store
    supply: dict[bytes, list[RealPlot]]
    now: datetime = NOW
    old: dict[str, Path] = field(default_factory=dict)
    jobs: int = 0

    def __post_init__(self) -> None:
        for owner in (OLD_KEY, OLD_CONTRACT, KEPT):
            for plot in self.supply[owner]:
                if self.chance.random() < 0.8:
                    path = Path(shutil.copy2(plot.path, self.folder / plot.path.name))
                    self.old |= {plot.id: path} if owner != KEPT else {}
        self.rules = ReplotRules(
            True, (old_rule(),), self.chance.choice(list(Mode)),
            per_hour=self.chance.choice((1, 100)), proofs=10,
            quarantine=self.chance.choice((0.0, 3600.0)),
        )  # fmt: skip
        look = local_volumes().look
        self.roster = Roster(self.store)
        self.inventory = Inventory(self.store, self.drives, look, self.clock)
        self.replacer = Replacer(
            self.rules, self.store, self.roster, self.inventory, self.drives, look,
            lambda: (NEED, 0), self.clock,
        )  # fmt: skip
        self.desk = ReplotDesk(
            self.replacer, self.inventory, self.roster, self.drives, lambda: (NEED, 0), self.clock
        )

    def clock(self) -> datetime:
        return self.now

    def drives(self) -> list[Drive]:
        space = local_volumes().look(str(self.folder))
        path = str(self.folder)
        return [Drive(DriveKind.REPLOT, path, space.filesystem, space.total, space.free)]

    async def happen(self) -> None:
        self.now += timedelta(minutes=self.chance.randint(1, 50))
        happenings = (self.arm, self.plot, self.plot, self.plot, self.disarm, self.trouble)
        await self.chance.choices(happenings, (2, 2, 2, 2, 1, 1))[0]()
        for _ in range(3):
            await self.replacer.step()
            for check in self.replacer._checks._checks.values():
                await check
            self.inspect()

    async def arm(self) -> None:
        shown = await self.desk.plan()
        if shown.refusal is None and self.replacer.armed is None:
            await self.desk.arm(shown.fingerprint, "olga")

    async def disarm(self) -> None:
        await self.desk.disarm()

    async def trouble(self) -> None:
        """Somebody exchanges an old plot for a link to another."""
        standing = [path for path in self.old.values() if path.exists() and not path.is_symlink()]
        if standing and self.chance.random() < 0.3:
            victim = self.chance.choice(standing)
            victim.rename(victim.with_suffix(".real"))
            victim.symlink_to(victim.with_suffix(".real"))

    async def plot(self) -> None:
        """A job from its start to its end; the copy waits until there is room."""
        slots = self.replacer.slots([])
        room = self.drives()[0].free
        path = str(self.folder)
        if room + slots.freeable.get(path, -(10**12)) < NEED or self.jobs == 3:
            return
        new = self.supply[NEW][self.jobs]
        self.jobs += 1
        job = Job(
            id=f"job{self.jobs}", plotter="chiapos", k=18, temp=str(new.path.parent / "temp"),
            out=path, state=JobState.RUNNING, status="4.1", temp_need=1, out_need=NEED,
            plot_id=new.id, created_at=self.now, replaces=slots.reserve(path, room, NEED),
        )  # fmt: skip
        waiting = Path(job.temp, f"{new.path.name}.2.tmp")
        shutil.copyfile(new.path, waiting)
        for status in ("4.1", "Copying", "Copying", "Copying"):
            await self.roster.put(replace(job, status=status))
            await self.replacer.step()
            self.inspect()
        waiting.unlink()
        await self.roster.put(self.ended(job, new))

    def ended(self, job: Job, new: RealPlot) -> Job:
        final = self.folder / new.path.name
        done = replace(job, ended_at=self.now, status="Completed", final_path=str(final))
        if self.drives()[0].free < new.path.stat().st_size or self.chance.random() < 0.1:
            return replace(done, state=JobState.FAILED, status="Failed")
        shutil.copyfile(new.path, final)
        return replace(done, state=JobState.COMPLETED)

    def inspect(self) -> None:
        """What must hold at every moment."""
        entries = self.replacer.entries
        gone = {e.target.id for e in entries if e.fate is not Fate.KEPT}
        missing = {plot for plot, path in self.old.items() if not path.exists()}
        assert missing == gone
        assert gone <= self.old.keys()
        for plot in self.supply[KEPT]:
            path = self.folder / plot.path.name
            assert not path.exists() or read_header(path).id == plot.id
        new = {plot.id for plot in self.supply[NEW] if (self.folder / plot.path.name).exists()}
        for entry in entries:
            job = self.roster.job(entry.job)
            assert not entry.verified or job.plot_id in new
            assert entry.verified or self.rules.mode is not Mode.AFTER


@pytest.mark.parametrize("seed", range(FARMS))
async def test_only_old_plots_go_and_the_journal_names_them(
    disks: Disks, store: Store, supply: dict[bytes, list[RealPlot]], seed: int
) -> None:
    chance = Random(seed)
    drive = tmpfs(disks, "farm", 27_000_000 + chance.randint(0, 6) * 1_000_000)
    farm = RealFarm(chance, drive, store, supply)
    await farm.replacer.load()
    await farm.arm()
    kept = {path for path in drive.iterdir() if path not in farm.old.values()}
    try:
        for _ in range(STEPS):
            await farm.happen()
    finally:
        await farm.replacer.close()
        await farm.inventory.close()
    assert all(path.exists() for path in kept)
