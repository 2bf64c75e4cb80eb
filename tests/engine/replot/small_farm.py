"""Replot folders with little plots for the replacer; only their free space is simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from plotobot.engine.drives import Space, local_volumes
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.models import Drive, DriveKind, Event, EventKind, Job, JobState
from plotobot.engine.replot.arming import Mode, ReplotRules
from plotobot.engine.replot.desk import ReplotDesk
from plotobot.engine.replot.folders import QUARANTINE
from plotobot.engine.replot.replacer import Replacer
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.engine.replot.views import ReplotStatus
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store
from plotobot.plots.address import encode_address
from tests.engine.plot_files import FARMER, NOW, OTHER_CONTRACT, POOL, plot_id, put, v1_size

SIZE = v1_size()
"""Bytes of an old plot, and of a new one."""
RULE = Rule(
    pool_keys=frozenset({POOL.hex()}),
    farmer_keys=frozenset({FARMER.hex()}),
    new=Kind(None, 32, 0, encode_address(OTHER_CONTRACT)),
)
REAL = local_volumes()


def nothing(path: str) -> None:
    """What happens before a drive is looked at."""


@dataclass
class SmallFarm:
    """Drives by name, each with some old plots and some bytes free; one that `begin` has readied.

    A plot that goes makes its room free, and one that stands in quarantine does not.
    """

    root: Path
    store: Store
    olds: dict[str, int]
    free: dict[str, int]
    rules: ReplotRules = field(
        default_factory=lambda: ReplotRules(True, (RULE,), Mode.BEFORE, per_hour=1000)
    )
    now: datetime = NOW
    before_look: Callable[[str], object] = nothing
    missing: set[str] = field(default_factory=set)

    async def begin(self) -> SmallFarm:
        (self.root / "temp").mkdir()
        for drive, (name, many) in enumerate(self.olds.items()):
            self.folder(name).mkdir()
            for number in range(many):
                put(self.folder(name), 100 * drive + number, size=SIZE)
        return await self.live()

    async def live(self) -> SmallFarm:
        """A life of the bot, which knows what the store kept."""
        self.roster = Roster(self.store)
        self.inventory = Inventory(self.store, self.drives, self.space, self.clock)
        self.replacer = Replacer(
            self.rules, self.store, self.roster, self.inventory, self.drives, self.look,
            lambda: (SIZE, 0), self.clock,
        )  # fmt: skip
        self.desk = ReplotDesk(
            self.replacer, self.inventory, self.roster, self.drives, lambda: (SIZE, 0), self.clock
        )
        for part in (self.roster, self.inventory, self.replacer):
            await part.load()
        return self

    async def end(self) -> None:
        await self.replacer.close()
        await self.inventory.close()

    def folder(self, name: str) -> Path:
        return self.root / name

    def aside(self, name: str) -> list[Path]:
        return sorted((self.folder(name) / QUARANTINE).glob("*"))

    def left(self) -> dict[str, int]:
        """Old plots by drive."""
        return {name: len(list(self.folder(name).glob("*.plot"))) for name in self.olds}

    def clock(self) -> datetime:
        return self.now

    def space(self, path: str) -> Space:
        name = Path(path).name
        gone = self.olds[name] - self.left()[name] - len(self.aside(name))
        free = self.free[name] + gone * SIZE
        return replace(REAL.look(path), filesystem=name, free=free)

    def look(self, path: str) -> Space:
        self.before_look(Path(path).name)
        return self.space(path)

    def drives(self) -> list[Drive]:
        return [
            Drive(DriveKind.REPLOT, str(self.folder(name)), name, 10**9,
                  self.space(str(self.folder(name))).free, missing=name in self.missing)
            for name in self.olds
        ]  # fmt: skip

    def set_rules(self, **changes: Any) -> None:
        """As a reload of the settings does."""
        self.rules = self.replacer.rules = replace(self.rules, **changes)

    async def arm(self) -> ReplotStatus:
        shown = await self.desk.plan()
        assert shown.refusal is None
        return await self.desk.arm(shown.fingerprint, "olga")

    async def spawn(self, number: int, name: str, **changes: Any) -> Job:
        """A job to a drive that comes to the point where it needs its room."""
        out = str(self.folder(name))
        offered = self.replacer.slots(self.roster.live())
        job = Job(
            id=f"job{number}", plotter="chiapos", k=32, temp=str(self.root / "temp"), out=out,
            state=JobState.RUNNING, status="4.1", temp_need=1, out_need=SIZE,
            plot_id=plot_id(10_000 + number).hex(), created_at=self.now + timedelta(seconds=number),
            replaces=offered.reserve(out, self.space(out).free, SIZE),
        )  # fmt: skip
        job = replace(job, **changes)
        await self.roster.put(job)
        return job

    async def finish(self, job: Job, state: JobState = JobState.COMPLETED) -> None:
        done = replace(self.roster.job(job.id), state=state, status=state.value.title())
        await self.roster.put(replace(done, ended_at=self.now))

    async def told(self, kind: EventKind) -> list[Event]:
        return [event for event in await self.store.undelivered(100) if event.kind is kind]
