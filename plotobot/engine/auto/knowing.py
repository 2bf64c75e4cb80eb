"""What auto mode knows when a pass begins: machine, drives, kinds of plot. Blocks briefly.

Speeds of drives are guesses by their bus until plots have shown better; what is learnt from plots
stands in `learning.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psutil

from plotobot.engine.auto.bound import DAY, SMT, Machine, OutDrive, TempDrive, bound
from plotobot.engine.auto.forecast import SHORTEST_TICK, TICK, TICKS, Auto
from plotobot.engine.auto.profile import GB, StageProfile, built_in, profile_for
from plotobot.engine.auto.standing import UNKNOWN
from plotobot.engine.case import Kind
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.supervision.ending import CAN_PAUSE

MB = 10**6
RATES = {"ram": 8000 * MB, "nvme": 1800 * MB, "usb": 300 * MB}
OTHER_RATE = 420 * MB
"""Bytes a second, read and written together, of a SATA SSD and of what nobody knows."""
OUT_RATE = 180 * MB
"""Bytes a second of a spinning disk."""
KEPT = 0.95
"""The share of the memory that plots may take."""
BUFFER_BESIDE = 1.04
"""What a plot of chiapos takes beside its buffer, as a factor: 3.7 GB for 3390 MiB."""


def auto_of(
    kinds: Sequence[Kind],
    drives: Sequence[Drive],
    learned: Mapping[tuple[str, int], StageProfile],
    most: Mapping[str, int] | None = None,
    machine: Machine | None = None,
) -> Auto:
    """What is known of this machine.

    Args:
        kinds: the kinds of plot it makes, the preferred first.
        drives: the drives that are there.
        learned: profiles of plots made here, by plotter and k.
        most: by temp drive, the plots beyond which it was seen to bring less.
        machine: what there is; None looks.
    """
    machine = machine or machine_of(drives)
    profiles = _threaded({**_built_in(kinds), **learned}, kinds)
    first = kinds[0]
    plot = first.profile.plot
    known = profiles.get((plot.plotter, plot.k), UNKNOWN)
    temps = bool(machine.temps) and first.needs.temp > 0
    best = bound(machine, known, first.needs.temp, first.needs.out).plots_a_day if temps else 0.0
    return Auto(
        machine,
        profiles,
        memory={kind.name: memory for kind in kinds if (memory := _memory(kind))},
        gap=DAY / best if best else 0.0,
        most=most or {},
        tick=min(TICK, max(SHORTEST_TICK, known.total / TICKS)),
        can_pause=CAN_PAUSE,
    )


def machine_of(drives: Sequence[Drive]) -> Machine:
    """The cores, memory and drives there are."""
    there = [one for one in drives if not one.problem]
    physical, logical = psutil.cpu_count(logical=False), psutil.cpu_count() or 1
    cores = min(float(logical), (physical or logical) * SMT)
    temps: dict[str, TempDrive] = {}
    for one in there:
        if one.kind is DriveKind.TEMP:
            temps.setdefault(one.filesystem, TempDrive(one.path, one.total, rate_of(one)))
    outs = [OutDrive(one.path, OUT_RATE) for one in there if one.kind is DriveKind.OUT]
    memory = psutil.virtual_memory().total * KEPT
    return Machine(cores, memory, list(temps.values()), outs)


def rate_of(drive: Drive) -> float:
    """Bytes a second that a drive of its kind usually does."""
    if drive.fs_type == "tmpfs":
        return float(RATES["ram"])
    return float(RATES.get((drive.bus or "").lower(), OTHER_RATE))


def _built_in(kinds: Sequence[Kind]) -> dict[tuple[str, int], StageProfile]:
    known = built_in()
    plots = {(kind.profile.plot.plotter, kind.profile.plot.k) for kind in kinds}
    found = {plot: profile_for(known, *plot) for plot in plots}
    return {plot: profile for plot, profile in found.items() if profile}


def _threaded(
    profiles: Mapping[tuple[str, int], StageProfile], kinds: Sequence[Kind]
) -> dict[tuple[str, int], StageProfile]:
    """The profiles, no plot keeping more cores busy than it was given threads."""
    threads = {(k.profile.plot.plotter, k.profile.plot.k): k.profile.plot.threads for k in kinds}
    return {plot: profile.within(threads.get(plot, 1000)) for plot, profile in profiles.items()}


def _memory(kind: Kind) -> float | None:
    """Bytes of memory that a plot of chiapos takes; of others the profile tells."""
    if kind.profile.plot.plotter not in ("chia", "chiapos"):
        return None
    buffer = kind.profile.plot.buffer_mib * 1024**2 * BUFFER_BESIDE
    return min(buffer, float(kind.needs.temp)) + GB / 20
