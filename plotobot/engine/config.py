"""What the engine is told: plain frozen values, whoever read them from wherever.

Sizes are bytes, durations are seconds, folders are absolute. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plotobot.engine.models import DEFAULT_PROFILE, GIB, DriveKind
from plotobot.engine.moving.base import Verify
from plotobot.engine.replot.arming import ReplotRules

NO_CAP = 1000
"""The most jobs a cap can be set to, which is no cap."""


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
    window: str = "hidden"
    """How the program's window opens, on Windows only: hidden, minimized, maximized or normal."""


@dataclass(frozen=True, slots=True)
class DriveLimits:
    """What holds on one temp drive instead of what holds on each; None leaves that as it is."""

    drive: str
    """As the farmer may write a drive: a folder, a pattern, `label:TEXT` or a letter."""
    max_parallel: int | None = None
    max_in_phase: Mapping[int, int] = field(default_factory=dict)
    wait: float | None = None
    """Seconds from one start on it to the next, at least."""


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
    max_in_phase: Mapping[int, int] = field(default_factory=dict)
    """For a phase, how many jobs may be in it for another to start; those before it count too."""
    max_in_phase_per_drive: Mapping[int, int] = field(default_factory=dict)
    start_early_phase: int = 0
    """Jobs that have completed this phase leave `max_parallel` and its like; 0 means none do."""
    wait_between_drives: float = 0.0
    """Seconds from a start on one temp drive to one on another, at least."""
    wait_same_drive: float = 0.0
    """Seconds from one start on a temp drive to the next on it, at least."""
    drives: tuple[DriveLimits, ...] = ()
    """For the drives that differ; the first that names a drive counts."""
    use_replot_drives: bool = False
    """Whether plots may go to replot drives too, once no out drive has room."""


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
class Profile:
    """One kind of plot that is made on this machine, with its own drives and limits."""

    name: str = DEFAULT_PROFILE
    plot: PlotSettings = field(default_factory=PlotSettings)
    space: SpaceRules = field(default_factory=SpaceRules)
    """Its reserve is not used: that is the drives' own."""
    count: int | None = None
    """How many of this kind to start; None means as many as the limits in all allow."""
    max_parallel: int | None = None
    max_parallel_per_drive: int | None = None
    temp: tuple[str, ...] = ()
    """Which of the temp drives it uses, as the farmer may write them; empty means all."""
    temp2: tuple[str, ...] = ()
    out: tuple[str, ...] = ()

    def of(self, kind: DriveKind) -> tuple[str, ...]:
        """The drives of a kind that it keeps to; empty means all."""
        if kind is DriveKind.TEMP:
            return self.temp
        return self.temp2 if kind is DriveKind.TEMP2 else self.out


@dataclass(frozen=True, slots=True)
class MoveRules:
    """How finished plots are moved from the out drives to the destinations."""

    enabled: bool = False
    """Whether they are moved as they come, without being asked."""
    choice: str = "listed"
    """`listed` fills one destination after the other, `most_free` the emptiest, `round_robin` each
    in turn."""
    reserve: int = GIB
    """Bytes to be left free on each destination."""
    verify: Verify = Verify.FULL
    bandwidth: int | None = None
    """Bytes per second for each move at most."""
    per_disk: int = 1
    """Moves at once on one disk, at either end."""
    exclude: tuple[str, ...] = ()
    """Patterns of names or whole paths of plots that stay where they are."""
    remote: tuple[str, ...] = ()
    """Destinations on other hosts, as `rsync://host/module` or `user@host:/folder`."""
    ssh_key: Path | None = None
    ssh_known_hosts: Path | None = None
    ssh_port: int | None = None
    rsync_auth_file: Path | None = None


@dataclass(frozen=True, slots=True)
class FarmSettings:
    """How the farm's log is watched."""

    watch: bool = True
    log: Path | None = None
    """chia's debug.log; None means where chia puts it."""
    silent: float = 600.0
    """Seconds without an eligible line until it is told; 0 means never."""
    slow: float = 5.0
    """A lookup that takes more seconds is told."""


@dataclass(frozen=True, slots=True)
class ReportRules:
    """When the regular summary is told, and what it draws."""

    every: float | None = 86400.0
    """Seconds from one to the next; None leaves it to `at`."""
    at: tuple[str, ...] = ()
    """Times of day by the machine's own clock, as `07:30`."""
    charts: tuple[str, ...] = ("overview", "timeline", "days", "drives", "phases")
    """Those that are drawn; empty draws none."""


@dataclass(frozen=True, slots=True)
class CheckRules:
    """How the content of finished plots is checked in the background."""

    per_day: int = 10
    """How many plots within 24 hours; 0 is none."""
    challenges: int = 30
    """How many each is asked."""


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
    profiles: tuple[Profile, ...] = ()
    """The kinds of plot, the preferred first; empty means one, of `plot` and `space`."""
    move: MoveRules = field(default_factory=MoveRules)
    spawn_on_start: bool = True
    """Whether plots are started as soon as the engine runs, without being asked."""
    stalled_after: float = 1800.0
    """Seconds without a sign of work after which a plot counts as stalled, at least."""
    farm: FarmSettings = field(default_factory=FarmSettings)
    foreign: bool = True
    """Whether plots that somebody else started are looked for, shown and counted."""
    report: ReportRules = field(default_factory=ReportRules)
    cpu_celsius: float = 90.0
    """Degrees from which the processor counts as too hot; 0 means never."""
    drive_celsius: float = 65.0
    """The same for a drive."""
    replot: ReplotRules = field(default_factory=ReplotRules, repr=False)
    """Which old plots may go, and when."""
    mode: str = "rules"
    """`rules` starts plots as the limits say, `auto` as cores, memory and drives allow."""
    checks: CheckRules = field(default_factory=CheckRules)

    @property
    def jobs_root(self) -> Path:
        """Where the job directories are."""
        return self.state_dir / "jobs"

    @property
    def kinds(self) -> tuple[Profile, ...]:
        """The kinds of plot to make, at least one."""
        return self.profiles or (Profile(plot=self.plot, space=self.space),)
