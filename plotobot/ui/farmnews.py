"""What the farm's log brought up, in words. Whatever an event lacks is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from plotobot.engine.models import EventKind
from plotobot.ui.text import code, duration, plain, plot_file, plural, stamp


def _silent(data: Mapping[str, Any]) -> str:
    since = f" since {stamp(datetime.fromisoformat(data['since']))}" if data.get("since") else ""
    return (
        f"the farm is **silent**: no challenge was looked up{since}. Is chia's harvester running?"
    )


def _goes_on(data: Mapping[str, Any]) -> str:
    after = f" after {duration(data['silent_seconds'])}" if data.get("silent_seconds") else ""
    return f"the farm looks up challenges again{after}"


def _slow(data: Mapping[str, Any]) -> str:
    return f"{_lookups(data)} slow{_slowest(data)}"


def _late(data: Mapping[str, Any]) -> str:
    return f"{_lookups(data)} **too slow to win**, over 28 s{_slowest(data)}"


def _lookups(data: Mapping[str, Any]) -> str:
    count = data.get("lookups", 0)
    return (
        f"{plural(count, 'lookup')} {'was' if count == 1 else 'were'}" if count else "lookups were"
    )


def _slowest(data: Mapping[str, Any]) -> str:
    text = f", the slowest {data['slowest']:.1f} s" if data.get("slowest") else ""
    if data.get("plot"):
        text += f": {code(plot_file(data['plot']), 80)}"
    return text


def _errors(data: Mapping[str, Any]) -> str:
    lines = [
        "errors come again and again in the farm's log",
        *(
            f"{one['count']}x {plain(one['logger'], 60)}: {code(one['example'], 160)}"
            for one in data.get("errors", ())
        ),
    ]
    if data.get("others"):
        lines.append(f"and {plural(data['others'], 'other kind')}")
    return "\n".join(lines)


def _proof(data: Mapping[str, Any]) -> str:
    count = data.get("proofs", 1)
    return f"**{plural(count, 'proof')} found**; in a pool, partial ones count as well"


def _fewer(data: Mapping[str, Any]) -> str:
    if "before" not in data:
        return "the harvester has fewer plots"
    before, after = data["before"], data["after"]
    return f"the harvester has **fewer plots**: {after:,}, it had {before:,}"


FARM_NEWS: Mapping[EventKind, Callable[[Mapping[str, Any]], str]] = {
    EventKind.FARM_SILENT: _silent,
    EventKind.FARM_GOES_ON: _goes_on,
    EventKind.FARM_SLOW: _slow,
    EventKind.FARM_LATE: _late,
    EventKind.FARM_ERRORS: _errors,
    EventKind.FARM_PROOF: _proof,
    EventKind.FARM_PLOTS_FEWER: _fewer,
}
