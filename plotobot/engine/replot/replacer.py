"""Replaces old plots by new ones: one task of its own, which only an owner's word sets to work.

It asks `acting.py` what is to be done for each job, and has `deletion.py` do it. Whatever is odd
takes the owner's word back, and is told.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from plotobot.engine.drives import Space
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.inventory.inventory import Inventory
from plotobot.engine.models import Drive, DriveKind, Event, EventKind, Job
from plotobot.engine.replot import acting
from plotobot.engine.replot.acting import Check, Delete, Purge, Scene, Wait, decide
from plotobot.engine.replot.arming import Armed, ReplotRules, settings_print
from plotobot.engine.replot.checking import NewPlots
from plotobot.engine.replot.deletion import Order, delete, purge, target_of
from plotobot.engine.replot.folders import QUARANTINE, NotOld, Odd, Overtaken, Vanished, shown
from plotobot.engine.replot.journal import Entry, Fate, Journal, Target
from plotobot.engine.replot.measuring import still_coming
from plotobot.engine.replot.plan import Step
from plotobot.engine.replot.settling import settle
from plotobot.engine.replot.slots import NO_SLOTS, Slots, slots
from plotobot.engine.replot.stock import OldStock
from plotobot.engine.replot.word import Word
from plotobot.engine.roster import Roster
from plotobot.engine.store import Store
from plotobot.errors import Refusal

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two steps while it is armed."""
PATIENCE = 5.0
"""Seconds that a drive has to tell of its room; the others are not to wait for one that hangs."""
LAST_WAIT = 30.0
"""Seconds that a deletion is waited for at the end, whose drive may hang."""


class Replacer:
    """Acts on the owner's word, and on nothing else.

    Args:
        rules: what the settings allow.
        store: where the journal and the owner's word are.
        roster: the jobs.
        inventory: the plots.
        drives: the drives as of the last look.
        look: tells of a folder's file system (`VolumeSource.look`).
        terms: gives the bytes of a new plot, and those to keep free on each drive.
        now: the clock.
    """

    def __init__(
        self,
        rules: ReplotRules,
        store: Store,
        roster: Roster,
        inventory: Inventory,
        drives: Callable[[], Sequence[Drive]],
        look: Callable[[str], Space],
        terms: Callable[[], tuple[int, int]],
        now: Callable[[], datetime],
    ) -> None:
        self.rules = rules
        self._roster, self._drives = roster, drives
        self._look, self._terms, self._now = look, terms, now
        self._journal = Journal(store)
        self._inventory = inventory
        self.stock = OldStock(inventory.stock, roster.all, store)
        self._checks = NewPlots()
        self.word = Word(store, self._word_changed)
        self._staying: dict[tuple[int, str], str] = {}
        """Why plots stay in quarantine, by their rows and the settings by which they do."""
        self.entries: list[Entry] = []
        self.waits: dict[str, str] = {}
        self._short: dict[str, int] = {}
        self._rooms: Patience[str, tuple[int, int]] = Patience(PATIENCE)
        self._working = asyncio.Lock()
        self._wake = asyncio.Event()
        self._step: asyncio.Task[None] | None = None
        self._scan: asyncio.Task[object] | None = None

    async def load(self) -> None:
        """Take up the owner's word and the journal."""
        await self.word.load()
        await self.stock.load()
        self.entries = list(await self._journal.entries())

    async def close(self) -> None:
        """End what can be ended; a deletion that has begun is waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WAIT), self._working:
                pass
        await self._checks.close()
        if self._scan is not None:
            self._scan.cancel()
            await asyncio.gather(self._scan, return_exceptions=True)

    async def run(self) -> None:
        """Act for ever, until cancelled."""
        while True:
            try:
                self._step = asyncio.create_task(self.step(), name="replot step")
                await asyncio.shield(self._step)
            except Exception as error:  # the last frame: what nobody foresaw stops it
                log.exception("replotting stops")
                await self.halt(f"Something unforeseen happened ({type(error).__name__}).")
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()

    # --- the owner's word -----------------------------------------------------------------------

    @property
    def armed(self) -> Armed | None:
        """The owner's word, while plots may go."""
        return self.word.armed

    async def arm(self, armed: Armed, disarmed: int) -> None:
        """Let old plots go from now on.

        Args:
            armed: the owner's word.
            disarmed: how often it had been disarmed when the word was given; a later no holds.

        Raises:
            Refusal: it was disarmed or the settings changed since then, or it cannot be written
                down; it does not hold.
        """
        if armed.settings != settings_print(self.rules):
            raise Refusal("The settings of [replot] have changed meanwhile, so nothing is armed.")
        await self._owe_nothing()
        await self.word.give(armed, disarmed)
        self._checks.forget()
        self._wake.set()

    async def _owe_nothing(self) -> None:
        """No old plot goes any more for what has ended by now."""
        ended = [job for job in self._roster.all() if job.replaces and not job.state.live]
        if ended:
            await self._roster.put(*(replace(job, replaces=()) for job in ended))

    async def halt(self, reason: str) -> None:
        """Take the owner's word back, and tell why; nothing where there is none."""
        if self.armed is None:
            return
        log.warning("replotting stops: %s", reason)
        await self.word.break_off(reason)
        await self._tell(EventKind.REPLOT_HALTED, {"reason": reason})

    @property
    def last_row(self) -> int:
        """The number of the journal's last row."""
        return self.entries[-1].number if self.entries else 0

    def _word_changed(self) -> None:
        self.waits = {}
        self._roster.tell()

    # --- what the planner asks ------------------------------------------------------------------

    def slots(self, busy: Sequence[Job]) -> Slots:
        """Where a new plot may go now in place of old ones.

        Args:
            busy: live jobs, also foreign ones.
        """
        if self.armed is None or self.rules.why_not(self._now()):
            return NO_SLOTS
        owing = [job for job in self._owing(self.armed) if not job.state.live]
        busy = [*busy, *owing]
        return slots(
            self.armed, self.rules, self.steps(), self._journaled(), self._drives(), busy
        )  # fmt: skip

    def why_idle(self) -> str | None:
        """Why replot drives take no plots now, for those who wait; None where they do."""
        if not self.rules.enabled:
            return None
        if self.armed is None:
            return self.word.halted or "replotting is not armed; `/replot arm` does that"
        return self.rules.why_not(self._now())

    def steps(self) -> Sequence[Step]:
        """The old plots that may still go, in order."""
        if self.armed is None:
            return ()
        return self.stock.steps(self.rules.rules, self.entries, self.armed.drives)

    def stays(self) -> Mapping[int, str]:
        """The plots that stay in quarantine by the settings of now: the row of each, and why."""
        said = settings_print(self.rules) if self._staying else ""
        return {row: why for (row, settings), why in self._staying.items() if settings == said}

    # --- the work -------------------------------------------------------------------------------

    async def step(self) -> None:
        """Do what is to be done now, one plot at a time."""
        async with self._working:
            if self.armed is None:
                await self._end_all()
            elif self.armed.settings != settings_print(self.rules):
                await self.halt("The settings of [replot] have changed since it was armed.")
            elif reason := self.rules.why_not(self._now()):
                await self.halt(reason)
            else:
                await self._act(self.armed)

    async def _end_all(self) -> None:
        """End the quarantine of what went under a word that was carried out."""
        over = self.word.over
        if over is None or self.rules.why_not(self._now()) or not self._any_aside():
            return
        # Its owner agreed to the end of these plots; what is old is for the settings of today.
        over = self.word.over = replace(over, settings=settings_print(self.rules))
        await self._settle(over)
        await self._end_quarantine(over)

    def _any_aside(self) -> bool:
        return any(entry.fate not in (Fate.KEPT, Fate.GONE) for entry in self.entries)

    async def _act(self, armed: Armed) -> None:
        await self._settle(armed)
        self.waits = {}
        for job in self._owing(armed):
            await self._serve(armed, job)
            if self.armed is not armed:
                return
        await self._end_quarantine(armed)
        await self._finish(armed)

    async def _serve(self, armed: Armed, job: Job) -> None:
        """Attend to one job, and tell what keeps it from being attended to."""
        try:
            await self._attend(armed, job)
        except (Vanished, Overtaken) as change:
            log.info("%s", change)
        except Odd as odd:
            if self.armed is armed:  # else it was disarmed meanwhile
                await self.halt(str(odd))
        except sqlite3.Error as error:
            await self.halt(f"The journal cannot be written: {error}.")
        except TimeoutError:
            self._wait(job, "its drive does not answer")
        except OSError as problem:
            self._wait(job, f"its drive does not answer ({problem.strerror or problem})")

    async def _settle(self, word: Armed) -> None:
        """Put down what became of what a crash left open, and tell of plots that went in it."""
        there = {drive.path for drive in self._drives() if not drive.missing}
        unknown = [e for e in self.entries if e.fate.open and e.target.drive in there]
        if not unknown:
            return
        settled: list[Entry] = []
        with suppress(sqlite3.Error):
            settled = await settle(
                self._journal, unknown, self._drives(), self._look, self._now
            )  # fmt: skip
        await self._reread()
        begun = {entry.number for entry in unknown if entry.fate is Fate.BEGUN}
        for entry in settled:
            if entry.number in begun and entry.fate.spent:
                aside = entry.fate is Fate.QUARANTINED
                await self._tell_replaced(word, entry, quarantine=aside)

    def _owing(self, armed: Armed) -> list[Job]:
        """Jobs that old plots may have to go for, the oldest first."""
        return [job for job in reversed(self._roster.all()) if acting.owes(armed, job)]

    async def _attend(self, armed: Armed, job: Job) -> None:
        job = self._roster.get(job.id) or job  # the jobs before it took their time
        if any(drive.missing for drive in self._drives() if drive.path == job.out):
            self._wait(job, "its drive is missing")
            return
        scene = await self._scene(armed, job)
        action = decide(scene)
        if isinstance(action, Delete):
            await self._delete(armed, job, action, scene)
        elif isinstance(action, Purge):
            await self._purge(armed, action.entry, job)
        elif isinstance(action, Wait):
            self._wait(job, action.reason)
        elif isinstance(action, Check):
            self._check(job)
        elif action.over:
            await self._roster.put(replace(self._roster.get(job.id) or job, replaces=()))

    async def _scene(self, armed: Armed, job: Job) -> Scene:
        free, coming = 0, job.out_need
        needed = not job.state.live or job.phase >= acting.first_phase(job)
        if needed:
            free, coming = await self._room(job)
        return Scene(
            now=self._now(),
            rules=self.rules,
            armed=armed,
            job=job,
            free=free,
            coming=coming,
            steps=self._steps_for(job),
            entries=self._journaled(),
            checked=self._checks.sound(job),
            short_at_first=self._short.get(job.id),
            failed=acting.failed(armed, self._roster.all(), self.entries),
        )  # fmt: skip

    async def _room(self, job: Job) -> tuple[int, int]:
        """Bytes free on the job's drive beside the reserve, and those that are still to come.

        Raises:
            OSError: the drive does not tell, or not in time.
        """
        question = {job.out: lambda: self._measure(job)}
        answer = (await asyncio.to_thread(self._rooms.ask, question))[job.out]
        if isinstance(answer, OSError):
            raise answer
        free, coming = answer
        return free - self._terms()[1], coming

    def _measure(self, job: Job) -> tuple[int, int]:
        free = self._look(job.out).free
        return free, still_coming(job) if job.state.live else job.out_need

    def _steps_for(self, job: Job) -> list[Step]:
        mine = (step for step in self.steps() if step.plot.drive == job.out)
        return [step for step in mine if step.plot.id in job.replaces]

    async def _delete(self, armed: Armed, job: Job, action: Delete, scene: Scene) -> None:
        self._short.setdefault(job.id, scene.coming - scene.free)
        order = self._order(armed, target_of(action.plot), job)
        order = replace(
            order, job=job.id, verified=action.verified, quarantine=action.quarantine
        )  # fmt: skip
        try:
            await delete(order, self._journal, self._now)
        except Vanished:
            self.stock.vanished(action.plot.path)
            raise
        finally:
            await self._reread()
            self._look_again()
        await self._tell_replaced(armed, order, quarantine=order.quarantine)

    async def _purge(self, armed: Armed, entry: Entry, job: Job | None = None) -> None:
        order = self._order(armed, entry.target, job)
        try:
            await purge(entry, order, self._journal, self._now)
        except Vanished:  # somebody took it out of there
            await self._journal.mark(entry.number, Fate.GONE, self._now())
        except NotOld:
            self._stay(entry, "it is not old by the rule any more")
        finally:
            await self._reread()

    def _order(self, armed: Armed, target: Target, job: Job | None) -> Order:
        drive = next((one for one in self._drives() if one.path == target.drive), None)
        if drive is None:
            raise Odd(f"{target.drive} is no drive of the settings any more.")
        rules = self.stock.with_own(self.rules.rules)
        return Order(target, drive, rules, lambda: self._refusal(armed, job), by=armed.by)

    def _refusal(self, armed: Armed, job: Job | None) -> str | None:
        """Why a plot may not go now, asked at the last moment; in a thread.

        Raises:
            Overtaken: what it was to go for is not so any more.
        """
        if not self.word.is_valid(armed):
            return "It was disarmed."
        if armed.settings != settings_print(self.rules):
            raise Overtaken("The settings of [replot] have changed.")
        if job is not None:
            self._require_unchanged(job)
        return None

    def _require_unchanged(self, job: Job) -> None:
        present = self._roster.get(job.id)
        if present is None or present.state is not job.state:
            raise Overtaken(f"{job.label} has gone on meanwhile; its old plots wait.")

    def _check(self, job: Job) -> None:
        self._wait(job, "its new plot is being checked")
        fault = self._checks.fault(job, self.rules.proofs)
        if fault is not None:
            raise Odd(f"The new plot of job {job.id} did not stand its check: {fault}")

    async def _end_quarantine(self, word: Armed) -> None:
        """Let one plot go whose time in quarantine is over."""
        drives = self._to_be_emptied(word)
        entry = acting.overdue(self._journaled(), self.rules, self._now(), drives)
        if entry is None:
            return
        try:
            await self._purge(word, entry)
        except Overtaken as change:
            log.info("%s", change)
        except sqlite3.Error as error:
            await self.halt(f"The journal cannot be written: {error}.")
        except Odd as odd:
            if self.armed is word:
                await self.halt(str(odd))
            elif self.word.over is word:  # there is no word to take back
                self._stay(entry, str(odd))

    def _to_be_emptied(self, word: Armed) -> set[str]:
        """The drives that are there, of those whose quarantine is to end."""
        named = {*word.drives, *(self.word.over.drives if self.word.over else ())}
        ready = [one for one in self._drives() if one.kind is DriveKind.REPLOT and not one.problem]
        return named & {drive.path for drive in ready}

    def _stay(self, entry: Entry, reason: str) -> None:
        """Leave a plot in quarantine, as long as the settings are as they are."""
        where = shown(os.path.join(entry.target.drive, QUARANTINE, entry.target.name))  # noqa: PTH118
        log.warning("%s stays there: %s", where, reason)
        self._staying[entry.number, settings_print(self.rules)] = f"{where} stays there: {reason}"

    def _journaled(self) -> list[Entry]:
        """The journal, in which plots that stay in quarantine are as good as gone."""
        stays = self.stays()
        return [
            replace(entry, fate=Fate.GONE) if entry.number in stays else entry
            for entry in self.entries
        ]

    async def _finish(self, armed: Armed) -> None:
        """Tell when all is done that was agreed to."""
        gone, steps = acting.under(armed, self.entries), self.steps()
        if self._owing(armed) or (len(gone) < armed.most and self._goes_on(armed, steps)):
            return
        freed = sum(entry.target.size for entry in gone)
        data = {"plots": len(gone), "bytes": freed, "of": armed.most, "left": len(steps)}
        await self._tell(EventKind.REPLOT_DONE, data)
        if self.armed is armed:
            await self.word.carry_out(armed)

    def _look_again(self) -> None:
        """Have the inventory read the drives anew, beside all else."""
        if self._scan is None or self._scan.done():
            self._scan = asyncio.create_task(self._inventory.rescan(), name="replot scan")

    def _goes_on(self, armed: Armed, steps: Sequence[Step]) -> bool:
        """Whether a drive takes a new plot for its old ones, or may when it is back."""
        drives = {drive.path: drive for drive in self._drives()}
        if not steps or any(path not in drives or drives[path].problem for path in armed.drives):
            return bool(steps)
        need, reserve = self._terms()
        free = slots(armed, self.rules, steps, self._journaled(), self._drives(), ()).freeable
        return any(drives[path].free - reserve + more >= need for path, more in free.items())

    async def _reread(self) -> None:
        """Take up what the journal says now, and what the drives hold."""
        with suppress(sqlite3.Error):
            self.entries = list(await self._journal.entries())
        self._roster.tell()

    def _wait(self, job: Job, reason: str) -> None:
        if self.waits.get(job.id) != reason:
            log.info("replotting waits for %s: %s", job.label, reason)
        self.waits[job.id] = reason

    async def _tell_replaced(self, word: Armed, went: Order | Entry, *, quarantine: bool) -> None:
        job = self._roster.get(went.job)
        data = {
            "old": went.target.id, "old_bytes": went.target.size, "new": job and job.plot_id,
            "new_bytes": job and (job.final_size or job.out_need), "drive": went.target.drive,
            "verified": went.verified, "quarantine": quarantine,
            "done": len(acting.under(word, self.entries)), "of": word.most,
        }  # fmt: skip
        await self._tell(EventKind.PLOT_REPLACED, data)

    async def _tell(self, kind: EventKind, data: Mapping[str, object]) -> None:
        await self._roster.put(events=[Event(kind, self._now(), None, data)])
