"""Auto mode's rules, beside the farmer's caps: each says why a drive waits, or None. Pure.

They ask what a plot takes at the moment it takes it, and not what it may come to take: a plot past
its peak lets the next one start.
"""

from __future__ import annotations

from datetime import timedelta

from plotobot.engine.auto.bankers import may_start
from plotobot.engine.auto.forecast import (
    CAPACITY,
    CROWDED,
    IDLE,
    MARGIN,
    OVERBOOKED,
    PACE,
    Forecast,
)
from plotobot.engine.auto.profile import StageProfile
from plotobot.engine.auto.standing import UNKNOWN, Standing
from plotobot.engine.case import Case
from plotobot.engine.choice import planned
from plotobot.engine.models import Drive, Job
from plotobot.engine.rules import RULES, RuleTable, Wait, gib


def _memory(case: Case) -> Wait | None:
    forecast = _of(case)
    need = forecast.auto.memory_of(_job(case))
    there = forecast.auto.machine.memory
    if not forecast.plots or forecast.memory + need <= there:
        return None
    return Wait(
        f"{gib(round(forecast.memory))} of {gib(round(there))} of memory are taken; "
        f"a plot takes {gib(round(need))}"
    )


def _cores(case: Case) -> Wait | None:
    forecast = _of(case)
    cores = forecast.auto.machine.cores
    wanted = _profile(case).opening[0]
    if forecast.cores < cores or forecast.cores + wanted <= OVERBOOKED * cores:
        return None
    return Wait(
        f"the plots want {forecast.cores:.1f} of {cores:.1f} cores in the stages they are in; "
        f"phase 1 of one more wants {wanted:.1f}, and {OVERBOOKED * cores:.1f} is the most"
    )


def _pace(case: Case) -> Wait | None:
    forecast = _of(case)
    gap, now = PACE * forecast.auto.gap, case.world.now
    recent = [at for _, at in case.world.starts if abs((now - at).total_seconds()) < gap]
    cores, wanted = forecast.auto.machine.cores, _profile(case).opening[0]
    if not recent or forecast.cores < IDLE * cores or forecast.cores + wanted <= cores:
        return None
    last = max(recent)
    ago = max(0.0, (now - last).total_seconds()) / 60
    return Wait(
        f"a plot was started {ago:.1f} min ago; this machine can make one in "
        f"{forecast.auto.gap / 60:.1f} min at best, and starts keep {PACE:.0%} of that apart",
        last + timedelta(seconds=gap),
    )


def _drive_speed(case: Case) -> Wait | None:
    forecast, path = _of(case), case.drive.path
    rate, wanted = forecast.rate(path), _profile(case).opening[1]
    there = forecast.auto.rate(path)
    if not rate or rate + wanted <= CROWDED * there:
        return None
    return Wait(
        f"the plots here want to move {_mb(rate)} MB/s and one more {_mb(wanted)}; the drive "
        f"does {_mb(there)}, and {CROWDED:.0%} of that is the most"
    )


def _saturated(case: Case) -> Wait | None:
    most = _of(case).auto.most.get(case.drive.path)
    if most is None or len(case.on_drive()) < most:
        return None
    return Wait(f"with more than {most} plots at once this drive was seen to bring fewer")


def _space_ahead(case: Case) -> Wait | None:
    forecast, path, new = _of(case), case.drive.path, _new(case)
    if not forecast.auto.can_pause:
        return _temp_space(case)
    room = forecast.room(path)
    if new.job.temp_need > room * CAPACITY:
        return Wait(f"a plot takes {gib(new.job.temp_need)}, and {gib(round(room))} are for plots")
    here = forecast.sharing(path)
    if here and (fullest := forecast.fullest(path, new)) > room * MARGIN:
        return Wait(
            f"with one more plot now, those here would come to take {gib(round(fullest))} of "
            f"{gib(round(room))} together; {gib(round(sum(one.use for one in here)))} are in use"
        )
    if not may_start(here, new, room * CAPACITY, forecast.auto.horizon):
        return Wait("with one more plot, not all here could be sure to reach their peaks")
    return None


def _of(case: Case) -> Forecast:
    if case.forecast is None:
        raise AssertionError("a rule of auto mode in rules mode")
    return case.forecast


def _profile(case: Case) -> StageProfile:
    """How the kind of plot goes that is asked for."""
    plot = case.kind.profile.plot
    return _of(case).auto.profiles.get((plot.plotter, plot.k), UNKNOWN)


def _job(case: Case) -> Job:
    return planned(case.kind.profile, case.kind.needs, case.drive.path, None, "")


def _new(case: Case) -> Standing:
    """Where the plot would stand that is asked for; what it leaves behind comes after it."""
    return _of(case).new(_job(case), case.world.now)


def _mb(rate: float) -> str:
    return f"{rate / 1e6:.0f}"


def auto_order(drive: Drive, forecast: Forecast) -> tuple[float, int, str]:
    """Sorts temp drives: the least of its speed in use, then the fewest plots."""
    plots = [one for one in forecast.sharing(drive.path) if one.job.temp == drive.path]
    there = forecast.auto.rate(drive.path)
    used = sum(one.rate for one in plots) / there if there < float("inf") else 0.0
    return used, len(plots), drive.path


def auto_why(case: Case, forecast: Forecast) -> str:
    """The numbers that let a plot start."""
    new, path = _new(case), case.drive.path
    known = forecast.auto.profile(new.job) or UNKNOWN
    basis = f"learnt from {known.plots} plots" if known.plots else "built-in stage times"
    return (
        f"{forecast.cores:.1f} of {forecast.auto.machine.cores:.1f} cores wanted, "
        f"{gib(round(forecast.memory))} of {gib(round(forecast.auto.machine.memory))} of memory, "
        f"at most {gib(round(forecast.fullest(path, new)))} of {gib(round(forecast.room(path)))} "
        f"to come on the drive; {basis}"
    )


_temp_space = dict(RULES)["temp_space"]
_OWN: RuleTable = (
    ("memory", _memory),
    ("cores", _cores),
    ("pace", _pace),
    ("drive_saturated", _saturated),
    ("drive_speed", _drive_speed),
    ("space_ahead", _space_ahead),
)
AUTO_RULES: RuleTable = (
    *(rule for rule in RULES if rule[0] not in ("temp_space", "no_out_drive")),
    *_OWN,
    *(rule for rule in RULES if rule[0] == "no_out_drive"),
)
"""The farmer's own first: his caps hold in every mode."""
