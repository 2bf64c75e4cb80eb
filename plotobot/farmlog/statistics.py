"""Figures of a stretch of the log: challenges, lookup times, plots, signage points, errors."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import add, sub

from plotobot.farmlog.facts import Lookup, LookupWords, lookup_of
from plotobot.farmlog.wording import shape

SIGNAGE_SECONDS = 9.375
"""From one signage point to the next: 600 s in 64 parts (chia's SUB_SLOT_TIME_TARGET)."""
GAP = timedelta(seconds=30)
"""Eligible lines further apart than this: three signage points went by unseen."""
TOGETHER = 32
"""Challenges counted at once: an hour has 384."""
KEPT = 200
"""Changes and gaps that are listed, and kinds of errors that are told apart."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What was looked up in one hour of UTC."""

    start: datetime
    challenges: int = 0
    eligible: int = 0
    proofs: int = 0


@dataclass(frozen=True, slots=True)
class LookupTimes:
    """How long lookups took, in seconds; None where there were none."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None
    over_5: int = 0
    over_8: int = 0
    over_28: int = 0
    """Too late: a proof must be there within 28 seconds."""


@dataclass(frozen=True, slots=True)
class PlotChange:
    """The harvester came to another number of plots."""

    time: datetime
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without eligible lines; it ended at `time`."""

    time: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Fault:
    """Errors or warnings of one kind: one logger, one shape of message."""

    logger: str
    level: str
    shape: str
    count: int
    first: datetime
    last: datetime
    example: str
    """The latest one's first line."""


@dataclass(frozen=True, slots=True)
class FarmStats:
    """The figures of a stretch of the log. Times are UTC, durations are seconds."""

    begin: datetime | None = None
    """Of the first record, and of the last."""
    end: datetime | None = None
    info: bool = False
    """Whether there are INFO lines at all; without them there are no eligible lines either."""
    challenges: int = 0
    eligible: int = 0
    """Plots that passed the filter, in all challenges."""
    proofs: int = 0
    qualities: int = 0
    """Of v2 plots."""
    lookups: LookupTimes = LookupTimes()
    plots: int | None = None
    """Plots at the last challenge."""
    plot_changes: tuple[PlotChange, ...] = ()
    gaps: tuple[Gap, ...] = ()
    signage_skipped: int = 0
    """Signage points that the full node never finished, where it writes of them."""
    errors: int = 0
    """Records of the levels ERROR and CRITICAL."""
    warnings: int = 0
    hours: tuple[Hour, ...] = ()
    faults: tuple[Fault, ...] = ()
    """The most frequent first, errors before warnings."""


class Statistics:
    """Counts while a log is being read."""

    def __init__(self) -> None:
        self.begin: datetime | None = None
        self.end: datetime | None = None
        self.info = False
        self._seconds = array("d")
        self._hours: dict[datetime, list[int]] = {}
        self._hour = [0, 0, 0]
        self._hour_begin = self._hour_end = datetime.max.replace(tzinfo=UTC)
        self._qualities = 0
        self._plots: int | None = None
        self._changes: list[PlotChange] = []
        self._gaps: list[Gap] = []
        self._lookup_at: datetime | None = None
        self._signage: tuple[int, datetime] | None = None
        self._skipped = 0
        self._levels: dict[str, int] = {}
        self._faults: dict[tuple[str, str, str], Fault] = {}

    def lookups(self, times: Sequence[datetime], words: Sequence[LookupWords]) -> None:
        """Count challenges in their order; those that are as usual, a few dozen at once."""
        for start in range(0, len(times), TOGETHER):
            few, said = times[start : start + TOGETHER], words[start : start + TOGETHER]
            eligible, proofs, qualities, seconds, totals = zip(*said, strict=True)
            if self._usual(few, totals):
                self._seconds.extend(map(float, seconds))
                self._qualities += sum(map(int, filter(None, qualities)))
                added = len(few), sum(map(int, eligible)), sum(map(int, proofs))
                self._hour[:] = map(add, self._hour, added)
                self._lookup_at = few[-1]
                continue
            for time, one in zip(few, said, strict=True):
                self.lookup(time, lookup_of(one))

    def _usual(self, times: Sequence[datetime], totals: Sequence[bytes]) -> bool:
        """Whether they go on as before: in the same hour, with the same plots, without a gap."""
        return (
            self._lookup_at is not None
            and set(totals) == {str(self._plots).encode()}
            and self._hour_begin <= min(times)
            and max(times) < self._hour_end
            and max(map(sub, times, (self._lookup_at, *times))) <= GAP
        )

    def lookup(self, time: datetime, found: Lookup) -> None:
        """Count a challenge."""
        self._seconds.append(found.seconds)
        self._qualities += found.qualities
        if not self._hour_begin <= time < self._hour_end:
            self._begin_hour(time)
        hour = self._hour
        hour[0] += 1
        hour[1] += found.eligible
        hour[2] += found.proofs
        if found.total != self._plots:
            if self._plots is not None:
                self._changes.append(PlotChange(time, self._plots, found.total))
            self._plots = found.total
        if self._lookup_at and time - self._lookup_at > GAP:
            self._gaps.append(Gap(time, (time - self._lookup_at).total_seconds()))
        self._lookup_at = time

    def _begin_hour(self, time: datetime) -> None:
        self._hour_begin = time.replace(minute=0, second=0, microsecond=0)
        self._hour_end = self._hour_begin + timedelta(hours=1)
        self._hour = self._hours.setdefault(self._hour_begin, [0, 0, 0])

    def signage_point(self, time: datetime, number: int) -> None:
        """Count the points left out since the last one; going back (a reorganisation) is none."""
        if self._signage:
            last, at = self._signage
            steps = (number - last) % 64
            away = (time - at).total_seconds()
            if away > 32 * SIGNAGE_SECONDS:
                steps = round(away / SIGNAGE_SECONDS)
            if steps > 32 and away <= 32 * SIGNAGE_SECONDS:
                return
            self._skipped += max(0, steps - 1)
        self._signage = number, time

    def fault(self, time: datetime, logger: str, level: str, message: str) -> None:
        """Count an error or a warning."""
        self._levels[level] = self._levels.get(level, 0) + 1
        key = logger, level, shape(message)
        known = self._faults.get(key)
        if known is not None:
            self._faults[key] = replace(known, count=known.count + 1, last=time, example=message)
        elif len(self._faults) < KEPT:
            self._faults[key] = Fault(*key, 1, time, time, message)

    def result(self) -> FarmStats:
        """The figures so far."""
        hours = tuple(Hour(start, *counts) for start, counts in sorted(self._hours.items()))
        return FarmStats(
            begin=self.begin,
            end=self.end,
            info=self.info,
            challenges=len(self._seconds),
            eligible=sum(hour.eligible for hour in hours),
            proofs=sum(hour.proofs for hour in hours),
            qualities=self._qualities,
            lookups=_times(self._seconds),
            plots=self._plots,
            plot_changes=tuple(self._changes[-KEPT:]),
            gaps=tuple(self._gaps[-KEPT:]),
            signage_skipped=self._skipped,
            errors=self._levels.get("ERROR", 0) + self._levels.get("CRITICAL", 0),
            warnings=self._levels.get("WARNING", 0),
            hours=hours,
            faults=tuple(sorted(self._faults.values(), key=_weight)),
        )


def _times(seconds: Sequence[float]) -> LookupTimes:
    if not seconds:
        return LookupTimes()
    ordered = sorted(seconds)

    def rank(share: float) -> float:
        return ordered[math.ceil(len(ordered) * share) - 1]

    over = [len(ordered) - bisect_right(ordered, limit) for limit in (5, 8, 28)]
    return LookupTimes(rank(0.5), rank(0.99), ordered[-1], *over)


def _weight(fault: Fault) -> tuple[bool, int]:
    return fault.level == "WARNING", -fault.count
