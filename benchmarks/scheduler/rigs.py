"""The machines: Ploto's own, two more, and forty that no setting was chosen on."""

from __future__ import annotations

import random
from collections.abc import Sequence

from plotobot.engine.auto.bound import SMT, Machine, OutDrive, TempDrive
from plotobot.engine.auto.profile import built_in
from plotobot.engine.models import GIB
from plotobot.simulate.rig import Rig

PEAK = 239 * GIB
PLOT = round(108.8e9)
OUT = 180e6


def rig(
    name: str, cores: float, memory_gb: float, temps: Sequence[tuple[int, int]], outs: int
) -> Rig:
    """A rig of physical cores, GB of memory, temp drives of (GiB, MB/s) and out drives."""
    machine = Machine(
        cores * SMT,
        memory_gb * 1e9,
        [TempDrive(f"t{n}", size * GIB, rate * 1e6) for n, (size, rate) in enumerate(temps)],
        [OutDrive(f"o{n}", OUT) for n in range(outs)],
    )
    return Rig(name, machine, built_in()["chia"], PEAK, PLOT)


def named() -> list[Rig]:
    """A: the machine of Ploto's README (i9-9900K); B: 24 cores and two NVMe; C: 4 cores and one."""
    sata = (465, 420)
    return [
        rig("A", 8, 32, [sata, sata, sata, (1810, 420), (465, 900)], 2),
        rig("B", 24, 128, [(1863, 1800)] * 2, 4),
        rig("C", 4, 16, [(931, 900)], 1),
    ]


def held_out(count: int = 40) -> list[Rig]:
    """Rigs drawn by a seed that was fixed before auto mode was written."""
    luck = random.Random(20240601)
    return [_drawn(luck, number) for number in range(count)]


def _drawn(luck: random.Random, number: int) -> Rig:
    cores = luck.choice([4, 6, 8, 12, 16, 24])
    memory = luck.choice([16, 32, 64, 128] if cores > 6 else [16, 32])
    temps = [
        (
            luck.choice([465, 931, 953, 1863, 1810, 3726]),
            luck.choice([420, 500, 900, 1400, 1800, 2500]),
        )
        for _ in range(luck.choice([1, 1, 2, 2, 3, 4]))
    ]
    return rig(f"R{number:02}", cores, memory, temps, luck.choice([1, 2, 4]))


def every_rig() -> dict[str, Rig]:
    """All rigs by name."""
    return {one.name: one for one in [*named(), *held_out()]}


def rig_class(of: Rig) -> str:
    """What binds a rig: `cpu`, `memory` or `temp`."""
    return {"CPU": "cpu", "memory": "memory"}.get(of.bound.binds, "temp")
