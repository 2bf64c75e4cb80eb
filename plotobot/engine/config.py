"""What the engine is told: plain frozen values, whoever read them from wherever.

Sizes are bytes, durations are seconds, folders are absolute. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plotobot.engine.models import GIB, DriveKind


@dataclass(frozen=True, slots=True)
class PlotSettings:
    """The kind of plot to make. The keys stay out of its repr, and so out of every log."""

    plotter: str = "chia"
    """A name of `plotters.PLOTTERS`."""
    program: Path | None = None
    """Where the plotter is; None looks where its installer puts it."""
    k: int = 32
    threads: int = 2
    buffer_mib: int = 3390
    buckets: int = 128
    bitfield: bool = True
    compression: int = 0
    """The level; 0 is none, and the only one of plotters that have no levels."""
    farmer_key: str | None = field(default=None, repr=False)
    """96 lower-case hex digits; None lets the plotter take its own."""
    pool_key: str | None = field(default=None, repr=False)
    contract: str | None = field(default=None, repr=False)
    """An xch1 or txch1 address; never together with a pool key."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many plots may be made, and how often to look whether one can be started."""

    count: int | None = None
    """How many to start in all; None means without end."""
    interval: float = 300.0
    """Seconds from one look to the next."""
    max_parallel: int = 2
    max_parallel_per_drive: int = 1
    """On one temp drive."""
    max_phase_1: int | None = None
    """Jobs in phase 1 or before it, in all; None means as many as run. So for the next."""
    max_phase_1_per_drive: int | None = None
    start_early_phase: int = 0
    """Jobs that have completed this phase leave `max_parallel` and its like; 0 means none do."""
    wait_between_drives: float = 0.0
    """Seconds from a start on one temp drive to one on another, at least."""
    wait_same_drive: float = 0.0
    """Seconds from one start on a temp drive to the next on it, at least."""


@dataclass(frozen=True, slots=True)
class SpaceRules:
    """How much room a plot is given, in bytes."""

    reserve: int = GIB
    """Kept free on every drive, whatever happens."""
    temp: int | None = None
    """What one plot takes on temp at its peak; None asks the plotter. So for the next two."""
    temp2: int | None = None
    out: int | None = None


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Everything that one machine's engine has to know."""

    machine: str
    state_dir: Path
    """An absolute folder, which need not exist yet."""
    drives: Mapping[DriveKind, tuple[str, ...]]
    """For each kind, the drives as the farmer wrote them; every kind is there."""
    plot: PlotSettings = field(default_factory=PlotSettings)
    limits: Limits = field(default_factory=Limits)
    space: SpaceRules = field(default_factory=SpaceRules)
    spawn_on_start: bool = True
    """Whether plots are started as soon as the engine runs, without being asked."""
    foreign: bool = True
    """Whether plots that somebody else started are looked for, shown and counted."""

    @property
    def jobs_root(self) -> Path:
        """Where the job directories are."""
        return self.state_dir / "jobs"
