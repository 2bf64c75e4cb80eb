"""The engine's values: what a job, a drive and an event are.

All of them are frozen and serialisable (pydantic's TypeAdapter turns each into JSON and back), so
that they can be stored, printed and later sent from another machine.
Sizes are bytes, times are aware and in UTC, durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

GIB = 1024**3

DEFAULT_PROFILE = "default"
"""The kind of plot that is made where no profiles are set."""

PhaseSeconds = tuple[float | None, float | None, float | None, float | None]
NO_PHASES: PhaseSeconds = (None, None, None, None)
UNKNOWN = "Unknown"
"""The status of a plot that Plotobot did not start and whose log it cannot read."""


class DriveKind(StrEnum):
    """What the farmer uses a drive for; Ploto's five sets."""

    TEMP = "temp"
    TEMP2 = "temp2"
    OUT = "out"
    REPLOT = "replot"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class Drive:
    """One folder on one file system, used for one kind of thing."""

    kind: DriveKind
    path: str
    """The folder itself; for a drive that is missing, what the farmer wrote."""
    filesystem: str = ""
    """Tells file systems apart: two folders with the same value share their free space."""
    total: int = 0
    free: int = 0
    label: str | None = None
    device: str | None = None
    fs_type: str | None = None
    model: str | None = None
    bus: str | None = None
    read_only: bool = False
    missing: bool = False

    @property
    def problem(self) -> str | None:
        """Why nothing can be written here, or None."""
        if self.missing:
            return "the drive is missing"
        if self.read_only:
            return "the drive is read-only"
        return None


class JobState(StrEnum):
    """Where a job stands in its life."""

    STARTING = "starting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    """The plotter ended without a plot that passes; `reason` says how."""
    STOPPED = "stopped"
    """Ended by a person."""
    LOST = "lost"
    """Ended without anybody there to see how (a reboot, a killed shim)."""

    @property
    def live(self) -> bool:
        """Whether a plotter may still be at work."""
        return self in (JobState.STARTING, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a plotter for one plot."""

    id: str
    plotter: str
    k: int
    temp: str
    out: str
    temp2: str | None = None
    state: JobState = JobState.STARTING
    status: str = "Initializing"
    """Ploto's code: Initializing, 1.0 to 4.2, Copying, Completed; Failed, Stopped or Lost."""
    fraction: float = 0.0
    """How far the plot is, 0 to 1, by the plotter's own steps."""
    plot_id: str | None = None
    pid: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    """None while it runs, and for ever where nobody could know it; -9 for SIGKILL."""
    reason: str | None = None
    """Why it failed, was stopped or is lost, with the last lines of its log."""
    stuck: str | None = None
    """The log line that says it cannot go on, such as "Retrying in five minutes"; of one whose
    plotter has ended, what its judgement waits for."""
    phase_seconds: PhaseSeconds = NO_PHASES
    total_seconds: float | None = None
    copy_seconds: float | None = None
    final_path: str | None = None
    final_size: int | None = None
    temp_need: int = 0
    """Bytes it takes on temp at its peak."""
    temp2_need: int = 0
    out_need: int = 0
    temp_used: int = 0
    """Bytes of this plot found on temp at the last look."""
    temp2_used: int = 0
    out_used: int = 0
    profile: str = DEFAULT_PROFILE
    """The kind of plot it makes."""
    marks: tuple[tuple[str, float], ...] = ()
    """The statuses it was seen to reach, each with the seconds from its start to that."""
    eta: datetime | None = None
    """When it will be done; None while there is nothing to tell that from."""
    eta_basis: str | None = None
    """What `eta` rests on, such as "from 12 plots on this drive"."""
    stalled: datetime | None = None
    """Since when it shows no sign of work; set with the telling of it, until it goes on."""
    foreign: bool = False
    """Whether somebody else started it: it is counted, and never touched unasked."""
    replaces: tuple[str, ...] = ()
    """Ids of the old plots on its out drive that may go for its plot; empty once that is over."""
    paused: datetime | None = None
    """Since when Plotobot holds it still, so that the plots before it have room."""
    paused_seconds: float = 0.0
    """How long it was held still, the present time left out."""
    held: tuple[tuple[str, int], ...] = ()
    """For each status the most bytes on temp that were seen while it lasted."""

    @property
    def label(self) -> str:
        """What people call it: `#1a2b k32 on /mnt/ssd1`."""
        return f"#{self.id[-4:]} k{self.k} on {self.temp}"

    @property
    def phase(self) -> int:
        """1 to 4, 0 before the first phase, 5 while copying and after."""
        if self.status[:1].isdigit():
            return int(self.status[0])
        return 0 if self.status in ("Initializing", UNKNOWN) else 5


class EventKind(StrEnum):
    """What can be told; each can be switched off in the settings."""

    JOB_SPAWNED = "job_spawned"
    JOB_NOT_SPAWNED = "job_not_spawned"
    JOB_FINISHED = "job_finished"
    JOB_FAILED = "job_failed"
    JOB_STOPPED = "job_stopped"
    JOB_STUCK = "job_stuck"
    NO_OUT_DRIVE = "no_out_drive"
    OUT_DRIVE_AGAIN = "out_drive_again"
    DRIVE_MISSING = "drive_missing"
    DRIVE_BACK = "drive_back"
    QUOTA_REACHED = "quota_reached"
    PLOT_MOVED = "plot_moved"
    MOVE_FAILED = "move_failed"
    DESTINATION_AWAY = "destination_away"
    DESTINATION_BACK = "destination_back"
    DESTINATION_FULL = "destination_full"
    NO_DESTINATION = "no_destination"
    """All destinations are full, missing or paused."""
    DESTINATION_AGAIN = "destination_again"
    DRAINED = "drained"
    """The last plot is done after a drain."""
    BOT_BACK = "bot_back"
    SUMMARY = "summary"
    SETTINGS_CHANGED = "settings_changed"
    """The settings file was read anew; `data["what"]` says what changed."""
    TROUBLE = "trouble"
    """Something of Plotobot's own went wrong; `data["what"]` says it in words."""
    JOB_STALLED = "job_stalled"
    """No sign of work for too long; or its processes are stopped, then `data["paused"]`."""
    JOB_GOES_ON = "job_goes_on"
    """One that was told as stuck or stalled works again."""
    SPAWNING_PAUSED = "spawning_paused"
    """Plots failed one after the other; the job is the last of them."""
    FARM_SILENT = "farm_silent"
    """The harvester looks up no challenges any more."""
    FARM_GOES_ON = "farm_goes_on"
    FARM_SLOW = "farm_slow"
    FARM_LATE = "farm_late"
    """Lookups took so long that a proof would have come too late."""
    FARM_ERRORS = "farm_errors"
    FARM_PROOF = "farm_proof"
    FARM_PLOTS_FEWER = "farm_plots_fewer"
    DRIVE_FILLING = "drive_filling"
    """A drive for finished plots is nearly full, or will be soon."""
    TOO_HOT = "too_hot"
    """The processor or a drive: `data["what"]`, `data["celsius"]` and its `data["limit"]`."""
    COOL_AGAIN = "cool_again"
    PLOT_REPLACED = "plot_replaced"
    """An old plot went for a new one; `data` has the ids, the sizes and how far it is."""
    REPLOT_HALTED = "replot_halted"
    """Something was odd, so nothing goes until an owner arms it again."""
    REPLOT_DONE = "replot_done"
    PLOT_DAMAGED = "plot_damaged"
    """A content check found that a plot is bad: `data["plot"]`, its drive, and the words."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, stored in the same transaction as the change it tells of."""

    kind: EventKind
    at: datetime
    job: Job | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    """Given by the store; grows by one."""
    nonce: str = ""
    """Given by the store; sent along with the message, so that a repeat is recognised."""


@dataclass(frozen=True, slots=True)
class DriveView:
    """A drive with what is planned on it: a row of `/drives`."""

    drive: Drive
    jobs: int = 0
    """Running jobs that use it."""
    reserved: int = 0
    """Bytes those jobs still need on it."""
    takes: int = 0
    """Plots of the configured kind it can still take beside them."""
    full_at: datetime | None = None
    """When it will be full if it goes on filling so; None where nothing honest can be said."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a drive got no job: a row of `/spawn why`."""

    drive: str
    """The temp drive's path, or "" where the rule holds them all."""
    rule: str
    reason: str
    until: datetime | None = None
    profile: str = ""
    """The kind of plot that is held, or "" where it is every kind."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a simulation says of the settings, and of auto mode: what `/spawn advise` shows."""

    mode: str
    """The mode that is set."""
    rules: float
    """Plots a day by the limits that are set."""
    auto: float
    """Plots a day in auto mode, without caps."""
    bound: float
    """Plots a day that no schedule can exceed."""
    binds: str
    """What allows no more."""
    basis: str
    """What is known of how plots go here."""


@dataclass(frozen=True, slots=True)
class SpawnerView:
    """What the spawner is doing."""

    running: bool
    spawned: int
    """Jobs started of the present quota."""
    count: int | None
    """The quota; None means without end."""
    holds: tuple[Hold, ...] = ()
    looked_at: datetime | None = None
    next_look: datetime | None = None
    until: datetime | None = None
    """When spawning ends by itself."""
    draining: bool = False
    """Whether the end of the last running plot is waited for, to be told."""


@dataclass(frozen=True, slots=True)
class LimitView:
    """A limit that can be changed while plots run: a row of `/spawn limits`."""

    name: str
    """Its key in the settings' table `[spawn]`."""
    value: float
    """As it is now; counted as it is written in the settings."""
    written: float
    """As the settings have it."""


@dataclass(frozen=True, slots=True)
class StopResult:
    """What `/stop` did."""

    job: Job
    processes: int
    """How many processes were ended."""
    files: int
    """How many temp files were removed."""
    bytes: int
    left: tuple[str, ...] = ()
    """Temp files that could not be removed, each with the reason."""


class MoveState(StrEnum):
    """Where a move stands in its life."""

    WAITING = "waiting"
    """For room, for its turn, or for a drive to come back; `reason` says which."""
    COPYING = "copying"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"
    """Given up, with the source kept; `reason` says why."""

    @property
    def live(self) -> bool:
        """Whether it goes on by itself."""
        return self not in (MoveState.DONE, MoveState.FAILED)


@dataclass(frozen=True, slots=True)
class Move:
    """One finished plot on its way somewhere else."""

    id: str
    source: str
    destination: str
    """What the farmer wrote, without secrets."""
    size: int
    plot_id: str | None = None
    state: MoveState = MoveState.WAITING
    done: int = 0
    """Bytes of the present state's work that are done, 0 to `size`."""
    rate: float = 0.0
    """Bytes per second, lately."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    """Why it waits, or failed."""
    landed: str | None = None
    """Where the plot stands now."""
    mtime_ns: int = 0
    """Of the source as it was found; with `inode` and `size` it tells the file from any other."""
    inode: int = 0

    @property
    def left(self) -> float | None:
        """Seconds until this state's work is done, as far as its rate tells."""
        return (self.size - self.done) / self.rate if self.rate > 0 else None


@dataclass(frozen=True, slots=True)
class DestinationView:
    """A destination with what is on its way there: a row of `/move status`."""

    name: str
    free: int | None = None
    """None where it cannot be asked for."""
    total: int | None = None
    moves: int = 0
    problem: str | None = None
    """Why nothing goes there now: missing, full, paused, taken out."""
    paused: bool = False


@dataclass(frozen=True, slots=True)
class MoverView:
    """What the mover is doing."""

    running: bool
    """Whether finished plots are moved as they come."""
    moves: tuple[Move, ...] = ()
    """The live ones, then the latest that ended."""
    destinations: tuple[DestinationView, ...] = ()
    waiting: int = 0
    """Finished plots that are still to be moved."""
    waiting_bytes: int = 0
    holds: tuple[str, ...] = ()
    """What keeps the waiting plots, in sentences."""


@dataclass(frozen=True, slots=True)
class OrphanFile:
    """A file of a plot that no living plotter works on, as it was when it was found."""

    folder: str
    """With its symbolic links resolved."""
    name: str
    size: int
    device: int
    inode: int
    modified_ns: int
    whole: bool = False
    """Whether it is a whole plot by its header and size: it is never removed, but rescued."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """What is left of one plot."""

    plot_id: str
    k: int
    files: tuple[OrphanFile, ...]
    modified_at: datetime
    """When the latest of them was last written to."""
    kept: str | None = None
    """Why nothing of it may be removed now, or None."""

    @property
    def removable(self) -> tuple[OrphanFile, ...]:
        """The files that may be removed."""
        return () if self.kept else tuple(file for file in self.files if not file.whole)

    @property
    def whole(self) -> tuple[OrphanFile, ...]:
        """The files that are whole plots."""
        return tuple(file for file in self.files if file.whole)


@dataclass(frozen=True, slots=True)
class CleanResult:
    """What `/clean` did."""

    plots: int
    """Of how many plots something was removed."""
    files: int
    bytes: int
    left: tuple[str, ...] = ()
    """What could not be removed, each with the reason."""


@dataclass(frozen=True, slots=True)
class RescueResult:
    """What became of whole plots that were left under a temp name or on a temp drive."""

    saved: tuple[str, ...] = ()
    """Where they stand now."""
    left: tuple[str, ...] = ()
    """What is left to do by hand, a sentence each."""


class Outcome(StrEnum):
    """What became of something that was asked for or done."""

    ALLOWED = "allowed"
    """It is about to be done."""
    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did, tried, or saw."""

    who: str
    """A person's name and id, a user of this machine, or Plotobot itself."""
    what: str
    outcome: Outcome
    door: str = "engine"
    """The way it came by: a channel of Discord, the command line, the engine."""
    result: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A deed as it was written down; nobody can change it later without being found out."""

    id: int
    deed: Deed
    hash: str
    """Over this entry and the hash of the one before, in hex."""


@dataclass(frozen=True, slots=True)
class AuditView:
    """Some entries of the audit."""

    entries: tuple[AuditEntry, ...]
    """The newest first."""
    newest: int
    """The number of the newest entry; they are counted from 1."""
    broken: int | None = None
    """The first that was changed or removed; None if all is as it was written."""
