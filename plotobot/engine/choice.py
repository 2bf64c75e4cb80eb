"""Which of several drives is best for the next plot. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from plotobot.engine.config import Profile
from plotobot.engine.drives.spec import names
from plotobot.engine.models import Drive, DriveKind, Job
from plotobot.engine.space import Ledger
from plotobot.plotters.base import Needs

_RANKS = {"ram": 0, "nvme": 1}
"""By `Drive.bus` in small letters; whatever is not here comes last."""
_ANY = Profile()


def temp_order(drive: Drive, jobs: Sequence[Job], ledger: Ledger) -> tuple[int, int, int]:
    """Sorts temp drives: fewest jobs, then RAM before NVMe before the rest, then most room."""
    rank = _RANKS.get((drive.bus or "").lower(), len(_RANKS))
    return sum(job.temp == drive.path for job in jobs), rank, -ledger.room(drive)


def keeps(entries: Sequence[str], drive: Drive) -> bool:
    """Whether a profile that keeps to these drives uses this one; to none means it uses all."""
    return not entries or any(names(entry, drive) for entry in entries)


def planned(
    profile: Profile, needs: Needs, temp: str, temp2: str | None, out: str, name: str = "planned"
) -> Job:
    """A plot that might be started, as the job it would be."""
    return Job(
        id=name,
        plotter=profile.plot.plotter,
        k=profile.plot.k,
        temp=temp,
        temp2=temp2,
        out=out,
        temp_need=needs.temp,
        temp2_need=needs.temp2 if temp2 else 0,
        out_need=needs.out,
        profile=profile.name,
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """The drives there are, and what has been promised on them."""

    drives: Sequence[Drive]
    jobs: Sequence[Job]
    """The live ones."""
    ledger: Ledger
    needs: Needs
    profile: Profile = _ANY
    _: KW_ONLY
    use_replot: bool = False
    """Whether replot drives serve where no out drive has room."""

    def folders(self, temp: Drive) -> tuple[Drive, Drive | None] | None:
        """The out drive and the temp2 drive for a plot made on this temp drive.

        The roomiest temp2 drive with which it fits, else none; None where it fits nowhere.
        """
        temp2s = sorted(self._usable(DriveKind.TEMP2), key=self.ledger.room, reverse=True)
        for temp2 in (*temp2s, None):
            if out := self._out_for(temp, temp2):
                return out, temp2
        return None

    def outs(self) -> list[Drive]:
        """The drives that plots may go to, whatever their state."""
        kinds = (DriveKind.OUT, DriveKind.REPLOT) if self.use_replot else (DriveKind.OUT,)
        found = [drive for kind in kinds for drive in self._kept(kind)]
        return found + [one for one in self._replaceable() if one not in found]

    def _out_for(self, temp: Drive, temp2: Drive | None) -> Drive | None:
        """The out drive with most room after all promises; None where the plot fits on none.

        Drives where old plots may go for it come first: that is what they are armed for.
        Of those that lie within one plot of it, the one that fewest running plots go to, so that
        their last copies do not meet on one drive.
        """
        fitting = self._fitting(DriveKind.REPLOT, temp, temp2, self._replaceable())
        fitting = fitting or self._fitting(DriveKind.OUT, temp, temp2)
        if not fitting and self.use_replot:
            fitting = self._fitting(DriveKind.REPLOT, temp, temp2, self._as_they_are())
        most = max(map(self.ledger.room, fitting), default=0)
        near = [drive for drive in fitting if self.ledger.room(drive) >= most - self.needs.out]
        return min(near, key=lambda d: (self._going_to(d), -self.ledger.room(d)), default=None)

    def _fitting(
        self,
        kind: DriveKind,
        temp: Drive,
        temp2: Drive | None,
        of: Sequence[Drive] | None = None,
    ) -> list[Drive]:
        outs = self._usable(kind) if of is None else of
        return [out for out in outs if self.ledger.fits(self._job(temp, temp2, out))]

    def _replaceable(self) -> list[Drive]:
        """Replot drives where old plots may go for a new one; each takes one plot at a time."""
        free = self.ledger.freeable
        drives = [drive for drive in self._usable(DriveKind.REPLOT) if drive.path in free]
        return [drive for drive in drives if not self._going_to(drive)]

    def _as_they_are(self) -> list[Drive]:
        """Replot drives whose room is what is free; old plots go for one new plot at a time."""
        drives = self._usable(DriveKind.REPLOT)
        return [drive for drive in drives if drive.path not in self.ledger.freeable]

    def _job(self, temp: Drive, temp2: Drive | None, out: Drive) -> Job:
        return planned(self.profile, self.needs, temp.path, temp2.path if temp2 else None, out.path)

    def _usable(self, kind: DriveKind) -> list[Drive]:
        return [drive for drive in self._kept(kind) if not drive.problem]

    def _kept(self, kind: DriveKind) -> list[Drive]:
        entries = () if kind is DriveKind.REPLOT else self.profile.of(kind)
        return [drive for drive in self.drives if drive.kind is kind and keeps(entries, drive)]

    def _going_to(self, out: Drive) -> int:
        """Live jobs whose plots go to this out drive's file system."""
        folders = {d.path for d in self.drives if d.filesystem == out.filesystem}
        return sum(job.out in folders for job in self.jobs)
