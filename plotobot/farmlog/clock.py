"""From the log's local times to UTC.

The hour that comes twice, when summer time ends, is told apart by order: a log goes forward, so a
time that seems to go back by more than a moment belongs to the second round. Where the first line
read is within that hour, it counts as the first round.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

SLACK = timedelta(minutes=1)
"""Services that share a log write a little out of order."""
_KEPT = 10_000
"""Offsets kept: 69 days of ten-minute stretches."""


class Clock:
    """Reads times in the order of the log.

    Args:
        zone: the zone of the machine that wrote the log; None is the zone of this one.
        last: the time of the record before the first to be read, where it is known.
    """

    def __init__(self, zone: tzinfo | None = None, last: datetime | None = None) -> None:
        self.zone = zone
        self.last = last
        """The latest time read."""
        self._offsets: dict[bytes, tuple[timedelta, timedelta]] = {}

    def utc(self, text: bytes) -> datetime | None:
        """The moment `2026-11-23T16:00:07.266` means; None where there is no such time."""
        try:
            local = datetime.fromisoformat(f"{text.decode()}Z")
            first, second = self._offsets.get(text[:15]) or self._learn(text[:15], local)
            moment = local - first
        except (ValueError, OverflowError, OSError):
            return None
        if first != second and self.last is not None and moment < self.last - SLACK:
            moment = local - second
        self.last = moment
        return moment

    def _learn(self, stretch: bytes, local: datetime) -> tuple[timedelta, timedelta]:
        """The offset from UTC in both rounds; they are the same nearly always.

        Asked once for ten minutes, within which no zone changes.
        """
        if len(self._offsets) >= _KEPT:
            self._offsets.clear()
        naive = local.replace(tzinfo=None)
        self._offsets[stretch] = found = self._of(naive, 0), self._of(naive, 1)
        return found

    def _of(self, naive: datetime, fold: int) -> timedelta:
        local = naive.replace(tzinfo=self.zone, fold=fold)
        aware = local if self.zone else local.astimezone()
        return aware.utcoffset() or timedelta()
