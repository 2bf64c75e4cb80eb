"""Events as messages: plain content, so that the phone's notification shows the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from plotobot.engine.models import DEFAULT_PROFILE, Event, EventKind, Job
from plotobot.ui.farmnews import FARM_NEWS
from plotobot.ui.jobs import name, phases_text, reason_text
from plotobot.ui.replotting import REPLOT_NEWS
from plotobot.ui.text import (
    MESSAGE_LIMIT,
    clip,
    code,
    duration,
    fit,
    gib,
    percent,
    plain,
    plot_file,
    plural,
    stamp,
    tail,
    weight,
)

EMOJI: Mapping[EventKind, str] = {
    EventKind.JOB_SPAWNED: "🌱",
    EventKind.JOB_NOT_SPAWNED: "🚫",
    EventKind.JOB_FINISHED: "✅",
    EventKind.JOB_FAILED: "❌",
    EventKind.JOB_STOPPED: "🛑",
    EventKind.JOB_STUCK: "⏳",
    EventKind.NO_OUT_DRIVE: "📦",
    EventKind.OUT_DRIVE_AGAIN: "📦",
    EventKind.DRIVE_MISSING: "🔌",
    EventKind.DRIVE_BACK: "🔌",
    EventKind.QUOTA_REACHED: "🏁",
    EventKind.DRAINED: "🏁",
    EventKind.PLOT_MOVED: "🚚",
    EventKind.MOVE_FAILED: "🚧",
    EventKind.DESTINATION_AWAY: "🔌",
    EventKind.DESTINATION_BACK: "🔌",
    EventKind.DESTINATION_FULL: "📥",
    EventKind.NO_DESTINATION: "🛑",
    EventKind.DESTINATION_AGAIN: "📦",
    EventKind.BOT_BACK: "👋",
    EventKind.SUMMARY: "📊",
    EventKind.SETTINGS_CHANGED: "🎚️",
    EventKind.TROUBLE: "⚠️",
    EventKind.JOB_STALLED: "🐌",
    EventKind.JOB_GOES_ON: "▶️",
    EventKind.SPAWNING_PAUSED: "🚧",
    EventKind.FARM_SILENT: "🔇",
    EventKind.FARM_GOES_ON: "🌾",
    EventKind.FARM_SLOW: "🐌",
    EventKind.FARM_LATE: "🐢",
    EventKind.FARM_ERRORS: "🔥",
    EventKind.FARM_PROOF: "🍀",
    EventKind.FARM_PLOTS_FEWER: "📉",
    EventKind.DRIVE_FILLING: "🪫",
    EventKind.TOO_HOT: "🌡️",
    EventKind.COOL_AGAIN: "❄️",
    EventKind.PLOT_REPLACED: "♻️",
    EventKind.REPLOT_HALTED: "⛔",
    EventKind.REPLOT_DONE: "🏁",
    EventKind.PLOT_DAMAGED: "🩹",
}
CRITICAL = frozenset(
    {
        EventKind.JOB_FAILED,
        EventKind.JOB_STUCK,
        EventKind.NO_OUT_DRIVE,
        EventKind.DRIVE_MISSING,
        EventKind.MOVE_FAILED,
        EventKind.DESTINATION_AWAY,
        EventKind.NO_DESTINATION,
        EventKind.TROUBLE,
        EventKind.JOB_STALLED,
        EventKind.SPAWNING_PAUSED,
        EventKind.FARM_SILENT,
        EventKind.FARM_LATE,
        EventKind.FARM_PLOTS_FEWER,
        EventKind.TOO_HOT,
        EventKind.REPLOT_HALTED,
    }
)
"""Told first, and never left out of a digest."""
LATE = timedelta(minutes=2)
"""News older than this says when it happened."""
LINE = 180
"""Characters of one event within a digest."""
ROOM = MESSAGE_LIMIT - 30
"""Characters of an alert: a message's, less those that call a role."""


def alert_text(event: Event, machine: str, now: datetime) -> str:
    """One event as a message of at most 1,970 characters; it pings nobody."""
    late = f" ({stamp(event.at, 'f')})" if now - event.at > LATE else ""
    head = f"{EMOJI.get(event.kind, 'ℹ️')} **{plain(machine, 60)}**{late}: "
    return clip(head + _body(event, ROOM - weight(head)), ROOM)


def digest_text(events: Sequence[Event], machine: str) -> str:
    """Many events as one message: how many of each, then a line each, the critical ones first."""
    lines = _digest_lines(events)
    return fit([_digest_head(events, machine), *lines], ROOM)


def digest_holds(events: Sequence[Event], machine: str) -> bool:
    """Whether every critical event gets its line in the digest."""
    urgent = [event for event in events if event.kind in CRITICAL]
    head = weight(_digest_head(events, machine))
    return head + sum(weight(line) + 1 for line in _digest_lines(urgent)) <= ROOM - 30


def _digest_head(events: Sequence[Event], machine: str) -> str:
    counts = Counter(event.kind for event in events)
    told = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts.most_common())
    return f"📬 **{plain(machine, 60)}**: {plural(len(events), 'piece')} of news ({told})"


def _digest_lines(events: Sequence[Event]) -> list[str]:
    ordered = sorted(events, key=lambda event: event.kind not in CRITICAL)
    return [f"{EMOJI.get(event.kind, 'ℹ️')} {_line(event)}" for event in ordered]


def _line(event: Event) -> str:
    when = stamp(event.at, "t")
    return f"{when} {clip(_body(event, MESSAGE_LIMIT).partition(chr(10))[0], LINE)}"


def _body(event: Event, limit: int) -> str:
    if event.job is not None and event.kind in _OF_JOBS:
        return _OF_JOBS[event.kind](event.job, event.data, limit)
    if event.kind in (EventKind.PLOT_MOVED, EventKind.MOVE_FAILED):
        return clip(_moved(event.data), limit)
    if event.kind is EventKind.DRIVE_FILLING:
        return clip(_filling(event.data), limit)
    if event.kind is EventKind.PLOT_DAMAGED:
        return clip(_damaged(event.data), limit)
    if event.kind is EventKind.SUMMARY:
        return clip(_summary(event.data), limit)
    if event.kind in REPLOT_NEWS:
        return clip(REPLOT_NEWS[event.kind](event.data), limit)
    if event.kind in FARM_NEWS:
        return clip(FARM_NEWS[event.kind](event.data), limit)
    sentence = _SENTENCES.get(event.kind, event.kind.replace("_", " ").capitalize())
    return clip(f"{sentence}{_particulars(event)}", limit)


def _started(job: Job, _: Mapping[str, Any], limit: int) -> str:
    return clip(
        f"plot started, {_name(job)} by {plain(job.plotter)} to {code(tail(job.out))}", limit
    )


def _finished(job: Job, _: Mapping[str, Any], limit: int) -> str:
    text = f"plot finished, {_name(job)} in **{duration(job.total_seconds)}**\n{phases_text(job)}"
    if job.final_path:
        size = f"{gib(job.final_size)} " if job.final_size else ""
        text += f"\n{size}in {code(tail(job.out))}: {code(plot_file(job.final_path))}"
    return clip(text, limit)


def _failed(job: Job, _: Mapping[str, Any], limit: int) -> str:
    head = f"plot **{plain(job.status)}**, {_name(job)} at {job.fraction:.0%}: "
    return head + reason_text(job.reason or "no reason known", limit - weight(head))


def _stopped(job: Job, data: Mapping[str, Any], limit: int) -> str:
    by = f" by {plain(data['by'], 60)}" if data.get("by") else ""
    return clip(f"plot stopped{by}, {_name(job)} at {job.fraction:.0%}", limit)


def _stuck(job: Job, _: Mapping[str, Any], limit: int) -> str:
    line = f": {code(job.stuck)}" if job.stuck else ""
    return clip(f"plot stuck, {_name(job)}{line}", limit)


def _moved(data: Mapping[str, Any]) -> str:
    plot, size, seconds = data.get("plot", "?"), data.get("size") or 0, data.get("seconds")
    way = f"{code(plot_file(str(plot)))} from {code(tail(str(data.get('from', '?'))))}"
    way += f" to {code(data.get('to', '?'))}"
    if data.get("reason"):
        return f"a plot could not be moved and is where it was, {way}: {plain(data['reason'], 400)}"
    speed = f" at {size / seconds / 1e6:.0f} MB/s" if seconds else ""
    return f"plot moved, {way}: {gib(size)} in {duration(seconds)}{speed}"


def _stalled(job: Job, data: Mapping[str, Any], limit: int) -> str:
    silent, name = f"**{duration(data.get('silent_seconds'))}**", _name(job)
    if data.get("paused"):
        text = f"plot paused, {name}: its process was stopped, {silent} without a sign of work"
        cure = f"`kill -CONT {job.pid}` on the machine lets it go on"
    else:
        log_only = data.get("busy")
        sign = "busy, but neither log nor files grew" if log_only else "no sign of work"
        text = f"plot stalled, {name} at {job.fraction:.0%}: {sign} for {silent}"
        cure = "See whether its drives answer"
    return clip(f"{text}{_beside(data)}. {cure}; `/job` shows it, `/stop` ends it.", limit)


def _beside(data: Mapping[str, Any]) -> str:
    """What is usual, and what the plotter said last."""
    usual, line = data.get("usual_seconds"), data.get("last_line")
    text = f"; this step usually takes {duration(usual)} in all" if usual else ""
    return text + (f". Last line: {code(line)}" if line else "")


def _goes_on(job: Job, data: Mapping[str, Any], limit: int) -> str:
    after = data.get("silent_seconds")
    silence = f" after **{duration(after)}**" if after else ""
    return clip(f"plot goes on again{silence}, {_name(job)} at {job.fraction:.0%}", limit)


def _of_kind(data: Mapping[str, Any]) -> str:
    kind = data.get("kind")
    return f" of {plain(kind, 40)}" if kind and kind != DEFAULT_PROFILE else ""


def _broken_off(job: Job, data: Mapping[str, Any], limit: int) -> str:
    return clip(
        f"{plural(data.get('failures', 0), 'plot')}{_of_kind(data)} failed one after the other, "
        f"so no more are started. The last one, {_name(job)}: {plain(data.get('how', ''), 60)}, "
        f"{code(data.get('last_words', ''), 300)}. "
        "When the cause is out of the way, `/spawn start` lets it go on.",
        limit,
    )


def _filling(data: Mapping[str, Any]) -> str:
    drive = code(tail(str(data.get("path", "?")), 40))
    head = f"{data.get('kind', 'a')} drive {drive} is filling: "
    full = _moment(data.get("full_at"))
    return f"{head}{percent(data.get('used', 0))} used, {gib(data.get('free', 0))} free" + (
        f", full {full}" if full else ""
    )


def _damaged(data: Mapping[str, Any]) -> str:
    plot = f"{code(plot_file(str(data.get('plot', '?'))))} on {code(tail(str(data.get('drive'))))}"
    advice = "`/plots check` asks it again; best make a new plot in its place."
    return f"a finished plot is bad, {plot}. {plain(data.get('words', ''), 300)} {advice}"


def _summary(data: Mapping[str, Any]) -> str:
    head = f"since {_moment(data.get('since')) or 'the start'}: "
    made = plural(data.get("finished", 0), "plot") + " finished"
    if data.get("bytes"):
        made += f" ({gib(data['bytes'])})"
    if data.get("average_seconds"):
        made += f", {duration(data['average_seconds'])} each"
    return f"{head}{made}, {data.get('failed', 0)} failed, {data.get('running', 0)} running"


def _name(job: Job) -> str:
    return plain(name(job), 120)


_OF_JOBS: Mapping[EventKind, Callable[[Job, Mapping[str, Any], int], str]] = {
    EventKind.JOB_SPAWNED: _started,
    EventKind.JOB_FINISHED: _finished,
    EventKind.JOB_FAILED: _failed,
    EventKind.JOB_STOPPED: _stopped,
    EventKind.JOB_STUCK: _stuck,
    EventKind.JOB_STALLED: _stalled,
    EventKind.JOB_GOES_ON: _goes_on,
    EventKind.SPAWNING_PAUSED: _broken_off,
}
_SENTENCES: Mapping[EventKind, str] = {
    EventKind.JOB_NOT_SPAWNED: "a plot could not be started",
    EventKind.NO_OUT_DRIVE: "no out drive has room for a plot; nothing is started until one has",
    EventKind.OUT_DRIVE_AGAIN: "an out drive has room again; plotting goes on",
    EventKind.DRIVE_MISSING: "a drive cannot be used",
    EventKind.DRIVE_BACK: "a drive can be used again",
    EventKind.QUOTA_REACHED: "all plots that were ordered have been started",
    EventKind.DESTINATION_AWAY: "nothing can be moved to a destination",
    EventKind.DESTINATION_BACK: "plots can be moved to a destination again",
    EventKind.DESTINATION_FULL: "a destination has no room for another plot",
    EventKind.NO_DESTINATION: "finished plots have no place to go",
    EventKind.DESTINATION_AGAIN: "finished plots are being moved again",
    EventKind.DRAINED: "the last running plot is done; none is started until `/spawn start`",
    EventKind.BOT_BACK: "Plotobot is back",
    EventKind.SETTINGS_CHANGED: "the settings were read anew",
    EventKind.TROUBLE: "trouble",
    EventKind.TOO_HOT: "too hot",
    EventKind.COOL_AGAIN: "cool again",
}
_PATHS = frozenset({"drive", "path", "temp", "out"})
_WORDS = frozenset({"what", "reason"})
_SILENT = frozenset({"by", "again", "kind"})


def _particulars(event: Event) -> str:
    told = [_fact(k, v) for k, v in event.data.items() if v and k not in _SILENT]
    if event.job is not None:
        told.insert(0, _name(event.job))
    return ": " + ", ".join(told) if told else ""


def _fact(key: str, value: Any) -> str:
    """One thing an event carries, by its name; what has no words of its own gets its name's."""
    if key in _PATHS:
        return code(value)
    if key in _WORDS:
        return plain(value, 300)
    if key in ("celsius", "limit"):
        return f"{plain(value, 20)} °C" if key == "celsius" else f"limit {plain(value, 20)} °C"
    if key == "adopted" and isinstance(value, int):
        return f"{plural(value, 'plot')} went on meanwhile"
    if key.endswith("_meanwhile") and isinstance(value, int):
        return f"{plural(value, 'plot')} {plain(key.removesuffix('_meanwhile'), 40)} meanwhile"
    if key.endswith("_seconds") and isinstance(value, int | float):
        return f"{plain(key.removesuffix('_seconds').replace('_', ' '), 40)} {duration(value)}"
    return f"{plain(key.replace('_', ' '), 40)} {_moment(value) or plain(value, 100)}"


def _moment(value: Any) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return stamp(moment) if moment.tzinfo else None
