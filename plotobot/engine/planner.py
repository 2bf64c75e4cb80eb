"""Decides where plots start. Pure: no clock, no disk, no await.

A pass judges every temp drive on its own, the one with the fewest jobs first and for each kind of
plot in turn, and again after each start, until no drive may take another. `rules.py` has the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plotobot.engine.auto.forecast import Forecast
from plotobot.engine.auto.rules import AUTO_RULES, auto_order, auto_why
from plotobot.engine.case import Case, Kind, Rules, World
from plotobot.engine.choice import planned, temp_order
from plotobot.engine.models import Drive, DriveKind, Hold, Job
from plotobot.engine.rules import RULES, RuleTable, gib
from plotobot.engine.space import Ledger


@dataclass(frozen=True, slots=True)
class Start:
    """Start a plot with these folders."""

    temp: str
    out: str
    temp2: str | None
    kind: Kind
    why: str = ""
    """What spoke for it, with the numbers."""
    replaces: tuple[str, ...] = ()
    """Ids of the old plots that may go for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass decided: plots to start, and for every drive why it got no more."""

    starts: tuple[Start, ...]
    holds: tuple[Hold, ...]


def plan(world: World, rules: Rules) -> Plan:
    """Decide which plots start now and what holds each drive after that."""
    starts: list[Start] = []
    while True:
        start, holds = _next_start(world, rules)
        if start is None:
            return Plan(tuple(starts), holds)
        starts.append(start)
        world = _with(world, start, len(starts))


def _with(world: World, start: Start, number: int) -> World:
    """The world once that start is made."""
    of_kind = world.spawned_of.get(start.kind.name, 0)
    return replace(
        world,
        jobs=[*world.jobs, _job(start, number)],
        spawned=world.spawned + 1,
        spawned_of={**world.spawned_of, start.kind.name: of_kind + 1},
        starts=[*world.starts, (start.temp, world.now)],
    )


def _next_start(world: World, rules: Rules) -> tuple[Start | None, tuple[Hold, ...]]:
    """Give the first drive that may start a plot its start, else all their reasons."""
    ledger = Ledger.of(world.drives, world.jobs, rules.reserve, world.freeable)
    drives = [drive for drive in world.drives if drive.kind is DriveKind.TEMP]
    if not drives:
        return None, (Hold("", "no_temp_drive", "no temp drive is configured"),)
    holds: dict[str, list[Hold]] = {}
    forecast = _forecast(world, rules)
    table = AUTO_RULES if forecast else RULES
    for drive in _in_order(drives, world, ledger, forecast):
        for kind in rules.kinds:
            case = Case(drive, kind, world, rules, ledger, forecast)
            hold = _first_hold(case, table)
            if hold is None:
                return _start(case), ()
            holds.setdefault(drive.path, []).append(hold)
    return None, tuple(hold for drive in drives for hold in _merged(holds[drive.path]))


def _forecast(world: World, rules: Rules) -> Forecast | None:
    if rules.auto is None:
        return None
    return Forecast.of(rules.auto, world.drives, world.jobs, world.now, rules.reserve)


def _in_order(
    drives: Sequence[Drive], world: World, ledger: Ledger, forecast: Forecast | None
) -> list[Drive]:
    """The drives in the order they are asked, the best first."""
    if forecast:
        return sorted(drives, key=lambda drive: auto_order(drive, forecast))
    return sorted(drives, key=lambda drive: temp_order(drive, world.jobs, ledger))


def _first_hold(case: Case, table: RuleTable) -> Hold | None:
    for name, rule in table:
        if wait := rule(case):
            return Hold(case.drive.path, name, wait.reason, wait.until, case.kind.name)
    return None


def _merged(holds: Sequence[Hold]) -> Sequence[Hold]:
    """What holds a drive; said once where it is the same for every kind of plot."""
    same = {replace(hold, profile="") for hold in holds}
    return tuple(same) if len(same) == 1 else holds


def _start(case: Case) -> Start:
    folders = case.choice.folders(case.drive)
    if folders is None:  # the rule "no_out_drive" has been asked before
        raise AssertionError("a start without an out drive")
    out, temp2 = folders
    return Start(
        case.drive.path, out.path, temp2.path if temp2 else None, case.kind, _why(case, out)
    )


def _why(case: Case, out: Drive) -> str:
    """The numbers that let a plot start."""
    if case.forecast:
        return auto_why(case, case.forecast)
    return (
        f"{len(case.on_drive())} of {case.here.max_parallel} jobs on the drive, "
        f"{len(case.world.jobs)} of {case.limits.max_parallel} in all, "
        f"{gib(case.ledger.room(case.drive))} free there after promises, "
        f"{gib(case.ledger.room(out))} on {out.path}"
    )


def _job(start: Start, number: int) -> Job:
    """A start counted as a job for the rest of the pass."""
    profile, needs = start.kind.profile, start.kind.needs
    return planned(profile, needs, start.temp, start.temp2, start.out, f"planned-{number}")
