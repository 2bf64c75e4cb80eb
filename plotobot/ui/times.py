"""Moments as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from plotobot.errors import Refusal

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"\+?\s*(\d{1,5}(?:\.\d{1,3})?)\s*([mhd])[a-z]*", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.h]([0-5]\d)")


def moment(text: str, now: datetime) -> datetime:
    """A moment to come.

    Args:
        text: a time of day such as `18:30`, which is the next one by the machine's own clock; a
            span such as `8h`, `90 m` or `2d`; or a date with a time such as `2026-12-01 06:00`.
        now: aware.

    Returns:
        Aware and in UTC.

    Raises:
        Refusal: it is none of these, or past.
    """
    text = text.strip()
    found = _span(text, now) or _clock(text, now) or _date(text, now)
    if found is None:
        raise Refusal(
            f"{text[:40]!r} is no time; write one such as 18:30, 8h, or 2026-12-01 06:00."
        )
    if found <= now:
        raise Refusal(f"{found.astimezone():%Y-%m-%d %H:%M} is past already.")
    return found.astimezone(UTC)


def span(text: str) -> timedelta:
    """How long, such as `24h`, `90 m` or `7d`.

    Raises:
        Refusal: it is no such thing.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise Refusal(f"{text.strip()[:40]!r} is no span of time; write one such as 24h or 7d.")
    return timedelta(**{_UNITS[match[2].lower()]: float(match[1])})


def _span(text: str, now: datetime) -> datetime | None:
    match = _SPAN.fullmatch(text)
    return now + timedelta(**{_UNITS[match[2].lower()]: float(match[1])}) if match else None


def _clock(text: str, now: datetime) -> datetime | None:
    match = _CLOCK.fullmatch(text)
    if not match:
        return None
    wall = now.astimezone().replace(tzinfo=None)  # of the machine, whose zone may change its clock
    today = wall.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
    return (today if today > wall else today + timedelta(days=1)).astimezone()


def _date(text: str, now: datetime) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError):
        return None
