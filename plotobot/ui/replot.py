"""The replot plan as text: dates and volumes, no earnings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plotobot.engine.replot.fork import Fork, fork_sentences
from plotobot.engine.replot.judgement import SHOWN_APART
from plotobot.engine.replot.plan import Plan
from plotobot.engine.replot.rule import Rule
from plotobot.engine.replot.wording import explain
from plotobot.ui.text import MESSAGE_LIMIT, bar, clean, clip_front, fence, fit, gib, plain, plural

_CHART_ROWS = 10
_DRIVES = 12
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """The volumes at one moment of a plan that begins now, in bytes."""

    at: datetime
    old: int
    """What is left of the old plots."""
    new: int
    """What is there of the new ones."""


def plan_text(plan: Plan, rule: Rule, fork: Fork) -> str:
    """The plan as a Discord message: first what the rule says, then what follows from it."""
    lines = [
        "**What is old**",
        *map(plain, explain(rule, plan.terms.now)),
        "**The plan**",
        *summary_lines(plan),
    ]
    if plan.drives:
        lines.append(fence(_drive_lines(plan, _DRIVES), 700))
    if chart := chart_lines(plan, fork):
        lines.append(fence(chart, 600))
    lines += map(plain, fork_sentences(fork, plan.terms.now))
    return fit(lines, MESSAGE_LIMIT)


def summary_lines(plan: Plan) -> list[str]:
    """What the plan comes to, in sentences."""
    if not plan.steps:
        return ["No plot is old by this rule.", *_kept_lines(plan)]
    went = f"{plural(len(plan.steps), 'old plot')} to go, {gib(plan.frees)} in all"
    come = f"room for {plural(plan.new, 'new one')} of {gib(plan.terms.new_size)}"
    lines = [f"{went}; with what is free there, {come}."]
    return [*lines, *_time_lines(plan), *_kept_lines(plan)]


def chart_lines(plan: Plan, fork: Fork) -> list[str]:
    """How the volume of old plots falls and that of new ones grows; empty without a rate."""
    points = course(plan)
    lines = [f"{'':10} {'old left':14} {'new':>11}"] if points else []
    for point in points:
        share = point.old / plan.frees if plan.frees else 0.0
        counts = fork.share_on(point.at)
        weight = "" if counts is None or counts == 1 else f"  v1 counts {counts:.0%}"
        lines.append(f"{point.at:%Y-%m-%d} {bar(share, 14)} {gib(point.new):>11}{weight}")
    return lines


def course(plan: Plan, rows: int = _CHART_ROWS) -> Sequence[Point]:
    """The volumes from now to the end in equal steps, if the plan begins now."""
    if plan.done is None or not plan.steps or not plan.new:
        return ()
    steps = min(rows, max(1, math.ceil(plan.days or 1)))
    length = plan.done - plan.terms.now
    return [
        Point(
            plan.terms.now + length * step / steps,
            plan.frees - plan.frees * step // steps,
            plan.new * plan.terms.new_size * step // steps,
        )
        for step in range(steps + 1)
    ]


def drive_rows(plan: Plan) -> list[tuple[str, ...]]:
    """A row for each drive: path, old plots, what they free, what is free now, new plots."""
    return [
        (one.drive, f"{one.old:,}", gib(one.frees), gib(one.free), f"{one.new:,}")
        for one in plan.drives
    ]


def _drive_lines(plan: Plan, most: int) -> Iterator[str]:
    for path, old, frees, _, new in drive_rows(plan)[:most]:
        yield f"{clip_front(clean(path), 18):18} {old:>5} old {frees:>10} → {new:>5} new"
    if (left := len(plan.drives) - most) > 0:
        yield f"… and {left} more drives"


def _time_lines(plan: Plan) -> Iterator[str]:
    terms = plan.terms
    if plan.days is None:
        yield "How long that takes cannot be told: no rate is known yet."
    elif plan.done is None:
        yield f"At {terms.rate:.2g} plots a day that takes for ever."
    else:
        took = f"{plan.days:,.0f} days" if plan.days >= 2 else f"{plan.days * 24:,.0f} hours"
        yield f"At {terms.rate:.3g} plots a day that takes {took}: begun now, to {plan.done:%F}."
    if terms.by is None or plan.needed_rate is None:
        return
    if terms.by <= terms.now:
        yield f"{terms.by:%F} is past."
        return
    yield f"To be done by {terms.by:%F}, {plan.needed_rate:.3g} plots a day are needed from now."
    if plan.start_by is not None and plan.start_by >= terms.now:
        yield f"Begin by {plan.start_by:%F}."
    elif plan.days is not None:
        yield "At this rate it is too late for that."


def _kept_lines(plan: Plan) -> Iterable[str]:
    kept = plan.kept or {}
    rest = [total for ground, total in kept.items() if ground not in SHOWN_APART]
    if rest:
        yield "Kept: " + ", ".join(f"{total.plots:,} {total.name}" for total in rest) + "."
    apart = [kept[ground] for ground in SHOWN_APART if ground in kept]
    if apart:
        found = ", ".join(f"{total.plots:,} {total.name}" for total in apart)
        yield f"To be looked at, and never in the plan: {found}."
