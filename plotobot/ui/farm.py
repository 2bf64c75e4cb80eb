"""The farm's log as messages: the figures on top, and its records, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator

from plotobot.farmlog.facts import lookup
from plotobot.farmlog.records import Record
from plotobot.farmlog.report import FarmLog, Kind
from plotobot.farmlog.statistics import FarmStats, Fault
from plotobot.ui.text import MESSAGE_LIMIT, clip, code, duration, fit, plain, plural, stamp

ROWS = 8
"""Records on a page."""
ROW = 120
"""Characters of one record's text."""
TOP = 800
"""Characters of the figures."""
FAULTS = 3
"""Kinds of errors and warnings that are named."""

NAMES = {Kind.ELIGIBLE: "eligible lines", Kind.ERROR: "errors", Kind.WARNING: "warnings"}


def farm_text(log: FarmLog, kind: Kind, number: int, pages: int) -> str:
    """One page: figures, then the records, the newest first.

    Args:
        log: figures, and the records of all pages, oldest first.
        kind: what the records are.
        number: the page, from 0.
        pages: how many there are.
    """
    top = ["**The farm in the last 24 hours**", *(plain(one, 160) for one in figures(log.stats))]
    if log.hint:
        top.append(f"⚠️ {plain(log.hint, 300)}")
    title = _title(kind, len(log.records), number, pages)
    shown = log.records[::-1][number * ROWS : (number + 1) * ROWS]
    rows = [f"{stamp(one.time, 'T')} {code(_words(one), ROW)}" for one in shown]
    return clip("\n".join([fit(top, TOP), title, *rows]), MESSAGE_LIMIT)


def _words(record: Record) -> str:
    """A record's first line; what an eligible line says in fewer words than chia's."""
    found = lookup(record.message.encode())
    if found is None:
        return record.message.partition("\n")[0]
    return (
        f"{found.eligible} eligible, {plural(found.proofs + found.qualities, 'proof')}, "
        f"{found.seconds:.2f} s, {plural(found.total, 'plot')}"
    )


def _title(kind: Kind, count: int, number: int, pages: int) -> str:
    if not count:
        return f"**No {NAMES[kind]}.**"
    page = f" · page {number + 1} of {pages}" if pages > 1 else ""
    return f"**The last {count} {NAMES[kind]}**{page}" if count > 1 else "**The last one**"


def figures(stats: FarmStats) -> list[str]:
    """The figures in short lines of plain words, for a phone as for a terminal."""
    return list(_figures(stats))


def _figures(stats: FarmStats) -> Iterator[str]:
    if stats.challenges:
        yield from _farming(stats)
    if stats.signage_skipped:
        yield f"{plural(stats.signage_skipped, 'signage point')} skipped by the node"
    yield f"{plural(stats.errors, 'error')}, {plural(stats.warnings, 'warning')}"
    for fault in stats.faults[:FAULTS]:
        yield fault_text(fault)


def _farming(stats: FarmStats) -> Iterator[str]:
    hours = max(1.0, (stats.challenges * 9.375) / 3600)
    rate = f", {stats.eligible / hours:,.0f} an hour" if hours > 1 else ""
    yield (
        f"{plural(stats.eligible, 'plot')} eligible in "
        f"{plural(stats.challenges, 'challenge')}{rate}"
    )
    qualities = f", {stats.qualities} v2 qualities" if stats.qualities else ""
    yield f"{plural(stats.proofs, 'proof')} found{qualities}"
    times = stats.lookups
    yield f"lookups: p50 {_s(times.p50)}, p99 {_s(times.p99)}, max {_s(times.max)}"
    if times.over_5:
        yield f"over 5 s: {times.over_5}, over 8 s: {times.over_8}, over 28 s: {times.over_28}"
    yield _plots(stats)
    if stats.gaps:
        longest = max(gap.seconds for gap in stats.gaps)
        gaps = plural(len(stats.gaps), "gap")
        yield f"{gaps} without signage points, the longest {duration(longest)}"


def _plots(stats: FarmStats) -> str:
    text = plural(stats.plots or 0, "plot")
    if not stats.plot_changes:
        return text
    change = stats.plot_changes[-1]
    times = plural(len(stats.plot_changes), "time")
    return f"{text}, changed {times}, last from {change.before:,} to {change.after:,}"


def fault_text(fault: Fault) -> str:
    """One kind of error: how often, by whom, and the latest."""
    return f"{fault.count}x {fault.level} {fault.logger}: {clip(fault.example, 100)}"


def _s(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds:.3g} s"
