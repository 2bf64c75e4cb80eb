"""What is worth telling of the farm's log. Pure: bytes and a clock in, events out.

News gathers in tallies and is told at once, but of each kind at most once an hour; so neither a
restart nor a bad night makes a storm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from plotobot.engine.config import FarmSettings
from plotobot.engine.models import Event, EventKind
from plotobot.farmlog.clock import Clock
from plotobot.farmlog.facts import ELIGIBLE, SLOW, Lookup, SlowPlot, lookup, slow_plot
from plotobot.farmlog.records import cleaned, first_line, heads, last_head
from plotobot.farmlog.tail import Place
from plotobot.farmlog.wording import masked, shape

HOUR = timedelta(hours=1)
LATE = 28.0
"""Seconds after which a proof does not count any more [source: chia's own warning]."""
FEWER_FOR = timedelta(minutes=5)
"""A harvester that starts counts its plots up from 0; only what stays is told."""
QUIET = timedelta(minutes=3)
"""A harvester at level INFO writes a line every two minutes at least: its look for new plots."""
REPEATED = 3
"""Errors of one kind within an hour that are worth a message."""
KINDS = 50
"""Kinds of errors that are told apart."""
NAMED = 5
"""Kinds of errors that one message names."""
_NEEDLES = (ELIGIBLE, SLOW, b": ERROR", b": CRITICAL")


@dataclass(frozen=True, slots=True)
class Tally:
    """What came up since the last message about it."""

    count: int = 0
    worst: float = 0.0
    plot: str = ""
    told: datetime | None = None


@dataclass(frozen=True, slots=True)
class FaultTally:
    """Errors of one kind."""

    logger: str
    shape: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class FarmState:
    """Where the reading stands and what is not told yet; plain values, made to be stored."""

    place: Place | None = None
    last: datetime | None = None
    """The time of the last record."""
    info_at: datetime | None = None
    """The last INFO record: chia's level allows eligible lines, or did then."""
    eligible_at: datetime | None = None
    silent_since: datetime | None = None
    """Set while the farm is told to be silent."""
    plots: int | None = None
    most: int | None = None
    """The number of plots that a fall is measured from."""
    fewer_since: datetime | None = None
    fewer_told: datetime | None = None
    slow: Tally = Tally()
    late: Tally = Tally()
    proofs: Tally = Tally()
    faults: tuple[FaultTally, ...] = ()
    faults_since: datetime | None = None
    faults_told: datetime | None = None


def take(
    state: FarmState,
    data: bytes,
    rules: FarmSettings,
    now: datetime,
    *,
    news: bool = True,
    zone: tzinfo | None = None,
) -> FarmState:
    """Take up whole lines of the log.

    Args:
        state: what was known before.
        data: the lines.
        rules: what counts as slow.
        now: the present; nothing in the log is later.
        news: whether what the lines tell may be told; not so for those from before the watch.
        zone: the zone of the log's times; None is this machine's.
    """
    block = cleaned(data)
    if info := last_head(block, b"INFO"):
        allowed = _at(Clock(zone, state.last or now), info, now)
        state = replace(state, info_at=allowed or state.info_at)
    clock = Clock(zone, state.last or now)
    for head in heads(block, _NEEDLES):
        time = clock.utc(head["time"])
        if time is not None:
            state = _taken(state, head, min(time, now), rules, news=news)
    if last := last_head(block):
        state = replace(state, last=_at(clock, last, now) or state.last)
    return state


def due(
    state: FarmState, rules: FarmSettings, now: datetime, watching: datetime
) -> tuple[FarmState, list[Event]]:
    """What is to be told now.

    Args:
        state: with all taken up that the log holds.
        rules: how long a farm may be silent.
        now: the present.
        watching: since when the log is being watched without a break.
    """
    told: list[Event] = []
    for ask in (_late, _slow, _proofs, _faults, _fewer):
        state, event = ask(state, now)
        told += [event] if event else []
    state, event = _silence(state, rules, now, watching)
    return state, [*told, *([event] if event else [])]


def _at(clock: Clock, head: re.Match[bytes], now: datetime) -> datetime | None:
    time = clock.utc(head["time"])
    return min(time, now) if time else None


def _taken(
    state: FarmState, head: re.Match[bytes], time: datetime, rules: FarmSettings, *, news: bool
) -> FarmState:
    if found := lookup(head["message"]):
        return _looked_up(state, found, time, rules, news=news)
    if not news:
        return state
    if head["level"] in (b"ERROR", b"CRITICAL"):
        return _failed(state, head["logger"].decode(), first_line(head)[:4000], time)
    plot = slow_plot(first_line(head)) if head["level"] == b"WARNING" else None
    return _slow_plot(state, plot, time, rules) if plot else state


def _looked_up(
    state: FarmState, found: Lookup, time: datetime, rules: FarmSettings, *, news: bool
) -> FarmState:
    fewer = state.most is not None and found.total < state.most and news
    state = replace(
        state,
        eligible_at=time,
        plots=found.total,
        most=state.most if fewer else found.total,
        fewer_since=(state.fewer_since or time) if fewer else None,
    )
    if not news:
        return state
    if count := found.proofs + found.qualities:
        state = replace(state, proofs=replace(state.proofs, count=state.proofs.count + count))
    return _slower(state, found.seconds, rules)


def _slow_plot(state: FarmState, found: SlowPlot, time: datetime, rules: FarmSettings) -> FarmState:
    """A warning names the plot. It counts by itself only where no eligible lines do."""
    if state.info_at is None or time - state.info_at > QUIET:
        state = _slower(state, found.seconds, rules)
    if found.seconds > LATE:
        return replace(state, late=replace(state.late, plot=found.plot))
    return replace(state, slow=replace(state.slow, plot=found.plot))


def _slower(state: FarmState, seconds: float, rules: FarmSettings) -> FarmState:
    if seconds > LATE:
        return replace(state, late=_counted(state.late, seconds))
    if seconds > rules.slow:
        return replace(state, slow=_counted(state.slow, seconds))
    return state


def _counted(tally: Tally, seconds: float) -> Tally:
    return replace(tally, count=tally.count + 1, worst=max(tally.worst, seconds))


def _failed(state: FarmState, logger: str, message: str, time: datetime) -> FarmState:
    key = logger, shape(message)
    old = next((one for one in state.faults if (one.logger, one.shape) == key), None)
    if old is None and len(state.faults) >= KINDS:
        return state
    new = FaultTally(*key, old.count + 1 if old else 1, masked(message)[:200])
    others = tuple(one for one in state.faults if one is not old)
    return replace(state, faults=(*others, new), faults_since=state.faults_since or time)


def _hourly(told: datetime | None, now: datetime) -> bool:
    return told is None or not timedelta() <= now - told < HOUR


def _late(state: FarmState, now: datetime) -> tuple[FarmState, Event | None]:
    if not state.late.count or not _hourly(state.late.told, now):
        return state, None
    event = Event(EventKind.FARM_LATE, now, None, _lookups(state.late))
    return replace(state, late=Tally(told=now)), event


def _slow(state: FarmState, now: datetime) -> tuple[FarmState, Event | None]:
    if not state.slow.count or not _hourly(state.slow.told, now):
        return state, None
    event = Event(EventKind.FARM_SLOW, now, None, _lookups(state.slow))
    return replace(state, slow=Tally(told=now)), event


def _lookups(tally: Tally) -> dict[str, Any]:
    return {"lookups": tally.count, "slowest": tally.worst, "plot": tally.plot}


def _proofs(state: FarmState, now: datetime) -> tuple[FarmState, Event | None]:
    if not state.proofs.count or not _hourly(state.proofs.told, now):
        return state, None
    event = Event(EventKind.FARM_PROOF, now, None, {"proofs": state.proofs.count})
    return replace(state, proofs=Tally(told=now)), event


def _faults(state: FarmState, now: datetime) -> tuple[FarmState, Event | None]:
    """Errors that came several times within an hour; those that did not are dropped after it."""
    repeated = sorted(
        (one for one in state.faults if one.count >= REPEATED), key=lambda one: -one.count
    )
    if repeated and _hourly(state.faults_told, now):
        data = {"errors": list(_named(repeated)), "others": max(0, len(repeated) - NAMED)}
        state = replace(state, faults=(), faults_since=None, faults_told=now)
        return state, Event(EventKind.FARM_ERRORS, now, None, data)
    if not repeated and state.faults_since and now - state.faults_since > HOUR:
        return replace(state, faults=(), faults_since=None), None
    return state, None


def _named(faults: list[FaultTally]) -> Iterator[dict[str, Any]]:
    for one in faults[:NAMED]:
        yield {"count": one.count, "logger": one.logger, "example": one.example}


def _fewer(state: FarmState, now: datetime) -> tuple[FarmState, Event | None]:
    stays = state.fewer_since is not None and now - state.fewer_since >= FEWER_FOR
    if not stays or not _hourly(state.fewer_told, now):
        return state, None
    event = Event(
        EventKind.FARM_PLOTS_FEWER, now, None, {"before": state.most, "after": state.plots}
    )
    return replace(state, most=state.plots, fewer_since=None, fewer_told=now), event


def _silence(
    state: FarmState, rules: FarmSettings, now: datetime, watching: datetime
) -> tuple[FarmState, Event | None]:
    """Tell of silence once, and once that it is over."""
    heard = state.eligible_at
    if heard is None:
        return state, None
    if state.silent_since is not None:
        if heard <= state.silent_since:
            return state, None
        away = (heard - state.silent_since).total_seconds()
        event = Event(EventKind.FARM_GOES_ON, now, None, {"silent_seconds": away})
        return replace(state, silent_since=None), event
    silent = now - max(heard, watching) >= timedelta(seconds=rules.silent)
    if not rules.silent or not silent or not _level_allows(state):
        return state, None
    event = Event(EventKind.FARM_SILENT, now, None, {"since": heard.isoformat()})
    return replace(state, silent_since=heard), event


def _level_allows(state: FarmState) -> bool:
    """Whether chia's log level lets eligible lines be written.

    Where lines go on to come without an INFO line among them, the level was raised.
    """
    if state.info_at is None or state.last is None:
        return False
    return state.last - state.info_at < QUIET
