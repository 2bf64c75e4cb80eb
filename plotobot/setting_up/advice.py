"""Suggests drives and a pace for a machine, each with its reason. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plotobot.engine.config import PlotSettings
from plotobot.engine.launcher import order_of
from plotobot.engine.models import GIB
from plotobot.errors import Refusal
from plotobot.plotters.base import Needs, Plotter, Program
from plotobot.setting_up.machine import Machine, Offer

_SEVERAL_AT_ONCE = frozenset({"chia", "chiapos"})
"""The others use the whole machine for one plot."""
_TRIED = range(21)
_KEY = "8" * 96
"""Looks like a public key, whose first digit is 8, 9, a or b."""
_USUAL_BUFFER_MIB = 3390
_SYSTEM_MEMORY = 2 * GIB


@dataclass(frozen=True, slots=True)
class Advice:
    """A suggestion, and why it is made in a few words."""

    value: object
    because: str


def plotter_advice(machine: Machine, known: Iterable[str]) -> Advice:
    """The first plotter that is here and whose plots can be farmed."""
    for name in known:
        if name in machine.programs and name != "chiapos":
            return Advice(name, f"{machine.programs[name].version} is found here")
    return Advice("chia", "no plotter is found here, and this one comes with Chia")


def temp_advice(machine: Machine, need: int, taken: Collection[str] = ()) -> Advice:
    """Fast drives with room for a plot, the one with most room first.

    Args:
        machine: what there is.
        need: bytes that one plot takes on it.
        taken: mount points that serve for something else.
    """
    fit = [one for one in _free(machine, taken) if one.fast and one.volume.free >= need]
    if not fit:
        return Advice((), f"no free NVMe or other SSD has {need / GIB:.0f} GiB for one plot")
    plots = sum(_plots(one.volume.free, need) for one in fit)
    return Advice(
        tuple(one.path for one in fit),
        f"NVMe or other SSD with room for {plots} at once" if need else "NVMe or other SSD",
    )


def out_advice(machine: Machine, need: int, taken: Collection[str] = ()) -> Advice:
    """The other drives with room for a finished plot, the one with most room first."""
    rest = [one for one in _free(machine, taken) if one.volume.free >= need]
    fit = [one for one in rest if not one.fast] or rest
    if not fit:
        return Advice((), f"no other drive has {need / GIB:.0f} GiB for one plot")
    plots = sum(_plots(one.volume.free, need) for one in fit)
    return Advice(tuple(one.path for one in fit), f"large drives with room for {plots} plots")


def pace_advice(
    machine: Machine, plotter: Plotter, needs: Needs, temp_free: Sequence[int]
) -> Mapping[str, Advice]:
    """Threads, memory and plots at once, by dotted key.

    Args:
        machine: what there is.
        plotter: which program.
        needs: what one plot takes.
        temp_free: bytes free on each temp drive.
    """
    if plotter.name not in _SEVERAL_AT_ONCE:
        whole = f"{plotter.name} uses the whole machine for one plot"
        return {
            "plot.threads": Advice(machine.cores, f"{whole}, and this has {machine.cores} cores"),
            "spawn.max_parallel": Advice(1, whole),
            "spawn.max_parallel_per_drive": Advice(1, whole),
        }
    threads = 4 if machine.cores >= 8 else min(2, machine.cores)
    memory = max(machine.memory - _SYSTEM_MEMORY, machine.memory // 2)
    buffer = max(16, min(_USUAL_BUFFER_MIB, memory // 2**20))
    most = {
        f"{machine.cores} cores": machine.cores // threads,
        f"{machine.memory / GIB:.0f} GiB of memory": memory // (buffer * 2**20),
    }
    if temp_free and needs.temp:
        most["the room on the temp drives"] = sum(_plots(f, needs.temp) for f in temp_free)
    parallel = min(100, max(1, min(most.values())))
    limit = min(most, key=lambda name: most[name])
    each = -(-parallel // max(1, len(temp_free)))
    return {
        "plot.threads": Advice(threads, f"{machine.cores} cores are for several plots"),
        "plot.buffer_mib": Advice(buffer, f"{memory / GIB:.0f} GiB are for several plots"),
        "spawn.max_parallel": Advice(parallel, f"limited by {limit}"),
        "spawn.max_parallel_per_drive": Advice(each, "an even share for each temp drive"),
    }


def k_advice(plotter: Plotter) -> Advice:
    """The smallest k that is farmed, or what the plotter makes nearest to it."""
    k = min(max(32, plotter.k_range[0]), plotter.k_range[-1])
    return Advice(k, "the usual size" if k == 32 else f"what {plotter.name} makes")


def levels(plotter: Plotter, plot: PlotSettings) -> list[int]:
    """The compression levels that a plotter takes."""
    keyed = replace(plot, farmer_key=_KEY, pool_key=_KEY, contract=None)
    return [level for level in _TRIED if _takes(plotter, replace(keyed, compression=level))]


def takes_own_keys(plotter: Plotter, plot: PlotSettings) -> bool:
    """Whether a plotter finds keys by itself where none are set."""
    bare = replace(plot, farmer_key=None, pool_key=None, contract=None)
    level = next(iter(levels(plotter, plot)), 0)
    return _takes(plotter, replace(bare, compression=level))


def _takes(plotter: Plotter, plot: PlotSettings) -> bool:
    try:
        plotter.command(Program((plotter.name,), ""), order_of(plot, "t", None, "o"))
    except Refusal:
        return False
    return True


def _free(machine: Machine, taken: Collection[str]) -> list[Offer]:
    return [one for one in machine.offers if one.path not in taken and one.volume.bus != "RAM"]


def _plots(free: int, need: int) -> int:
    return max(0, free - GIB) // need if need else 0
