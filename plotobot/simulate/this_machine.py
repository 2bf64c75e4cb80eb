"""The farmer's own machine as a rig: drives, cores, memory, and the plots it has made. Blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plotobot.engine.auto.knowing import auto_of
from plotobot.engine.auto.profile import StageProfile
from plotobot.engine.case import Kind
from plotobot.engine.models import Drive
from plotobot.errors import Refusal
from plotobot.simulate.rig import Rig


def rig_of(
    kind: Kind,
    drives: Sequence[Drive],
    learned: Mapping[tuple[str, int], StageProfile],
    name: str = "this machine",
) -> Rig:
    """The machine as a rig for one kind of plot.

    Args:
        kind: the kind, with what a plot of it takes.
        drives: the drives that are there.
        learned: profiles of plots made here, by plotter and k.
        name: what people call it.

    Raises:
        Refusal: nothing is known of how this kind plots, or there is no temp drive.
    """
    auto = auto_of([kind], drives, learned)
    plot = kind.profile.plot
    profile = auto.profiles.get((plot.plotter, plot.k))
    if profile is None:
        raise Refusal(f"Nothing is known yet of how {plot.plotter} plots; make a few plots first.")
    if not auto.machine.temps:
        raise Refusal("There is no temp drive to simulate.")
    profile = replace(profile, memory=auto.memory.get(kind.name, profile.memory))
    return Rig(name, auto.machine, profile, kind.needs.temp, kind.needs.out, plot.k, plot.plotter)
