"""A farm that is replotted in memory: random plots, rules and orders of events.

The decisions are the product's; drives, jobs and the clock are simulated. What must never happen is
asserted here with rules of its own, whenever a plot goes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.models import Drive, DriveKind, Job, JobState
from plotobot.engine.replot.acting import (
    Check,
    Delete,
    Enough,
    Purge,
    Scene,
    decide,
    failed,
    overdue,
    owes,
)
from plotobot.engine.replot.arming import Armed, Mode, ReplotRules, old_by_all
from plotobot.engine.replot.deletion import target_of
from plotobot.engine.replot.journal import Entry, Fate
from plotobot.engine.replot.plan import Step, Terms, plan
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.engine.replot.slots import NO_SLOTS, slots
from plotobot.plots.headers import MemoKind
from tests.engine.plot_files import FARMER, NOW, make_plot

OWNERS = ("a", "b", "c", "new")
MINE, STRANGER = FARMER.hex(), "ff" * 48
NEED = 105
"""What is kept for a new plot; each takes 90 to 104, an old one 40 to 104."""
RESERVE = 3


@dataclass
class Making:
    """A job and the size its plot will have."""

    job: Job
    size: int
    written: int = 0
    checked: bool = False
    short: int | None = None
    stage: int = 0


@dataclass
class Farm:
    """All of it."""

    chance: Random
    now: datetime = NOW
    plots: dict[str, Plot] = field(default_factory=dict)
    aside: dict[str, Plot] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    strange: Counter[str] = field(default_factory=Counter)
    makings: list[Making] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    armed: Armed | None = None
    agreed_from: int = 0
    """How many rows the journal had when it was armed."""
    seen: Counter[str] = field(default_factory=Counter)
    unsound: set[str] = field(default_factory=set)
    hidden: Counter[str] = field(default_factory=Counter)
    """Bytes of deleted plots that somebody holds open, so that they are not free yet."""

    def __post_init__(self) -> None:
        chance = self.chance
        self.rule = Rule(
            contracts=frozenset(chance.sample(("a", "b", "c"), chance.randint(0, 3))),
            below_compression=chance.choice((None, None, 1, 5)),
            before=chance.choice((None, None, NOW - timedelta(days=chance.randint(1, 500)))),
            farmer_keys=frozenset({MINE} if chance.random() < 0.95 else ()),
            foreign_keys=chance.random() < 0.1,
            new=Kind(None, 32, 0, "new"),
        )
        self.rules = ReplotRules(
            enabled=chance.random() < 0.95,
            rules=() if self.rule.empty else (self.rule,),
            mode=chance.choice(list(Mode)),
            count=chance.choice((None, None, 1, 3)),
            per_hour=chance.choice((1, 3, 100)),
            quarantine=chance.choice((0.0, 3600.0, 36000.0)),
        )
        for number in range(chance.randint(1, 4)):
            self._fill(f"/d{number}")
        protected = [p.id for p in self.plots.values() if chance.random() < 0.05]
        self.rule = replace(self.rule, protected=frozenset(map(str, protected)))
        if self.rules.rules:
            self.rules = replace(self.rules, rules=(self.rule,))

    def _fill(self, drive: str) -> None:
        used = 0
        for _ in range(self.chance.randint(1, 8)):
            plot = self._plot(drive)
            used += plot.size
            self.plots[plot.path] = plot
        room = self.chance.choice((0, RESERVE, 50, 110, 110, 220))
        self.sizes[drive] = used + room

    def _plot(self, drive: str) -> Plot:
        chance = self.chance
        level = chance.choice((0, 0, 0, 3, 7))
        return make_plot(
            len(self.plots) + 1,
            drive=drive,
            size=chance.randint(40, 104),
            memo=MemoKind.CONTRACT,
            pool_key=None,
            contract=chance.choice(OWNERS[:-1]) if chance.random() < 0.9 else "new",
            farmer_key=MINE if chance.random() < 0.9 else STRANGER,
            compression=level,
            modified=NOW - timedelta(days=chance.randint(1, 1000)),
            condition=Condition.WHOLE if chance.random() < 0.93 else Condition.TRUNCATED,
            missing=chance.random() < 0.03,
            use=DriveKind.REPLOT if chance.random() < 0.95 else DriveKind.OUT,
        )

    # What there is.

    def free(self, drive: str) -> int:
        """Bytes free, as statvfs would tell."""
        stand = [p.size for p in (*self.plots.values(), *self.aside.values()) if p.drive == drive]
        coming = [m.written for m in self.makings if m.job.out == drive and m.job.state.live]
        used = sum(stand) + sum(coming) + self.strange[drive] + self.hidden[drive]
        return max(0, self.sizes[drive] - used)

    def drives(self) -> list[Drive]:
        return [Drive(DriveKind.REPLOT, d, d, n, self.free(d)) for d, n in self.sizes.items()]

    def steps(self) -> list[Step]:
        if not self.rules.rules or self.armed is None:
            return []
        own = frozenset(str(m.job.plot_id) for m in self.makings if not m.job.state.live)
        rules = [replace(rule, own=own) for rule in self.rules.rules]
        gone = {(e.target.path, e.target.inode) for e in self.entries if e.fate.spent}
        stand = [p for p in self.plots.values() if (p.path, p.inode) not in gone]
        laid = plan(old_by_all(stand, rules), (), rules[0], Terms(self.now, 1))
        return [step for step in laid.steps if step.plot.drive in self.armed.drives]

    def owing(self) -> list[Making]:
        return [m for m in self.makings if self.armed and owes(self.armed, m.job)]

    # What happens.

    def run(self, events: int) -> None:
        weights = {
            self.arm: 3, self.disarm: 1, self.spawn: 3, self.go_on: 12, self.fail: 1,
            self.write_something: 1, self.wait: 2, self.act: 12, self.let_go: 1,
            self.no_rule_any_more: 0.1, self.set_clock_back: 0.5,
        }  # fmt: skip
        for happening in self.chance.choices(list(weights), list(weights.values()), k=events):
            self.now += timedelta(seconds=self.chance.randint(1, 900))
            happening()

    def arm(self) -> None:
        if self.rules.why_not(self.now) or self.armed:
            return
        rules, terms = self.rules.rules, Terms(self.now, 1)
        laid = plan(old_by_all(list(self.plots.values()), rules), (), rules[0], terms)
        most = len(laid.steps) if self.rules.count is None else self.rules.count
        drives = tuple({step.plot.drive for step in laid.steps})
        for making in self.makings:
            if not making.job.state.live:
                making.job = replace(making.job, replaces=())
        self.agreed_from = len(self.entries)
        self.armed = Armed(
            "olga", self.now, "", min(most, len(laid.steps)), drives, self.agreed_from
        )  # fmt: skip

    def disarm(self) -> None:
        if self.chance.random() < 0.3:
            self.armed = None

    def no_rule_any_more(self) -> None:
        self.rules = replace(self.rules, enabled=False)

    def spawn(self) -> None:
        live = [m.job for m in self.makings if m.job.state.live]
        found = NO_SLOTS
        if self.armed and not self.rules.why_not(self.now):
            owing = [m.job for m in self.owing()]
            found = slots(self.armed, self.rules, self.steps(), self.entries, self.drives(),
                          [*live, *owing])  # fmt: skip
        for drive, freeable in found.freeable.items():
            room = self.free(drive) - RESERVE
            if room + freeable >= NEED:
                number = len(self.makings)
                job = Job(
                    id=f"job{number}", plotter="chia", k=32, temp="/t", out=drive, temp_need=240,
                    state=JobState.RUNNING, status="1.0", out_need=NEED, created_at=self.now,
                    plot_id=f"{number:064x}", replaces=found.reserve(drive, room, NEED),
                )  # fmt: skip
                self._require_promise(job)
                self.makings.append(Making(job, self.chance.randint(90, 104)))
                self.seen["spawned"] += 1

    def go_on(self) -> None:
        for making in self.makings:
            if making.job.state.live and self.chance.random() < 0.7:
                self._go_on(making)

    def _go_on(self, making: Making) -> None:
        making.stage += 1
        status = {1: "3.1", 2: "4.1"}.get(making.stage, "Copying")
        making.job = replace(making.job, status=status)
        if status == "Copying" and making.stage > 3:
            take = min(making.size - making.written, self.free(making.job.out),
                       self.chance.randint(0, 80))  # fmt: skip
            making.written += take
            if making.written == making.size:
                self._finish(making)

    def _finish(self, making: Making) -> None:
        job = making.job
        plot = make_plot(
            1, drive=job.out, size=making.size, id=job.plot_id,
            memo=MemoKind.CONTRACT, contract="new", pool_key=None, farmer_key=MINE,
            modified=self.now, path=f"{job.out}/plot-k32-2026-11-25-12-00-{job.plot_id}.plot",
        )  # fmt: skip
        self.plots[plot.path] = plot
        making.job = replace(
            job, state=JobState.COMPLETED, ended_at=self.now, final_path=plot.path
        )  # fmt: skip
        if self.chance.random() < 0.05:
            self.unsound.add(job.id)
        self.seen["finished"] += 1

    def fail(self) -> None:
        live = [m for m in self.makings if m.job.state.live]
        if live and self.chance.random() < 0.3:
            making = self.chance.choice(live)
            making.written = 0
            making.job = replace(making.job, state=JobState.FAILED, ended_at=self.now)

    def write_something(self) -> None:
        drive = self.chance.choice(list(self.sizes))
        if self.chance.random() < 0.3:
            self.strange[drive] += min(self.free(drive), self.chance.randint(0, 30))

    def wait(self) -> None:
        self.now += timedelta(minutes=self.chance.randint(1, 90))

    def set_clock_back(self) -> None:
        self.now -= timedelta(hours=self.chance.randint(1, 5))

    def let_go(self) -> None:
        self.hidden.clear()

    # What the product does.

    def act(self) -> None:
        if self.armed is None:
            return
        if self.rules.why_not(self.now):
            self.armed = None
            return
        for making in self.owing():
            if self.armed is None:
                return
            self._attend(self.armed, making)
        entry = overdue(self.entries, self.rules, self.now, self.sizes)
        if entry and self.armed:
            self._purge(entry)

    def _attend(self, armed: Armed, making: Making) -> None:
        job = making.job
        if job.out not in armed.drives:
            return
        free = self.free(job.out) - RESERVE
        size = making.size if job.phase >= 5 else int(NEED * 0.85)
        coming = max(0, size - making.written) if job.state.live else NEED
        mine = [s for s in self.steps() if s.plot.drive == job.out and s.plot.id in job.replaces]
        scene = Scene(
            self.now, self.rules, armed, job, free, coming, mine, self.entries, making.checked,
            making.short, failed(armed, [m.job for m in self.makings], self.entries),
        )  # fmt: skip
        action = decide(scene)
        if isinstance(action, Delete):
            if making.short is None:
                making.short = coming - free
            self._delete(armed, making, action)
        elif isinstance(action, Purge):
            assert free < coming
            self._purge(action.entry)
        elif isinstance(action, Check):
            if job.id in self.unsound:
                self.armed = None
            else:
                making.checked = True
        elif isinstance(action, Enough) and action.over:
            making.job = replace(job, replaces=())

    def _delete(self, armed: Armed, making: Making, action: Delete) -> None:
        self._require(armed, making, action)
        plot = self.plots.pop(action.plot.path)
        if action.quarantine:
            self.aside[plot.path] = plot
        elif self.chance.random() < 0.1:
            self.hidden[plot.drive] += plot.size
        fate = Fate.QUARANTINED if action.quarantine else Fate.GONE
        self.entries = [
            *self.entries,
            Entry(len(self.entries) + 1, self.now, target_of(plot), fate, making.job.id,
                  action.verified, "olga", self.now),
        ]  # fmt: skip
        self.seen["verified" if action.verified else "unverified"] += 1
        self.seen["quarantined"] += action.quarantine

    def _purge(self, entry: Entry) -> None:
        del self.aside[entry.target.path]
        self.entries = [
            replace(one, fate=Fate.GONE) if one.number == entry.number else one
            for one in self.entries
        ]
        self.seen["purged"] += 1

    # What must hold whenever plots are promised, and whenever one goes, by rules of its own.

    def _require_promise(self, job: Job) -> None:
        """No two jobs wait for the same one of the plots that were agreed to."""
        if not job.replaces:
            return
        assert self.armed
        drives = self.armed.drives
        owed = [m.job.replaces for m in self.owing() if m.job.out in drives]
        ids = Counter(plot for plots in (job.replaces, *owed) for plot in plots)
        standing = ids.keys() & {plot.id for plot in self.plots.values()}
        assert len(self.entries) - self.agreed_from + len(standing) <= self.armed.most
        assert all(ids[plot] == 1 for plot in job.replaces)

    def _require(self, armed: Armed, making: Making, action: Delete) -> None:
        plot, job, rules = action.plot, making.job, self.rules
        assert self.armed is armed
        assert rules.enabled
        assert self.plots[plot.path] == plot
        assert self.is_old(plot), "outside the rule"
        assert plot.id not in {m.job.plot_id for m in self.makings}, "a new plot"
        assert plot.drive == job.out
        assert plot.id in job.replaces
        assert len(self.entries) - self.agreed_from < armed.most <= (rules.count or 10**9)
        hour = [e for e in self.entries if self.now - e.at < timedelta(hours=1)]
        assert len(hour) < rules.per_hour
        free = self.free(job.out) - RESERVE
        aside = sum(p.size for p in self.aside.values() if p.drive == job.out)
        gone = sum(e.target.size for e in self.entries if e.job == job.id and not e.verified)
        if action.verified:
            assert job.state is JobState.COMPLETED
            assert making.checked
            assert job.id not in self.unsound
            assert job.final_path in self.plots
            assert rules.mode is not Mode.BEFORE
            assert free + aside < NEED, "more than the next plot needs"
            assert gone == 0
        else:
            assert job.state.live
            assert job.phase >= 4
            assert rules.mode is not Mode.AFTER
            assert aside == 0, "what is in quarantine goes first"
            assert free < making.size - making.written, "more than the plot needs"
            assert gone < (making.short or NEED), "more than was short"

    def is_old(self, plot: Plot) -> bool:
        """The rule once more, in other words than the product's."""
        rule = self.rule
        wanted = [
            not rule.contracts or plot.contract in rule.contracts,
            rule.below_compression is None or (plot.compression or 0) < rule.below_compression,
            rule.before is None or plot.mtime_ns < rule.before.timestamp() * 10**9,
            bool(rule.contracts or rule.below_compression or rule.before),
            plot.contract != "new" or plot.compression != 0,
            rule.foreign_keys or (plot.farmer_key == MINE and bool(rule.farmer_keys)),
            plot.condition is Condition.WHOLE,
            not plot.missing,
            plot.use is DriveKind.REPLOT,
            plot.id not in rule.protected,
        ]
        return all(wanted)
