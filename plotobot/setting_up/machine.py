"""What this machine has for plotting: drives, plotters, cores, memory."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from plotobot.engine.drives import Volume, VolumeSource
from plotobot.engine.drives.volumes import is_within
from plotobot.engine.models import GIB
from plotobot.errors import PlotterMissing
from plotobot.plotters import PLOTTERS
from plotobot.plotters.base import Plotter, Program

_SYSTEM = (
    *("/boot", "/dev", "/efi", "/etc", "/nix", "/proc", "/run", "/snap", "/sys"),
    *("/usr", "/var", "/System", "/private"),
)
_USED_WITHIN = ("/run/media", "/var/mnt")
"""Where desktops and image-based systems mount what the user plugs in."""
_SMALLEST = GIB


@dataclass(frozen=True, slots=True)
class Offer:
    """A drive that could take plots."""

    volume: Volume
    fast: bool
    """It is an NVMe drive or another SSD."""

    @property
    def path(self) -> str:
        """Where it is mounted, which is also how the settings name it."""
        return self.volume.mount_point


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found. Sizes are bytes."""

    name: str
    cores: int
    memory: int
    offers: Sequence[Offer] = ()
    programs: Mapping[str, Program] = field(default_factory=dict)
    """By the plotter's name."""


def look_at_machine(source: VolumeSource, plotters: Iterable[Plotter] = ()) -> Machine:
    """Look for all of it. Blocks for seconds: programs are asked for their version."""
    return Machine(
        name=socket.gethostname()[:64] or "plotter",
        cores=os.cpu_count() or 1,
        memory=psutil.virtual_memory().total,
        offers=offers(source.volumes()),
        programs=_programs(tuple(plotters) or tuple(PLOTTERS.values())),
    )


def offers(volumes: Iterable[Volume]) -> list[Offer]:
    """The drives worth offering, the one with most room first; each file system once.

    The system's own are left out, and what cannot be written or is smaller than a GiB.
    """
    best: dict[str, Volume] = {}
    for volume in sorted(volumes, key=lambda one: (not one.whole, len(one.mount_point))):
        if not (_is_system(volume.mount_point) or volume.read_only or volume.total < _SMALLEST):
            best.setdefault(volume.filesystem, volume)
    found = [Offer(volume, _is_fast(volume)) for volume in best.values()]
    return sorted(found, key=lambda one: (-one.volume.free, one.path))


def _is_system(mount_point: str) -> bool:
    if any(is_within(mount_point, place) for place in _USED_WITHIN):
        return False
    windows = os.environ.get("SYSTEMDRIVE", "C:").rstrip("\\").casefold()
    bare = mount_point.rstrip("\\").casefold()
    return (
        mount_point in ("/", "/home", "/opt", "/root")
        or bare == windows
        or any(is_within(mount_point, place) for place in _SYSTEM)
    )


def _is_fast(volume: Volume) -> bool:
    if volume.bus == "NVMe":
        return True
    return volume.bus not in ("RAM", "USB") and (
        "SSD" in (volume.model or "").upper() or _has_no_platters(volume)
    )


def _has_no_platters(volume: Volume, sys: Path = Path("/sys")) -> bool:
    """Linux's own word for it; a partition's is one folder up."""
    device = Path(os.path.realpath(sys / "dev/block" / volume.filesystem))
    for queue in (device / "queue/rotational", device.parent / "queue/rotational"):
        try:
            return queue.read_text().strip() == "0"
        except (OSError, ValueError):
            continue
    return False


def _programs(plotters: Sequence[Plotter]) -> dict[str, Program]:
    with ThreadPoolExecutor(len(plotters)) as pool:
        found = pool.map(_program, plotters)
    return {one.name: program for one, program in zip(plotters, found, strict=True) if program}


def _program(plotter: Plotter) -> Program | None:
    try:
        return plotter.find()
    except PlotterMissing:
        return None
