"""Where a new plot may go in place of old ones, and which ones those are. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plotobot.engine.models import Drive, DriveKind, Job
from plotobot.engine.replot.acting import under
from plotobot.engine.replot.arming import Armed, Mode, ReplotRules
from plotobot.engine.replot.journal import Entry, Fate
from plotobot.engine.replot.plan import Step, to_free


@dataclass(frozen=True, slots=True)
class Slots:
    """The replot drives that take a new plot now."""

    freeable: Mapping[str, int]
    """By drive, the bytes that may be freed there beside what is free."""
    aside: Mapping[str, int]
    """By drive, the bytes in quarantine."""
    steps: Sequence[Step] = ()
    """The old plots that may go."""
    mode: Mode = Mode.AUTO

    def reserve(self, drive: str, room: int, need: int) -> tuple[str, ...]:
        """The ids of the old plots that are to go for a new one.

        Args:
            drive: where it is to lie.
            room: bytes there after all promises and the reserve.
            need: bytes that a new plot takes at most.
        """
        if drive not in self.freeable:
            return ()
        room += self.aside.get(drive, 0)
        # Where it fits beside the old ones, what goes afterwards makes room for the next.
        want = need - room if room < need else 2 * need - room
        return tuple(step.plot.id or "" for step in to_free(self.steps, drive, want))


NO_SLOTS = Slots({}, {})


def slots(
    armed: Armed,
    rules: ReplotRules,
    steps: Sequence[Step],
    entries: Sequence[Entry],
    drives: Sequence[Drive],
    busy: Iterable[Job],
) -> Slots:
    """The drives that take a new plot now; each only one at a time.

    A plot that was agreed to is offered on one drive only: where fewer may go than are old, the
    drive with most room comes first, and what it leaves over is the next one's.

    Args:
        armed: what was agreed to.
        rules: what is allowed.
        steps: the old plots that still stand on the armed drives, in order.
        entries: the journal.
        drives: as of the last look.
        busy: live jobs, and those that have ended and whose old plots are still to go.
    """
    busy = list(busy)
    left = max(0, armed.most - len(under(armed, entries)) - _promised(steps, busy))
    aside = _aside(entries)

    def gains(mine: Sequence[Step], drive: Drive) -> int:
        old = 0 if rules.mode is Mode.AFTER else sum(step.frees for step in mine)
        return old + aside.get(drive.path, 0)

    idle = _idle(drives, entries, busy)
    idle.sort(key=lambda drive: -drive.free - gains(_on(steps, drive)[:left], drive))
    freeable: dict[str, int] = {}
    kept: list[Step] = []
    for drive in idle:
        mine = _on(steps, drive)[: left - len(kept)]
        if mine:
            freeable[drive.path] = gains(mine, drive)
            kept += mine
    return Slots(freeable, aside, kept, rules.mode)


def _promised(steps: Iterable[Step], busy: Iterable[Job]) -> int:
    """How many of the plots that still stand may go for jobs already."""
    promised = {plot for job in busy for plot in job.replaces}
    return sum(step.plot.id in promised for step in steps)


def _idle(drives: Iterable[Drive], entries: Iterable[Entry], busy: Iterable[Job]) -> list[Drive]:
    """The replot drives that no plot goes to, and where nothing is unsettled."""
    drives = list(drives)
    open_ones = {entry.target.drive for entry in entries if entry.fate.open}
    by_path = {drive.path: drive.filesystem for drive in drives}
    taken = {by_path.get(job.out, job.out) for job in busy}
    ready = [one for one in drives if one.kind is DriveKind.REPLOT and not one.problem]
    return [one for one in ready if one.filesystem not in taken and one.path not in open_ones]


def _on(steps: Iterable[Step], drive: Drive) -> list[Step]:
    return [step for step in steps if step.plot.drive == drive.path]


def _aside(entries: Iterable[Entry]) -> Mapping[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.fate is Fate.QUARANTINED:
            found[entry.target.drive] += entry.target.size
    return found
