"""The deletion of one old plot, as a protocol that a crash can interrupt anywhere.

    examined > journaled > examined_again > gone > synced > marked

Whatever does not stand there exactly as the plan knew it is not deleted, and the reason is told.
After a crash between any two steps, `settling.py` tells from the disk what became of the file.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from plotobot.engine.inventory.plot import Plot
from plotobot.engine.inventory.reading import filled
from plotobot.engine.models import Drive
from plotobot.engine.moving.places import Place, is_file, move_name
from plotobot.engine.replot.folders import NotOld, Odd, Vanished, aside_of, home_of, shown
from plotobot.engine.replot.journal import Entry, Fate, Journal, Target
from plotobot.engine.replot.judgement import Kept, judge
from plotobot.engine.replot.rule import Rule
from plotobot.engine.replot.settling import found
from plotobot.errors import NotAPlot
from plotobot.plots.headers import read_open

Points = Callable[[str], None]
"""Told the name of each crash point when it is passed."""


@dataclass(frozen=True, slots=True)
class Order:
    """One old plot that is to go, and what must still hold when it does."""

    target: Target
    drive: Drive
    """As of the last look."""
    rules: Sequence[Rule]
    """By each of them the plot must be old: one for each kind of plot that is made."""
    allowed: Callable[[], str | None]
    """Asked last of all, in a thread: why it may not go now, or None; it may raise `Overtaken`."""
    job: str = ""
    verified: bool = False
    by: str = ""
    quarantine: bool = False
    """Whether it is put aside on its drive instead of deleted."""


def nowhere(point: str) -> None:
    """What happens at a crash point of a deletion that nobody tests."""


def target_of(plot: Plot) -> Target:
    """What a deletion of this plot must find.

    Raises:
        Odd: its header was never read.
    """
    if plot.id is None:
        raise Odd(f"{plot.name} has no readable header.")
    return Target(plot.path, plot.drive, plot.id, plot.size, plot.mtime_ns, plot.inode, plot.device)


async def delete(
    order: Order, journal: Journal, now: Callable[[], datetime], point: Points = nowhere
) -> Fate:
    """Delete one old plot, or put it aside; returns which of both.

    It is not to be cancelled: what its thread does goes on all the same.

    Raises:
        Odd: something is not as it must be; the file stays.
        Vanished: it is not there any more.
        Overtaken: it need not go any more.
        sqlite3.Error: the journal cannot be written; the file stays if that was before it went.
    """
    await asyncio.to_thread(examine, order, now())
    point("examined")
    target = order.target
    number = await journal.begin(target, now(), job=order.job, verified=order.verified, by=order.by)
    point("journaled")
    try:
        fate = await asyncio.to_thread(_take_away, order, now(), point)
    except BaseException:
        await _mark_as_found(journal, number, target, now())
        raise
    await journal.mark(number, fate, now())
    point("marked")
    return fate


async def purge(
    entry: Entry, order: Order, journal: Journal, now: Callable[[], datetime],
    point: Points = nowhere,
) -> None:  # fmt: skip
    """Delete a plot from its drive's quarantine folder for good.

    Raises:
        Odd: something is not as it must be; the file stays.
        Vanished: it is not there any more, which is put down.
        Overtaken: it need not go any more.
        sqlite3.Error: the journal cannot be written.
    """
    await asyncio.to_thread(_examine_aside, order, now())
    point("examined")
    await journal.mark(entry.number, Fate.PURGING, now())
    point("journaled")
    await asyncio.to_thread(_purge, order, now(), point)
    await journal.mark(entry.number, Fate.GONE, now())
    point("marked")


def examine(order: Order, now: datetime) -> None:
    """Make sure that a plot may be deleted. Blocks for a few reads.

    Raises:
        Odd: it may not.
        Vanished: it is not there.
    """
    with home_of(order.drive, order.target) as home:
        _require(home, order, now)


async def _mark_as_found(journal: Journal, number: int, target: Target, now: datetime) -> None:
    """Put down what became of a deletion that failed; where nobody can tell, it stays open."""
    with suppress(OSError, sqlite3.Error, Odd):
        fate = await asyncio.to_thread(found, target, Fate.BEGUN, target.device)
        await journal.mark(number, fate, now)


def _require(home: Place, order: Order, now: datetime) -> None:
    target = order.target
    if home.status.st_dev != target.device:
        raise Odd(f"Another drive is at {target.drive} than when its plots were read.")
    _require_same(home, order, now)


def _require_same(folder: Place, order: Order, now: datetime) -> None:
    """The file under the target's name is the target, and old by every rule."""
    target, path = order.target, shown(order.target.path)
    named = folder.find(target.name)
    if named is None:
        raise Vanished(f"{path} is not there any more.")
    if not is_file(named):
        raise Odd(f"{path} is no regular file.")
    with folder.file(target.name, os.O_RDONLY) as file:
        held = os.fstat(file.fileno())
        for status in (named, held):
            _require_identity(folder, status, target)
        try:
            header = read_open(file, target.path)
        except NotAPlot as error:
            raise Odd(f"{path} is no plot any more: {error}.") from None
    if header.id != target.id:
        raise Odd(f"{path} holds another plot than its name says.")
    _require_old(filled(order.drive, held, header), order.rules, now)


def _require_identity(folder: Place, status: os.stat_result, target: Target) -> None:
    now = (status.st_ino, status.st_size, status.st_mtime_ns)
    if now != (target.inode, target.size, target.mtime_ns):
        raise Odd(f"{shown(target.path)} has changed since the drive was read.")
    if status.st_dev != folder.status.st_dev:
        raise Odd(f"{shown(target.path)} lies on another file system than its folder.")
    if status.st_nlink != 1:
        raise Odd(f"{shown(target.path)} has a second name, so that its end would free nothing.")


def _require_old(plot: Plot, rules: Sequence[Rule], now: datetime) -> None:
    if not rules:
        raise Odd("There is no rule of what is old.")
    for rule in rules:
        if rule.empty or not rule.tells_apart(now):
            raise Odd("By the rule, new plots cannot be told from old ones.")
        judged = judge(plot, rule)
        if isinstance(judged, Kept):
            raise NotOld(f"{shown(plot.path)} is not old any more: {judged.reason}")


def _require_allowed(order: Order) -> None:
    if reason := order.allowed():
        raise Odd(reason)


def _take_away(order: Order, now: datetime, point: Points) -> Fate:
    with home_of(order.drive, order.target) as home:
        _require(home, order, now)
        point("examined_again")
        _require_allowed(order)
        if order.quarantine:
            with aside_of(home, make=True) as aside:
                move_name(home, order.target.name, aside, order.target.name)
                point("gone")
                aside.sync()
        else:
            home.unlink(order.target.name)
            point("gone")
        home.sync()
    point("synced")
    return Fate.QUARANTINED if order.quarantine else Fate.GONE


def _examine_aside(order: Order, now: datetime) -> None:
    with home_of(order.drive, order.target) as home, _opened_aside(home, order) as aside:
        _require_same(aside, order, now)


def _purge(order: Order, now: datetime, point: Points) -> None:
    with home_of(order.drive, order.target) as home, _opened_aside(home, order) as aside:
        _require_same(aside, order, now)
        point("examined_again")
        _require_allowed(order)
        aside.unlink(order.target.name)
        point("gone")
        aside.sync()
    point("synced")


@contextmanager
def _opened_aside(home: Place, order: Order) -> Iterator[Place]:
    try:
        with aside_of(home) as aside:
            yield aside
    except FileNotFoundError:
        raise Vanished(f"{shown(order.target.path)} is not in quarantine any more.") from None
