"""How much room a drive really has: what is free, less what running jobs will still take. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plotobot.engine.models import Drive, DriveKind, Job
from plotobot.plotters import PLOTTERS
from plotobot.plotters.ahead import peak_ahead


@dataclass(slots=True)
class Ledger:
    """Promised bytes by file system, so that folders which share one share its free space too."""

    drives: Sequence[Drive]
    reserve: int = 0
    """Bytes kept free on every file system, but for RAM disks."""
    promised: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    freeable: Mapping[str, int] = field(default_factory=dict)
    """By replot drive, the bytes that old plots and the quarantine may make free for a new plot."""
    filesystems: dict[str, str] = field(init=False)
    """By the drive's path."""

    def __post_init__(self) -> None:
        """Know each drive's file system by its path; of one that is set twice, the first."""
        self.filesystems = {one.path: one.filesystem for one in reversed(self.drives)}

    @classmethod
    def of(
        cls,
        drives: Sequence[Drive],
        jobs: Iterable[Job],
        reserve: int = 0,
        freeable: Mapping[str, int] | None = None,
    ) -> Ledger:
        """A ledger in which all live jobs have been promised what they still need."""
        ledger = cls(drives, reserve, freeable=freeable or {})
        for job in jobs:
            ledger.promise(job)
        return ledger

    def promise(self, job: Job) -> None:
        """Set aside what a job still needs, wherever it needs it."""
        for path, size in claims(job, self._filesystem):
            self.promised[self._filesystem(path)] += size

    def promised_on(self, path: str, job: Job) -> int:
        """What one job still needs in one folder."""
        return sum(size for where, size in claims(job, self._filesystem) if where == path)

    def room(self, drive: Drive) -> int:
        """Bytes a new plot may take here; negative where too much was promised already."""
        if drive.problem:
            return 0
        room = drive.free - self.promised[drive.filesystem] - kept_free(drive, self.reserve)
        return room + self.freeable.get(drive.path, 0)

    def fits(self, job: Job) -> bool:
        """Whether all that a plot needs is free, wherever it needs it."""
        wanted: dict[str, int] = defaultdict(int)
        folders = set()
        for path, size in claims(job, self._filesystem):
            wanted[self._filesystem(path)] += size
            folders.add(path)
        # Not asked are others of the same file system: one that is away has no room for anybody.
        return all(
            self.room(drive) >= wanted[drive.filesystem]
            for drive in self.drives
            if drive.path in folders and wanted[drive.filesystem]
        )

    def _filesystem(self, path: str) -> str:
        # A folder that is not configured (any more) stands for itself.
        return self.filesystems.get(path, path)


def kept_free(drive: Drive, reserve: int) -> int:
    """How much of the reserve a drive keeps: a RAM disk none, it is made as big as its plots."""
    return 0 if (drive.bus or "").lower() == "ram" else reserve


def claims(job: Job, filesystem: Callable[[str], str]) -> Iterator[tuple[str, int]]:
    """Folder and bytes of everything a job still has to write."""
    ahead = round(job.temp_need * peak_ahead(job.plotter, job.status))
    yield job.temp, max(0, ahead - job.temp_used)
    yield from claims_beside_temp(job, filesystem)


def claims_beside_temp(job: Job, filesystem: Callable[[str], str]) -> Iterator[tuple[str, int]]:
    """The same without what it writes on its temp drive as such."""
    if job.temp2:
        yield job.temp2, max(0, job.temp2_need - job.temp2_used)
    if not is_renamed(job, filesystem):
        yield job.out, max(0, job.out_need - job.out_used)


def is_renamed(job: Job, filesystem: Callable[[str], str]) -> bool:
    """Whether the finished plot takes no second space: on one file system it is renamed only."""
    folder = growing_in(job)
    return folder is not None and filesystem(job.out) == filesystem(folder)


def growing_in(job: Job) -> str | None:
    """The temp folder that the plot grows in; None where its plotter writes it into out."""
    known = PLOTTERS.get(job.plotter)
    kind = known.grows_in if known else "temp2"
    folders = {"temp": job.temp, "temp2": job.temp2 or job.temp}
    return folders.get(kind)


def takes(drive: Drive, room: int, temp: int, temp2: int, out: int) -> int:
    """How many more plots of the given needs fit on a drive of its kind."""
    need = {DriveKind.TEMP: temp, DriveKind.TEMP2: temp2}.get(drive.kind, out)
    return max(0, room) // need if need > 0 else 0
