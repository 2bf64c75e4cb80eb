"""The limits that can be changed while the engine runs. Pure.

Each is known by its key in the settings' table `[spawn]`, and counted as it is written there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plotobot.engine.config import Limits
from plotobot.engine.models import LimitView
from plotobot.errors import Refusal


@dataclass(frozen=True, slots=True)
class Knob:
    """One limit: how it is read from the limits and put into them."""

    name: str
    most: float
    read: Callable[[Limits], float]
    put: Callable[[Limits, float], Limits]
    least: float = 0
    whole: bool = True

    def checked(self, value: float) -> float:
        """The value, where it may be set.

        Raises:
            Refusal: it may not.
        """
        if not self.least <= value <= self.most or (self.whole and value != int(value)):
            kind = "a whole number" if self.whole else "a number"
            must = f"{kind} from {self.least:g} to {self.most:g}"
            raise Refusal(f"{self.name} is {value:g}, but must be {must}.")
        return int(value) if self.whole else value


def _with(limits: Limits, name: str, value: Any) -> Limits:
    changes = {name: value}
    return replace(limits, **changes)


def _whole(name: str, most: int, least: int = 0) -> Knob:
    def put(limits: Limits, value: float) -> Limits:
        return _with(limits, name, int(value))

    return Knob(name, most, lambda limits: int(getattr(limits, name)), put, least)


def _minutes(name: str, least: float = 0) -> Knob:
    def put(limits: Limits, value: float) -> Limits:
        return _with(limits, name, value * 60)

    def read(limits: Limits) -> float:
        return round(float(getattr(limits, name)) / 60, 3)

    return Knob(f"{name}_minutes", 1440, read, put, least, whole=False)


def _in_phase(phase: int, field: str, end: str) -> Knob:
    """A cap on a phase; 0 takes it away."""

    def put(limits: Limits, value: float) -> Limits:
        caps = {**getattr(limits, field), phase: int(value)}
        return _with(limits, field, {number: most for number, most in caps.items() if most})

    def read(limits: Limits) -> float:
        return int(getattr(limits, field).get(phase, 0))

    return Knob(f"max_phase_{phase}{end}", 1000, read, put)


KNOBS: Mapping[str, Knob] = {
    knob.name: knob
    for knob in (
        _whole("max_parallel", 1000, 1),
        _whole("max_parallel_per_drive", 1000, 1),
        *(_in_phase(phase, "max_in_phase", "") for phase in (1, 2, 3, 4)),
        *(_in_phase(phase, "max_in_phase_per_drive", "_per_drive") for phase in (1, 2, 3, 4)),
        _whole("start_early_phase", 4),
        _minutes("wait_between_drives"),
        _minutes("wait_same_drive"),
        _minutes("interval", 0.1),
    )
}


def changed(limits: Limits, changes: Mapping[str, float]) -> Limits:
    """The limits with changes made to them.

    Raises:
        Refusal: there is no such limit, or it may not be so.
    """
    for name, value in changes.items():
        if name not in KNOBS:
            raise Refusal(f"{name} is no limit; known are {', '.join(KNOBS)}.")
        limits = KNOBS[name].put(limits, KNOBS[name].checked(value))
    return limits


def views(limits: Limits, written: Limits) -> Sequence[LimitView]:
    """Each limit as it is now and as the settings have it."""
    return [LimitView(name, knob.read(limits), knob.read(written)) for name, knob in KNOBS.items()]


def carried(limits: Limits, written: Limits, rewritten: Limits) -> Limits:
    """The limits of changed settings, with what was changed by command still so.

    A limit that the new settings set anew is as they say.
    """
    fresh = {view.name: view.value for view in views(rewritten, written)}
    kept = {
        view.name: view.value
        for view in views(limits, written)
        if view.value != view.written and fresh[view.name] == view.written
    }
    return changed(rewritten, kept)
