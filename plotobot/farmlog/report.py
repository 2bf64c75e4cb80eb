"""What a farm's log tells: figures, and the records of one kind. Blocks: for a thread."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from itertools import chain
from pathlib import Path

from plotobot.errors import Refusal
from plotobot.farmlog.clock import Clock
from plotobot.farmlog.facts import ELIGIBLE, SIGNAGE, LookupWords, signage_point
from plotobot.farmlog.files import blocks, check, rotated
from plotobot.farmlog.records import (
    Record,
    first_head,
    first_line,
    heads,
    last_head,
    looked_up,
    record,
)
from plotobot.farmlog.statistics import FarmStats, Statistics

RAISE_LEVEL = "chia configure --set-log-level INFO, then chia start farmer -r"
"""What makes chia write eligible lines; its default is WARNING."""
_FAULTS = (b": ERROR", b": WARNING", b": CRITICAL")
_NEEDLES = (ELIGIBLE, SIGNAGE, *_FAULTS)


class Kind(StrEnum):
    """Which records are asked for; Ploto's three levels."""

    ELIGIBLE = "EligiblePlots"
    ERROR = "Error"
    """CRITICAL ones as well."""
    WARNING = "Warning"


_KINDS = {b"ERROR": Kind.ERROR, b"CRITICAL": Kind.ERROR, b"WARNING": Kind.WARNING}


@dataclass(frozen=True, slots=True)
class FarmLog:
    """The figures of a log, and the records that were asked for, oldest first."""

    stats: FarmStats
    records: tuple[Record, ...] = ()

    @property
    def hint(self) -> str | None:
        """Why there is nothing, or no eligible line, where the log itself is the reason."""
        if self.stats.begin is None:
            return "The log holds nothing of that time."
        if self.stats.info:
            return None
        return (
            "There are no INFO lines, so chia's log level leaves out the eligible lines. "
            f"To have them: {RAISE_LEVEL}."
        )


def read_farm_log(
    path: Path,
    kind: Kind | None = None,
    *,
    since: datetime | None = None,
    lines: int | None = None,
    zone: tzinfo | None = None,
) -> FarmLog:
    """Read a log whole, or from a moment on.

    Args:
        path: the log.
        kind: the records wanted; None means all.
        since: leave out what is older; what was rotated away is read as far back as that.
        lines: how many of the records are kept, the last ones; None keeps all.
        zone: the zone its times are in; None is this machine's.

    Raises:
        Refusal: there is no such file, it cannot be read, is empty or no log of chia's.
    """
    check(path, may_be_empty=since is not None and bool(rotated(path)))
    clock = Clock(zone)
    reader = _Reader(kind, since, lines, clock)
    logs = _reaching_back(path, since, zone) if since else [path]
    for block in chain.from_iterable(blocks(one, since, zone) for one in logs):
        reader.feed(block)
    if not reader.is_log:
        raise Refusal(f"{path} is no log of chia's: no line in it begins as chia's lines do.")
    return reader.result()


def _reaching_back(path: Path, since: datetime, zone: tzinfo | None) -> list[Path]:
    """The logs that hold what came since a moment, oldest first."""
    logs = [path]
    for older in rotated(path):
        begin = _first_time(logs[0], zone)
        if begin is not None and begin <= since:
            break
        logs.insert(0, older)
    return logs


def _first_time(path: Path, zone: tzinfo | None) -> datetime | None:
    head = first_head(next(blocks(path), b""))
    return Clock(zone).utc(head["time"]) if head else None


class _Reader:
    """Takes blocks; counts, and keeps the records wanted."""

    def __init__(
        self, kind: Kind | None, since: datetime | None, lines: int | None, clock: Clock
    ) -> None:
        self._kind, self._since, self._clock = kind, since, clock
        self._lines = lines
        self._kept: deque[tuple[re.Match[bytes], datetime]] = deque(maxlen=lines)
        self._last: deque[tuple[bytes, datetime | None]] = deque(maxlen=2)
        self._stats = Statistics()
        self.is_log = False

    def feed(self, block: bytes) -> None:
        """Take a block of whole records."""
        all_wanted = self._kind is None and self._lines is None
        before = self._clock.last
        self._bound(first_head(block))
        times, words = list[datetime](), list[LookupWords]()
        utc, since = self._clock.utc, self._since
        for head in heads(block, None if all_wanted else _NEEDLES):
            time = utc(head[1])
            if time is None or (since is not None and time < since):
                continue
            if (said := looked_up(head)) and head["level"] not in _KINDS:
                kind: Kind | None = Kind.ELIGIBLE
                times.append(time)
                words.append(said)
            else:
                kind = self._count(head, time)
            if all_wanted or (kind is not None and kind is self._kind):
                self._kept.append((head, time))
        self._stats.lookups(times, words)
        self._bound(last_head(block))
        if not self._stats.info:
            info = last_head(block, b"INFO")
            self._stats.info = info is not None and self._time(info) is not None
        self._last.append((block, before))

    def result(self) -> FarmLog:
        """What was found."""
        if self._kind is None and self._lines is not None:
            for block, before in self._last:
                self._clock = Clock(self._clock.zone, before)
                for head in heads(block):
                    if time := self._time(head):
                        self._kept.append((head, time))
        return FarmLog(self._stats.result(), tuple(record(*kept) for kept in self._kept))

    def _time(self, head: re.Match[bytes]) -> datetime | None:
        """When it was, unless that is no time or too long ago."""
        time = self._clock.utc(head["time"])
        return time if time and (self._since is None or time >= self._since) else None

    def _bound(self, head: re.Match[bytes] | None) -> None:
        """Take a block's first or last record as the beginning or end of the whole."""
        if head is None:
            return
        self.is_log = True
        if time := self._time(head):
            self._stats.begin = self._stats.begin or time
            self._stats.end = time

    def _count(self, head: re.Match[bytes], time: datetime) -> Kind | None:
        """Count a record that is no challenge's; returns its kind."""
        level = head["level"]
        if level in _KINDS:
            self._stats.fault(time, head["logger"].decode(), level.decode(), first_line(head))
            return _KINDS[level]
        if (number := signage_point(head["message"])) is not None:
            self._stats.signage_point(time, number)
        return None
