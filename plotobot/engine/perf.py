"""What jobs take of the machine: CPU, memory, traffic and space, children included.

One pass over the process table serves all jobs. A rate is the difference between two looks at
counters that only grow; nothing ever sleeps to measure one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter

from plotobot.engine.models import Job
from plotobot.engine.processes import Processes
from plotobot.engine.processes.base import Row, Usage
from plotobot.engine.store import Store
from plotobot.engine.summary import Perf

APART = 1.0
"""Seconds that two looks must lie apart for a rate."""


@dataclass(frozen=True, slots=True)
class Tally:
    """All that was seen of a job; kept over restarts."""

    seconds: float = 0.0
    """From its start to the last look."""
    looks: int = 0
    cpu_seconds: float = 0.0
    memory: float = 0.0
    """Average bytes over all looks."""
    peak: int = 0
    read_bytes: int = 0
    write_bytes: int = 0
    temp: int = 0
    """The most bytes of temp files; likewise the next."""
    out: int = 0

    def with_look(self, job: Job, usage: Usage, now: datetime) -> Tally:
        """With one look more; a counter that shrank lost a process, and stays."""
        started = job.started_at or now
        return Tally(
            seconds=max(self.seconds, (now - started).total_seconds()),
            looks=self.looks + 1,
            cpu_seconds=max(self.cpu_seconds, usage.cpu_seconds),
            memory=self.memory + (usage.rss - self.memory) / (self.looks + 1),
            peak=max(self.peak, usage.rss),
            read_bytes=max(self.read_bytes, usage.read_bytes),
            write_bytes=max(self.write_bytes, usage.write_bytes),
            temp=max(self.temp, job.temp_used + job.temp2_used),
            out=max(self.out, job.out_used),
        )


@dataclass(frozen=True, slots=True)
class _Look:
    clock: float
    usage: Usage


class PerfMeter:
    """Looks at the jobs' processes, and keeps a tally of each job."""

    def __init__(self, store: Store, processes: Processes, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self._counters = Counters(processes)
        self._tallies: dict[str, Tally] = {}
        self._looks: dict[str, tuple[_Look, _Look]] = {}
        self._looking = asyncio.Lock()

    async def note(self, jobs: Sequence[Job]) -> None:
        """Look at the live ones of some jobs, and keep what was seen."""
        live = [job for job in jobs if job.state.live and job.pid]
        async with self._looking:
            await self._know(live)
            usages = await asyncio.to_thread(self._counters.read, pids_of(live))
            seen = [job for job in live if job.id in usages]
            for job in seen:
                self._take(job, usages[job.id])
            rows = [(job.id, _adapter().dump_json(self._tallies[job.id])) for job in seen]
            if rows:
                await self._store.run(lambda db: _put(db, rows))
            self._forget({job.id for job in live})

    async def of(self, jobs: Sequence[Job]) -> dict[str, Perf]:
        """What jobs take now, and what ended ones took; nobody knows of some."""
        await self.note(jobs)
        ended = [job.id for job in jobs if not job.state.live]
        tallies = await self._store.run(lambda db: _get(db, ended))
        found = {job_id: average(job_id, tally) for job_id, tally in tallies.items()}
        for job in jobs:
            if job.state.live and job.id in self._looks:
                found[job.id] = self._lately(job)
        return found

    async def _know(self, jobs: Sequence[Job]) -> None:
        """Go on with the tallies of an earlier run."""
        unknown = [job.id for job in jobs if job.id not in self._tallies]
        if unknown:
            kept = await self._store.run(lambda db: _get(db, unknown))
            self._tallies |= {job_id: kept.get(job_id, Tally()) for job_id in unknown}

    def _take(self, job: Job, usage: Usage) -> None:
        self._tallies[job.id] = self._tallies[job.id].with_look(job, usage, self._now())
        look = _Look(time.monotonic(), usage)
        before, last = self._looks.get(job.id, (look, look))
        self._looks[job.id] = (last if look.clock - last.clock >= APART else before, look)

    def _forget(self, live: set[str]) -> None:
        for job_id in self._looks.keys() - live:
            del self._looks[job_id]
        for job_id in self._tallies.keys() - live:
            del self._tallies[job_id]

    def _lately(self, job: Job) -> Perf:
        (before, last), tally = self._looks[job.id], self._tallies[job.id]
        so_far, usage = average(job.id, tally), last.usage
        perf = replace(
            so_far,
            memory=usage.rss,
            temp=job.temp_used + job.temp2_used,
            out=job.out_used,
            processes=usage.processes,
        )
        seconds = last.clock - before.clock
        if seconds < APART:  # the first look: what it took since its start says more than nothing
            return perf
        return replace(
            perf,
            cpu=max(0.0, usage.cpu_seconds - before.usage.cpu_seconds) / seconds * 100,
            read_rate=max(0, usage.read_bytes - before.usage.read_bytes) / seconds,
            write_rate=max(0, usage.write_bytes - before.usage.write_bytes) / seconds,
        )


def average(job_id: str, tally: Tally) -> Perf:
    """What a job took on average from its start to the last look."""
    seconds = tally.seconds
    return Perf(
        job=job_id,
        cpu=tally.cpu_seconds / seconds * 100 if seconds else None,
        memory=round(tally.memory),
        peak=tally.peak,
        read_rate=tally.read_bytes / seconds if seconds else None,
        write_rate=tally.write_bytes / seconds if seconds else None,
        read_bytes=tally.read_bytes,
        write_bytes=tally.write_bytes,
        temp=tally.temp,
        out=tally.out,
    )


async def tallies(store: Store, jobs: Iterable[Job]) -> dict[str, Tally]:
    """All that was seen of some jobs, by job id; nobody knows of some."""
    job_ids = [job.id for job in jobs]
    return await store.run(lambda db: _get(db, job_ids))


def pids_of(jobs: Iterable[Job]) -> dict[str, int]:
    """The plotters' pids by job id."""
    return {job.id: job.pid for job in jobs if job.pid}


class Counters:
    """Reads the counters of many process trees in one pass. Blocks: for a thread, one at a time."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def read(self, leaders: Mapping[str, int]) -> dict[str, Usage]:
        """What each plotter and all below it take.

        Args:
            leaders: the plotters' pids by job id.

        Returns:
            By job id; one whose processes are gone is left out.
        """
        table = self._processes.table()
        members = members_of(table, {pid: job_id for job_id, pid in leaders.items()})
        look_at = self._processes.usage
        looks = {
            job_id: [look for pid in pids if (look := look_at(table[pid]))]
            for job_id, pids in members.items()
        }
        return {job_id: _sum(some) for job_id, some in looks.items() if some}


def members_of(table: Mapping[int, Row], jobs: Mapping[int, str]) -> dict[str, list[int]]:
    """The pids of each job: a leader, its session, and all below them. Pure.

    Args:
        table: the process table.
        jobs: the job's id by its leader's pid.
    """
    owners: dict[int, str | None] = {}

    def owner(pid: int) -> str | None:
        way: list[int] = []
        found: str | None = None
        while pid not in owners and pid in table and len(way) < len(table):
            way.append(pid)
            row = table[pid]
            if found := jobs.get(pid) or jobs.get(row.session):
                break
            pid = row.parent
        found = found or owners.get(pid)
        owners.update(dict.fromkeys(way, found))
        return found

    members: dict[str, list[int]] = {}
    for pid, row in table.items():
        if not row.zombie and (job_id := owner(pid)):
            members.setdefault(job_id, []).append(pid)
    return members


def _sum(looks: Sequence[Usage]) -> Usage:
    return Usage(
        len(looks),
        sum(one.cpu_seconds for one in looks),
        sum(one.rss for one in looks),
        sum(one.read_bytes for one in looks),
        sum(one.write_bytes for one in looks),
    )


@cache
def _adapter() -> TypeAdapter[Tally]:
    return TypeAdapter(Tally)


def _put(db: sqlite3.Connection, rows: Sequence[tuple[str, bytes]]) -> None:
    db.executemany(
        "INSERT INTO perf VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        [(job_id, body.decode()) for job_id, body in rows],
    )


def _get(db: sqlite3.Connection, job_ids: Iterable[str]) -> dict[str, Tally]:
    sql = "SELECT body FROM perf WHERE job = ?"
    found = {job_id: db.execute(sql, (job_id,)).fetchone() for job_id in job_ids}
    return {job_id: _adapter().validate_json(row[0]) for job_id, row in found.items() if row}
