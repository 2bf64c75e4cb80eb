"""Suggestions for the settings as far as they are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plotobot.engine.launcher import order_of
from plotobot.engine.models import Drive, DriveKind
from plotobot.plotters import PLOTTERS, plotter
from plotobot.plotters.base import Needs
from plotobot.setting_up.advice import (
    Advice,
    k_advice,
    levels,
    out_advice,
    pace_advice,
    plotter_advice,
    temp_advice,
)
from plotobot.setting_up.machine import Machine
from plotobot.settings.editing import Draft
from plotobot.surroundings import look_at_drives


def drives_now(draft: Draft, kind: DriveKind) -> Sequence[Drive]:
    """The drives of one kind as they are now. Blocks."""
    return [one for one in look_at_drives(draft.settings.engine) if one.kind is kind]


def plotter_plan(machine: Machine) -> Advice:
    """Which plotter."""
    return plotter_advice(machine, PLOTTERS)


def drive_plan(draft: Draft, machine: Machine, kind: DriveKind) -> Advice | None:
    """Which drives of those that are found and not taken; None where that is the farmer's own."""
    taken = {
        entry
        for other in DriveKind
        if other is not kind
        for entry in getattr(draft.written.drives, other.value)
    }
    if kind is DriveKind.TEMP:
        return temp_advice(machine, _needs(draft).temp, taken)
    if kind is DriveKind.OUT:
        return out_advice(machine, _needs(draft).out, taken)
    return None


def pace_plan(draft: Draft, machine: Machine) -> Mapping[str, Advice]:
    """How large plots, and how many at once, by dotted key. Blocks."""
    plot = draft.settings.engine.plot
    chosen = plotter(plot.plotter)
    plan = {"plot.k": k_advice(chosen)}
    known = levels(chosen, plot)
    if known and known[0] > 0:  # it makes no plots without compression, so 0 will not do
        plan["plot.compression"] = Advice(known[0], f"{chosen.name} takes {_list(known)}")
    free = [drive.free for drive in drives_now(draft, DriveKind.TEMP)]
    return plan | dict(pace_advice(machine, chosen, _needs(draft), free))


def _needs(draft: Draft) -> Needs:
    plot = draft.settings.engine.plot
    return plotter(plot.plotter).needs(order_of(plot, "t", None, "o"))


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
