"""A make-believe machine on which plots take space as real ones may, for the planner to start on.

It stands in for days of plotting: drives fill and empty, plots go on in any order, other files come
and go, and Plotobot is started anew in between.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from plotobot.engine.case import Kind, Rules, World
from plotobot.engine.config import DriveLimits, Limits, Profile
from plotobot.engine.models import GIB, Drive, DriveKind, Job, JobState
from plotobot.engine.planner import Plan, plan
from plotobot.engine.space import Ledger
from plotobot.plotters.ahead import peak_ahead
from plotobot.plotters.base import Needs
from plotobot.plotters.record import CODES

LIVE = CODES[:-1]


@dataclass
class Disk:
    """A file system and what stands on it, in bytes."""

    size: int
    foreign: int = 0
    plots: int = 0
    """Finished ones."""


@dataclass
class Machine:
    """Disks by name, drives on them, and the jobs of one quota."""

    disks: dict[str, Disk]
    drives: list[Drive]
    kinds: list[Kind]
    limits: Limits
    chance: random.Random
    reserve: int = 0
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    jobs: dict[str, Job] = field(default_factory=dict)
    true_used: dict[tuple[str, str], int] = field(default_factory=dict)
    """What a job really takes on a disk at this moment."""
    starts: list[tuple[str, datetime]] = field(default_factory=list)
    number: int = 0

    # --- what is really there ---

    def disk_of(self, path: str) -> str:
        return next(drive.filesystem for drive in self.drives if drive.path == path)

    def used(self, disk: str) -> int:
        ours = sum(size for (_, where), size in self.true_used.items() if where == disk)
        return self.disks[disk].foreign + self.disks[disk].plots + ours

    def full(self) -> list[str]:
        return [name for name, disk in self.disks.items() if self.used(name) > disk.size]

    # --- what Plotobot sees and does ---

    def look(self) -> World:
        free = {name: disk.size - self.used(name) for name, disk in self.disks.items()}
        drives = [replace(drive, free=free[drive.filesystem]) for drive in self.drives]
        measured = [self.measured(job) for job in self.jobs.values() if job.state.live]
        counts = Counter(job.profile for job in self.jobs.values())
        return World(
            self.now,
            drives,
            measured,
            spawned=len(self.jobs),
            spawned_of=dict(counts),
            starts=list(self.starts),
        )

    def measured(self, job: Job) -> Job:
        def seen(path: str | None) -> int:
            return self.true_used.get((job.id, self.disk_of(path)), 0) if path else 0

        same = self.disk_of(job.temp) == self.disk_of(job.out)
        return replace(
            job,
            temp_used=seen(job.temp),
            temp2_used=seen(job.temp2),
            out_used=0 if same else seen(job.out),
        )

    def tick(self) -> Plan:
        """One pass; afterwards nothing may have been promised twice."""
        world, rules = self.look(), Rules(self.limits, self.kinds, self.reserve)
        decided = plan(world, rules)
        for start in decided.starts:
            self.number += 1
            needs, profile = start.kind.needs, start.kind.profile
            job = Job(
                f"j{self.number}",
                "chia",
                profile.plot.k,
                start.temp,
                start.out,
                start.temp2,
                JobState.RUNNING,
                temp_need=needs.temp,
                temp2_need=needs.temp2 if start.temp2 else 0,
                out_need=needs.out,
                profile=profile.name,
            )
            self.jobs[job.id] = job
            self.starts.append((start.temp, self.now))
        self.check_promises(bool(decided.starts))
        return decided

    def check_promises(self, started: bool) -> None:
        world = self.look()
        before = Ledger.of(world.drives, world.jobs)
        for drive in world.drives:
            short = before.promised[drive.filesystem] + self.reserve - drive.free
            assert short <= 0 or not started or self.was_short(drive.filesystem), drive

    def was_short(self, disk: str) -> bool:
        """Whether a disk was short of room without any of this pass's starts on it."""
        newest = [job for job in self.jobs.values() if job.status == "Initializing"]
        return not any(
            disk in {self.disk_of(path) for path in (job.temp, job.out, job.temp2) if path}
            for job in newest
        )

    def go_on(self) -> None:
        """Some job comes to its next step and takes what it then may."""
        live = [job for job in self.jobs.values() if job.state.live]
        if not live:
            return
        job = self.chance.choice(live)
        rank = CODES.index(job.status) + self.chance.choice((0, 1, 1, 2))
        status = CODES[min(rank, len(CODES) - 1)]
        if status == "Completed":
            self.finish(job)
            return
        job = self.jobs[job.id] = replace(job, status=status)
        most = round(job.temp_need * peak_ahead("chia", status))
        self.true_used[job.id, self.disk_of(job.temp)] = self.chance.choice(
            (most, self.chance.randint(0, most))
        )
        if job.temp2:
            self.true_used[job.id, self.disk_of(job.temp2)] = self.chance.randint(0, job.temp2_need)
        if status == "Copying" and self.disk_of(job.out) != self.disk_of(job.temp2 or job.temp):
            self.true_used[job.id, self.disk_of(job.out)] = self.chance.randint(0, job.out_need)

    def finish(self, job: Job) -> None:
        for key in [key for key in self.true_used if key[0] == job.id]:
            del self.true_used[key]
        failed = self.chance.random() < 0.1
        state = JobState.FAILED if failed else JobState.COMPLETED
        if not failed:
            self.disks[self.disk_of(job.out)].plots += job.out_need
        self.jobs[job.id] = replace(job, state=state, status="Completed")

    def others_write(self) -> None:
        """Other files come or go, within what nobody was promised."""
        name = self.chance.choice(list(self.disks))
        disk, world = self.disks[name], self.look()
        promised = Ledger.of(world.drives, world.jobs).promised[name]
        room = max(0, disk.size - self.used(name) - promised)
        disk.foreign = self.chance.randint(0, disk.foreign + room)

    def farm_takes(self) -> None:
        """Finished plots are moved away."""
        disk = self.chance.choice(list(self.disks.values()))
        disk.plots = self.chance.randint(0, disk.plots)

    def wait(self) -> None:
        self.now += timedelta(minutes=self.chance.choice((1, 7, 60)))

    def check_caps(self) -> None:
        live = [job for job in self.jobs.values() if job.state.live]
        early = self.limits.start_early_phase
        counted = [job for job in live if not early or job.phase <= early]
        assert len(counted) <= self.limits.max_parallel
        for drive in self.drives:
            here = [job for job in counted if job.temp == drive.path]
            own = next((one for one in self.limits.drives if one.drive == drive.path), None)
            most = self.limits.max_parallel_per_drive
            if own is not None and own.max_parallel is not None:
                most = own.max_parallel
            assert len(here) <= most
        for kind in self.kinds:
            of_kind = sum(job.profile == kind.name for job in counted)
            assert of_kind <= (kind.profile.max_parallel or 1000)
            total = sum(job.profile == kind.name for job in self.jobs.values())
            assert total <= (kind.profile.count or 10**6)
        assert len(self.jobs) <= (self.limits.count or 10**6)


def machine(seed: int) -> Machine:
    """A random machine: some disks, folders that share them, one or two kinds of plot."""
    chance = random.Random(seed)
    disks = {f"d{n}": Disk(chance.randint(60, 2000) * GIB) for n in range(chance.randint(1, 5))}
    for disk in disks.values():
        disk.foreign = chance.randint(0, disk.size // 2)
    kinds = (DriveKind.TEMP, DriveKind.OUT, *chance.choices(list(DriveKind)[:4], k=3))
    drives = [
        Drive(kind, f"/{kind}{n}", filesystem=chance.choice(list(disks)))
        for n, kind in enumerate(kinds)
    ]
    wanted = [
        Kind(
            Profile(f"p{n}", count=_maybe(chance, 12), max_parallel=_maybe(chance, 4)),
            Needs(chance.randint(50, 250) * GIB, chance.randint(20, 110) * GIB, 50 * GIB),
        )
        for n in range(chance.randint(1, 2))
    ]
    limits = Limits(
        count=_maybe(chance, 20),
        max_parallel=chance.randint(1, 12),
        max_parallel_per_drive=chance.randint(1, 6),
        start_early_phase=chance.randint(0, 4),
        max_in_phase={1: chance.randint(1, 6)} if chance.random() < 0.5 else {},
        wait_same_drive=chance.choice((0.0, 600.0)),
        use_replot_drives=chance.random() < 0.3,
        drives=(DriveLimits("/temp0", chance.randint(0, 3)),) if chance.random() < 0.3 else (),
    )
    return Machine(disks, drives, wanted, limits, chance, chance.choice((0, GIB)))


def _maybe(chance: random.Random, most: int) -> int | None:
    return chance.choice((None, chance.randint(1, most)))
