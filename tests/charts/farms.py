"""Farms as they are in earnest, for pictures and for the tests of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plotobot.engine.models import GIB, Drive, DriveKind, DriveView, Job, JobState
from plotobot.engine.reporting.days import days_of
from plotobot.engine.reporting.forecast import full_at
from plotobot.engine.reporting.usual import expected_ends, usual_times
from plotobot.engine.summary import DriveFill, Summary

NOW = datetime(2026, 11, 25, 18, 30, tzinfo=UTC)
PHASES = (9300.0, 4100.0, 8700.0, 560.0)
"""Seconds that madMAx takes for a k32 on an NVMe of a farmer's machine with 8 threads."""
PLOT = 108_900_000_000


def job(number: int, started: datetime, chance: random.Random, **changes: object) -> Job:
    """A job as it stands at NOW."""
    pace = chance.gauss(1.0, 0.06)
    phases = [seconds * pace * chance.gauss(1.0, 0.03) for seconds in PHASES]
    copy = chance.gauss(700, 120)
    ended = started + timedelta(seconds=sum(phases) + copy)
    values: dict[str, object] = {
        "id": f"20261125-{number:04x}", "plotter": "madmax", "k": 32,
        "temp": f"/mnt/nvme{number % 4}", "out": f"/mnt/hdd{number % 6}",
        "started_at": started, "created_at": started,
    }  # fmt: skip
    if ended <= NOW:
        values |= {
            "state": JobState.COMPLETED, "status": "Completed", "fraction": 1.0, "ended_at": ended,
            "phase_seconds": tuple(phases), "copy_seconds": copy, "final_size": PLOT,
            "total_seconds": sum(phases),
        }  # fmt: skip
    else:
        elapsed, done = (NOW - started).total_seconds(), []
        for seconds in phases:
            if sum(done) + seconds >= elapsed:
                break
            done.append(seconds)
        values |= {
            "state": JobState.RUNNING, "status": f"{min(len(done) + 1, 4)}.2",
            "fraction": elapsed / (sum(phases) + copy),
            "phase_seconds": (*done, *[None] * (4 - len(done))),
        }  # fmt: skip
    return Job(**(values | changes))  # type: ignore[arg-type]


def jobs_of(lanes: int, hours: float, seed: int = 7) -> list[Job]:
    """What so many jobs at once made of the latest hours, one plot after the other."""
    chance, made, number = random.Random(seed), [], 0
    for lane in range(lanes):
        at = NOW - timedelta(hours=hours) + timedelta(seconds=sum(PHASES) / lanes * lane)
        while at < NOW:
            number += 1
            made.append(one := job(number * lanes + lane, at, chance))
            at = (one.ended_at or NOW) + timedelta(seconds=30)
    return made


def with_failures(jobs: list[Job], every: int) -> list[Job]:
    """The same jobs, of which some ran out of room in phase 3."""
    made = []
    for number, one in enumerate(jobs, 1):
        if number % every == 0 and one.state is JobState.COMPLETED and one.started_at:
            first, second = one.phase_seconds[:2]
            ended = one.started_at + timedelta(seconds=(first or 0) + (second or 0) + 2500)
            one = replace(
                one, state=JobState.FAILED, status="Failed", reason="No space left on device",
                phase_seconds=(first, second, None, None), copy_seconds=None, final_size=None,
                total_seconds=None, ended_at=ended,
            )  # fmt: skip
        made.append(one)
    return made


def fill(number: int, plots_a_day: float, used: float, seed: int = 3) -> DriveFill:
    """A drive of 7.3 TiB that took plots for a week, in steps of a whole plot."""
    total, chance = 7452 * GIB, random.Random(seed + number)
    points, now = [], int(NOW.timestamp())
    free = total * (1 - used)
    for ago in range(7 * 24):
        points.append((now - ago * 3600, int(free)))
        if chance.random() < plots_a_day / 24:
            free = min(total, free + PLOT)
    points.reverse()
    path = f"/mnt/hdd{number}"
    full = full_at(points[:-1], total, points[-1][1], NOW)
    return DriveFill(path, "out", total, tuple(points), full)


def summary(jobs: list[Job], hours: float = 24, drives: int = 6) -> Summary:
    """The summary of the latest hours of a farm."""
    since = NOW - timedelta(hours=hours)
    ended = [j for j in jobs if not j.state.live and j.ended_at and j.ended_at >= since]
    running = tuple(j for j in jobs if j.state.live)
    usual = usual_times(jobs)
    fills = tuple(
        fill(n, rate, used)
        for n, (rate, used) in enumerate(
            [(6, 0.93), (4, 0.78), (0, 0.99), (2, 0.55), (0, 0.31), (0, 0.0), (3, 0.4)][:drives]
        )
    )
    views = tuple(
        DriveView(
            Drive(DriveKind.OUT, f.path, f.path, total=f.total, free=f.points[-1][1]),
            takes=f.points[-1][1] // PLOT,
            full_at=f.full_at,
        )
        for f in fills
    )
    return Summary(
        machine="rig1", since=since, until=NOW,
        finished=tuple(j for j in ended if j.state is JobState.COMPLETED),
        failed=tuple(j for j in ended if j.state is not JobState.COMPLETED),
        running=running, drives=views, ends=expected_ends(running, usual, NOW),
        usual=tuple(usual.values()),
        days=tuple(
            days_of(
                [(j.ended_at, j.final_size or 0) for j in jobs if j.ended_at and j.final_size],
                NOW, 14, UTC,
            )
        ),
        fills=fills,
    )  # fmt: skip
