"""A whole engine on little folders, with real chiapos plots of k18."""

from __future__ import annotations

import asyncio
import contextlib
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from plotobot.app import running_engine
from plotobot.engine.config import EngineConfig, FarmSettings, Limits, PlotSettings, SpaceRules
from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import DriveKind, Event, EventKind, Job

PLOTTED_IN_TIME = 60.0
"""Seconds; a k18 plot takes one, on a busy machine several."""


@dataclass(frozen=True)
class Farm:
    """Two temp folders, one out folder, and settings for k18."""

    root: Path

    def config(self, **limits: object) -> EngineConfig:
        """Two plots, one a drive, unless told otherwise."""
        for name in ("temp1", "temp2", "out"):
            (self.root / name).mkdir(exist_ok=True)
        wanted: dict[str, object] = {"count": 2, "max_parallel": 2, "interval": 1.0}
        drives = {
            **dict.fromkeys(DriveKind, ()),
            DriveKind.TEMP: (str(self.root / "temp1"), str(self.root / "temp2")),
            DriveKind.OUT: (str(self.root / "out"),),
        }
        return EngineConfig(
            machine="testfarm",
            state_dir=self.root / "state",
            drives=drives,
            plot=PlotSettings(plotter="chiapos", k=18, buckets=16, buffer_mib=512),
            limits=Limits(**(wanted | limits)),  # type: ignore[arg-type]
            space=SpaceRules(reserve=0),
            farm=FarmSettings(watch=False, log=self.root / "debug.log"),
            foreign=False,  # other tests on this machine make plots as well
        )

    @contextlib.asynccontextmanager
    async def running(
        self, config: EngineConfig | None = None, **limits: object
    ) -> AsyncIterator[PlottingEngine]:
        """An engine at work here."""
        async with running_engine(config or self.config(**limits)) as engine:
            yield engine

    @property
    def jobs(self) -> Path:
        """Where the job directories are."""
        return self.root / "state" / "jobs"

    def leftovers(self) -> list[str]:
        """Temp files that stand anywhere."""
        return [path.name for path in self.root.rglob("*.tmp")]


async def until(
    engine: PlottingEngine, true: Callable[[], Awaitable[bool]], seconds: float = PLOTTED_IN_TIME
) -> None:
    """Wait until something holds, looking at each change."""
    async with asyncio.timeout(seconds):
        while not await true():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(engine.changed(), 0.2)


async def ended(engine: PlottingEngine, number: int) -> list[Job]:
    """Wait until so many jobs have ended; returns them."""

    async def enough() -> bool:
        return sum(not job.state.live for job in await engine.jobs()) >= number

    await until(engine, enough)
    return [job for job in await engine.jobs() if not job.state.live]


async def running(engine: PlottingEngine, number: int = 1) -> list[Job]:
    """Wait until so many jobs run and have named their plots; returns them."""

    async def enough() -> bool:
        return len([j for j in await engine.jobs() if j.state.live and j.plot_id]) >= number

    await until(engine, enough)
    return [job for job in await engine.jobs() if job.state.live]


async def told(engine: PlottingEngine, kind: EventKind | None = None) -> list[Event]:
    """The events nobody was told of yet."""
    return [event for event in await engine.undelivered(500) if kind in (None, event.kind)]


async def trouble(engine: PlottingEngine, words: str) -> list[Event]:
    """Wait until trouble is told in these words; all that was told in them."""
    found: list[Event] = []

    async def said() -> bool:
        alerts = await told(engine, EventKind.TROUBLE)
        found[:] = [alert for alert in alerts if words in alert.data["what"]]
        return bool(found)

    await until(engine, said, 30)
    return found


def stand_in(folder: Path, script: str) -> Path:
    """A stand-in for Python that knows chiapos' version, and otherwise runs a script."""
    path = folder / "python3"
    asked = f'case "$*" in *-c*) exec {sys.executable} "$@";; esac\n'
    path.write_text(script.replace("\n", "\n" + asked, 1))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
