"""Replotting in words: what an owner agrees to, where it stands, what it tells of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from plotobot.engine.models import EventKind
from plotobot.engine.replot.arming import Armed
from plotobot.engine.replot.journal import Entry, Fate
from plotobot.engine.replot.views import ReplotPlan, ReplotStatus
from plotobot.plots.names import masked
from plotobot.ui.text import (
    MESSAGE_LIMIT,
    bar,
    code,
    fit,
    gib,
    percent,
    plain,
    plural,
    stamp,
    tail,
)

_FATES: Mapping[Fate, str] = {
    Fate.BEGUN: "not known yet",
    Fate.KEPT: "stayed",
    Fate.QUARANTINED: "in quarantine",
    Fate.PURGING: "not known yet",
    Fate.GONE: "gone",
}
_LATEST = 5


def question_text(shown: ReplotPlan) -> str:
    """What an owner is asked before anything may go: with the numbers."""
    return (
        f"⚠️ **Up to {plural(shown.most, 'plot')} on {plural(shown.drives, 'drive')}** will be "
        f"deleted for new ones, {gib(shown.frees)} in all at most. They cannot come back.\n"
        "Each goes only for a new plot, and only if its header still says what it says now. "
        "`/replot plan` shows the rule and the plan; `/replot disarm` ends it within a second."
    )


def status_text(status: ReplotStatus) -> str:
    """Where it stands."""
    return fit([*_head(status), *_figures(status), *_latest(status)], MESSAGE_LIMIT)


def armed_text(status: ReplotStatus, who: str) -> str:
    """What arming did, for the channel."""
    most = plural(status.armed.most, "plot") if status.armed else "nothing"
    return (
        f"⚠️ {plain(who, 60)} **armed** replotting: up to {most} will be replaced. "
        f"`/replot disarm` ends it."
    )


def disarmed_text(status: ReplotStatus, who: str) -> str:
    """What disarming did, for the channel."""
    done = plural(status.replaced, "plot")
    return f"🧷 {plain(who, 60)} disarmed replotting; nothing more goes. {done} went until now."


def _head(status: ReplotStatus) -> Iterator[str]:
    if not status.enabled:
        yield "Replotting is **off**; `replot.enabled` in the settings allows it."
    elif status.armed:
        yield f"Replotting is **armed**{_by(status.armed)}."
    else:
        yield "Replotting is **not armed**; nothing goes. `/replot arm` does that."
    if status.halted:
        yield f"⛔ It was stopped: {plain(status.halted, 500)}"


def _by(armed: Armed) -> str:
    return f" by {plain(armed.by, 60)}, {stamp(armed.at)}"


def _figures(status: ReplotStatus) -> Iterator[str]:
    if status.armed and status.share is not None:
        yield (
            f"`{bar(status.share)}` **{percent(status.share)}**: {status.replaced:,} of "
            f"{plural(status.armed.most, 'plot')} replaced, {gib(status.replaced_bytes)}"
        )
        days = "" if status.days is None else f", about {status.days:,.1f} days at this rate"
        yield f"{plural(status.left, 'old plot')} left, {gib(status.left_bytes)}{days}"
    if status.aside:
        yield f"{plural(status.aside, 'plot')} in quarantine, {gib(status.aside_bytes)}"
    for reason in status.waits:
        yield f"⏳ {plain(reason, 300)}"


def _latest(status: ReplotStatus) -> Iterator[str]:
    for entry in status.latest[:_LATEST]:
        yield f"• {_line(entry)}"


def _line(entry: Entry) -> str:
    where = code(tail(entry.target.drive))
    return (
        f"{stamp(entry.at)} {code(masked(entry.target.id))} on {where}, "
        f"{gib(entry.target.size)}: {_FATES[entry.fate]}"
    )


def _replaced(data: Mapping[str, Any]) -> str:
    new = f"by {code(masked(str(data['new'])))}" if data.get("new") else "by a new one"
    where = code(tail(str(data.get("drive", "?"))))
    way = "put aside" if data.get("quarantine") else "deleted"
    checked = ", which was checked before" if data.get("verified") else ", which is on its way"
    return (
        f"plot replaced: {code(masked(str(data.get('old', '?'))))} "
        f"({gib(data.get('old_bytes') or 0)}) was {way} {new} "
        f"({gib(data.get('new_bytes') or 0)}){checked}, on {where}; "
        f"{data.get('done', '?')} of {data.get('of', '?')}"
    )


def _halted(data: Mapping[str, Any]) -> str:
    return (
        f"**replotting was stopped**, nothing more goes: {plain(data.get('reason', '?'), 600)} "
        f"See to it, then `/replot arm` lets it go on."
    )


def _done(data: Mapping[str, Any]) -> str:
    left = (
        f"; {plural(data['left'], 'old plot')} stay, for lack of room" if data.get("left") else ""
    )
    return (
        f"replotting is done: {plural(data.get('plots') or 0, 'plot')} replaced, "
        f"{gib(data.get('bytes') or 0)}{left}"
    )


REPLOT_NEWS: Mapping[EventKind, Callable[[Mapping[str, Any]], str]] = {
    EventKind.PLOT_REPLACED: _replaced,
    EventKind.REPLOT_HALTED: _halted,
    EventKind.REPLOT_DONE: _done,
}
