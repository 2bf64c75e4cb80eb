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

    Args:
        armed: what was agreed to.
        rules: what is allowed.
        steps: the old plots that still stand on the armed drives, in order.
        entries: the journal.
        drives: as of the last look.
        busy: live jobs, and those that have ended and whose old plots are still to go.
    """
    left = max(0, armed.most - len(under(armed, entries)))
    open_ones = {entry.target.drive for entry in entries if entry.fate.open}
    by_path = {drive.path: drive.filesystem for drive in drives}
    taken = {by_path.get(job.out, job.out) for job in busy}
    aside = _aside(entries)
    freeable: dict[str, int] = {}
    for drive in drives:
        mine = [step for step in steps if step.plot.drive == drive.path][:left]
        if drive.kind is not DriveKind.REPLOT or drive.problem or not mine:
            continue
        if drive.filesystem in taken or drive.path in open_ones:
            continue
        old = 0 if rules.mode is Mode.AFTER else sum(step.frees for step in mine)
        freeable[drive.path] = old + aside.get(drive.path, 0)
    kept = [step for drive in freeable for step in _on(steps, drive)[:left]]
    return Slots(freeable, aside, kept, rules.mode)


def _on(steps: Sequence[Step], drive: str) -> list[Step]:
    return [step for step in steps if step.plot.drive == drive]


def _aside(entries: Iterable[Entry]) -> Mapping[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.fate is Fate.QUARANTINED:
            found[entry.target.drive] += entry.target.size
    return found
