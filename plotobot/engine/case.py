"""What a decision to start a plot rests on: the world, the farmer's rules, and one case of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plotobot.engine.auto.forecast import Auto, Forecast
from plotobot.engine.choice import Choice
from plotobot.engine.config import DriveLimits, Limits, Profile
from plotobot.engine.drives.spec import names
from plotobot.engine.models import Drive, Job
from plotobot.engine.space import Ledger
from plotobot.plotters.base import Needs


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plot, and what one of it takes."""

    profile: Profile
    needs: Needs

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.profile.name


@dataclass(frozen=True, slots=True)
class Rules:
    """What the farmer allows, and what plots he wants."""

    limits: Limits
    kinds: Sequence[Kind]
    """The preferred first."""
    reserve: int = 0
    """Bytes kept free on every file system."""
    auto: Auto | None = None
    """What auto mode knows; None is rules mode."""


@dataclass(frozen=True, slots=True)
class World:
    """All that a decision rests on."""

    now: datetime
    drives: Sequence[Drive]
    jobs: Sequence[Job]
    """The live ones."""
    spawned: int = 0
    """Jobs started of the present quota."""
    spawned_of: Mapping[str, int] = field(default_factory=dict)
    """Jobs started of the present quota, by profile."""
    spawning: bool = True
    until: datetime | None = None
    """When spawning ends by itself."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """By profile, why none is started after repeated failures."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """By profile, why its plotter cannot be run."""
    resting: Mapping[str, datetime] = field(default_factory=dict)
    """Until when temp drives rest after failed plots."""
    starts: Sequence[tuple[str, datetime]] = ()
    """Temp drive and moment of every start that a wait may still count from."""
    freeable: Mapping[str, int] = field(default_factory=dict)
    """The replot drives that take a plot now: the bytes that old plots there may make free."""
    replot_halted: str | None = None
    """Why no plot goes to replot drives, where the farmer wants that."""
    state_disk: str | None = None
    """Why no job directory can be made just now."""


@dataclass(frozen=True, slots=True)
class Case:
    """One temp drive and one kind of plot in one moment of a pass."""

    drive: Drive
    kind: Kind
    world: World
    rules: Rules
    ledger: Ledger
    forecast: Forecast | None = None
    """What auto mode foresees; None in rules mode."""

    @property
    def limits(self) -> Limits:
        """What holds in all."""
        return self.rules.limits

    @property
    def here(self) -> DriveLimits:
        """What holds on this drive: its own limits, and the usual ones for what they leave out."""
        limits = self.limits
        own = next((one for one in limits.drives if names(one.drive, self.drive)), None)
        own = own or DriveLimits("")
        return DriveLimits(
            self.drive.path,
            limits.max_parallel_per_drive if own.max_parallel is None else own.max_parallel,
            {**limits.max_in_phase_per_drive, **own.max_in_phase},
            limits.wait_same_drive if own.wait is None else own.wait,
        )

    @property
    def choice(self) -> Choice:
        """What there is to choose from."""
        return Choice(
            self.world.drives,
            self.world.jobs,
            self.ledger,
            # Auto mode has rules of its own for the room on temp.
            replace(self.kind.needs, temp=0) if self.forecast else self.kind.needs,
            self.kind.profile,
            use_replot=self.limits.use_replot_drives,
        )

    def on_drive(self) -> list[Job]:
        """Live jobs on this drive."""
        return [job for job in self.world.jobs if job.temp == self.drive.path]

    def of_kind(self) -> list[Job]:
        """Live jobs of this kind."""
        return [job for job in self.world.jobs if job.profile == self.kind.name]


def starts_of(jobs: Iterable[Job]) -> list[tuple[str, datetime]]:
    """Temp drive and moment of every plot that was started, or is being started just now."""
    moments = (
        (job, job.started_at or (job.created_at if job.state.live else None)) for job in jobs
    )
    return [(job.temp, moment) for job, moment in moments if moment]
