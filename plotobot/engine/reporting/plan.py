"""The plan of summaries as it is now, and as the settings have it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from plotobot.engine.config import ReportRules
from plotobot.errors import Refusal

MOST_HOURS = 8760
MOST_TIMES = 24
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


def times(texts: Iterable[str]) -> tuple[str, ...]:
    """Times of day as they are kept: `07:30`, sorted, each once.

    Raises:
        Refusal: one is no time, or they are too many.
    """
    found: set[str] = set()
    for text in texts:
        match = _TIME.fullmatch(text.strip())
        if match is None:
            raise Refusal(f"{text.strip()[:40]!r} is no time of day; write one such as 07:30.")
        found.add(f"{int(match[1]):02}:{match[2]}")
    if len(found) > MOST_TIMES:
        raise Refusal(f"At most {MOST_TIMES} times a day.")
    return tuple(sorted(found))


def changed(
    rules: ReportRules, hours: float | None = None, at: Iterable[str] | None = None
) -> ReportRules:
    """The rules with other hours, or other times; times alone take the place of the hours.

    Args:
        rules: as they are.
        hours: from one summary to the next; 0 leaves it to the times; None as it is.
        at: times of day; none at all takes them away; None leaves them.

    Raises:
        Refusal: it may not be so.
    """
    if hours is not None and not (hours == 0 or 0.1 <= hours <= MOST_HOURS):
        raise Refusal(f"hours is {hours:g}, but must be 0, or from 0.1 to {MOST_HOURS}.")
    new = rules if at is None else replace(rules, at=times(at))
    if hours is not None:
        return replace(new, every=hours * 3600 or None)
    return replace(new, every=None) if at is not None and new.at else new


def carried(now: ReportRules, written: ReportRules, rewritten: ReportRules) -> ReportRules:
    """The rules of changed settings; what was changed by command stays, unless they change it."""
    when = (rewritten.every, rewritten.at) if _when(rewritten) != _when(written) else _when(now)
    return replace(rewritten, every=when[0], at=when[1])


def _when(rules: ReportRules) -> tuple[float | None, tuple[str, ...]]:
    return rules.every, rules.at
