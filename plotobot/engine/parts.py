"""What the engine is made of, and which part knows which. Nothing runs yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from plotobot.engine.advising import Adviser
from plotobot.engine.audit import Audit
from plotobot.engine.auto.guard import Guard
from plotobot.engine.auto.pilot import Pilot
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay
from plotobot.engine.drives.discovery import Specs
from plotobot.engine.endings import Endings
from plotobot.engine.farm import FarmWatch
from plotobot.engine.foreign import ForeignPlots
from plotobot.engine.history import History
from plotobot.engine.homecoming import Homecoming
from plotobot.engine.inventory.check_book import CheckBook
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.inventory.rounds import Rounds
from plotobot.engine.launcher import Launcher
from plotobot.engine.models import Drive, Event, EventKind, Job
from plotobot.engine.moving.mover import Mover
from plotobot.engine.outbox import Outbox
from plotobot.engine.perf import PerfMeter
from plotobot.engine.processes import native_processes
from plotobot.engine.replot.desk import ReplotDesk
from plotobot.engine.replot.replacer import Replacer
from plotobot.engine.reporting.reporter import Reporter, Sources
from plotobot.engine.roster import Roster
from plotobot.engine.spawner import Spawner, kinds_of
from plotobot.engine.stopping import Stopper
from plotobot.engine.store import Store
from plotobot.engine.supervision.supervisor import Supervisor
from plotobot.engine.sweep import Sweep
from plotobot.engine.vigil import Vigil
from plotobot.engine.warmth import Warmth
from plotobot.engine.watcher import Watcher
from plotobot.plotters import plotter as plotter_named
from plotobot.plotters.base import LogReader


class Parts:
    """The parts of one machine's engine."""

    def __init__(
        self,
        config: EngineConfig,
        store: Store,
        supervisor: Supervisor,
        bay: DriveBay,
        now: Callable[[], datetime],
    ) -> None:
        self.config = config
        """What holds now; new settings take its place."""
        self.store = store
        self.supervisor = supervisor
        self.now = now
        self.wake = asyncio.Event()
        """Set where the engine should look at once."""
        root, look = config.jobs_root, bay.source.look
        self.roster = Roster(store)
        self.audit = Audit(store, now)
        self.outbox = Outbox(store, now)
        self.watcher = Watcher(supervisor, root, _reader, self.wake.set)
        self.launcher = Launcher(supervisor, self.roster, now)
        self.foreign = ForeignPlots(root, shown=config.foreign)
        book = CheckBook(store, config.state_dir, self.put_events)
        self.inventory = Inventory(store, self._seen, look, now, book)
        self.replacer = Replacer(
            config.replot, store, self.roster, self.inventory,
            self._seen, look, self._replot_terms, now,
        )  # fmt: skip
        self.spawner = Spawner(
            config, self.launcher, bay, self.roster, store, now, self.foreign, self.replacer,
            Pilot(Guard(supervisor, self.roster, now), self.roster, store, now),
        )  # fmt: skip
        self.replot = ReplotDesk(
            self.replacer, self.inventory, self.roster, self._seen, self._replot_terms, now
        )
        self.sweep = Sweep(self.roster, self.foreign, self.spawner, store, now)
        self.mover = Mover(
            config, store, self._seen, self.roster.tell, now,
            halted=lambda: supervisor.home.trouble, live=self.roster.live,
        )  # fmt: skip
        self.rounds = Rounds(
            config.checks, self.inventory, self._seen, self._all_jobs,
            lambda: self.mover.view().moves, now,
        )  # fmt: skip
        self.endings = Endings(
            self.watcher, self.roster, root, now, store.journal_entries,
            self._is_away, self.wake.set,
        )  # fmt: skip
        self.stopper = Stopper(
            supervisor, self.roster, self.endings, store,
            partial(self.tell, EventKind.TROUBLE), self.wake.set,
        )  # fmt: skip
        self.homecoming = Homecoming(
            supervisor, self.roster, self.launcher, self.watcher, store, now
        )
        self.history = History(store)
        self.vigil = Vigil(supervisor, self.history, root, config.stalled_after, now)
        self.farm = FarmWatch(config.farm, store, self.roster.tell, now)
        drives = partial(self.spawner.drives, None)
        sources = Sources(
            lambda: self.config.machine,
            self.roster.all, drives, self.mover.view, self.farm.figures,
        )  # fmt: skip
        self.reporter = Reporter(store, config.report, sources, self.roster.tell, now)
        self.perf = PerfMeter(store, native_processes(), now)
        self.adviser = Adviser()
        self.warmth = Warmth(store, self.put_events, now, self._heat_limits)

    async def reconfigure(self, config: EngineConfig, specs: Specs) -> None:
        """Take up other settings; the machine's name and the state folder stay."""
        old = self.config
        self.config = replace(config, machine=old.machine, state_dir=old.state_dir)
        self.mover.reconfigure(self.config)
        self.reporter.reconfigure(config.report)
        self.replacer.rules = self.config.replot
        self.rounds.rules = config.checks
        await self.spawner.reconfigure(self.config, specs)

    async def load(self) -> None:
        """Take up what the store kept, once it is known what became of the jobs.

        What a lost database had told is not told again, and a job found only now counts for the
        quota as well.
        """
        await self.reporter.begin()
        await self.spawner.load()
        await self.farm.load()
        await self.inventory.load()
        await self.replacer.load()
        await self.mover.__aenter__()

    async def close(self) -> None:
        """End what was begun by those that work on their own."""
        await self.mover.__aexit__()
        await self.replacer.close()
        await self.inventory.close()
        await self.stopper.close()
        await self.endings.close()
        await self.watcher.close()
        await self.farm.close()
        self.foreign.close()
        await self.roster.flush()

    async def tell(self, kind: EventKind, what: str) -> None:
        """Tell something of Plotobot's own, as an event."""
        await self.put_events([Event(kind, self.now(), None, {"what": what})])

    async def put_events(self, events: Sequence[Event]) -> None:
        """Tell what happened."""
        await self.roster.put(events=events)

    def _seen(self) -> Sequence[Drive]:
        return self.spawner.seen()

    def _is_away(self, folder: str) -> bool:
        """Whether a drive is away as of the last look; then its bare mount point may be there."""
        return all(drive.missing for drive in self._seen() if drive.path == folder)

    def _all_jobs(self) -> list[Job]:
        return [*self.roster.live(), *self.foreign.counted]

    def _replot_terms(self) -> tuple[int, int]:
        """Bytes of a new plot, and those to keep free on each drive."""
        return min(kind.needs.out for kind in kinds_of(self.config)), self.config.space.reserve

    def _heat_limits(self) -> tuple[float, float]:
        return self.config.cpu_celsius, self.config.drive_celsius


def _reader(plotter: str) -> LogReader:
    return plotter_named(plotter).reader()
