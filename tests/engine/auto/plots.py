"""Plots in the making, for the tests of auto mode."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plotobot.engine.auto.bound import Machine, OutDrive, TempDrive
from plotobot.engine.auto.forecast import Auto
from plotobot.engine.auto.profile import built_in
from plotobot.engine.case import Kind
from plotobot.engine.config import Profile
from plotobot.engine.models import GIB, Drive, DriveKind, Job, JobState
from plotobot.plotters.base import Needs

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PEAK = 239 * GIB
PLOT = 101 * GIB
CHIA = built_in()["chia"]


def job(number, status="1.1", ago=0.0, share=0.0, temp="/t1", **more):
    """A plot that reached its status so many seconds ago and holds a share of its peak."""
    reached = CHIA.begins[CHIA.spans[status][0]]
    return Job(
        id=f"{number:04}", plotter="chia", k=32, temp=temp, out="/out", state=JobState.RUNNING,
        status=status, started_at=NOW - timedelta(seconds=reached + ago), temp_need=PEAK,
        out_need=PLOT, temp_used=round(share * PEAK), pid=number, marks=((status, reached),),
        **more,
    )  # fmt: skip


def auto(cores=20.0, memory=200e9, gap=600.0, rate=1e12, **more):
    """A machine with plenty of all but room."""
    machine = Machine(cores, memory, [TempDrive("/t1", 0, rate)], [OutDrive("/out", 180e6)])
    return Auto(machine, {("chia", 32): CHIA}, gap=gap, **more)


def drives(size, jobs=(), temps=("/t1",)):
    """Temp drives of one size, with what the jobs hold on each taken away, and an out drive."""
    held = {temp: sum(one.temp_used for one in jobs if one.temp == temp) for temp in temps}
    found = [
        Drive(DriveKind.TEMP, temp, temp, round(size), round(size) - held[temp]) for temp in temps
    ]
    return [*found, Drive(DriveKind.OUT, "/out", "/out", 10**15, 10**15)]


KIND = Kind(Profile(), Needs(temp=PEAK, temp2=0, out=PLOT))
