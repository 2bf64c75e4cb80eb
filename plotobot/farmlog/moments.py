"""From what a person writes to a moment: `24h`, `90m`, `7d`, or an ISO date and time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from plotobot.errors import Refusal

_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime:
    """The moment that is meant; an ISO time without a zone is in this machine's.

    Raises:
        Refusal: it is neither a span nor a time.
    """
    try:
        if span := _SPAN.fullmatch(text.strip()):
            return now - timedelta(**{_UNITS[span[2].lower()]: int(span[1])})
        return datetime.fromisoformat(text.strip()).astimezone(now.tzinfo)
    except (ValueError, OverflowError, OSError):
        raise Refusal(
            f"{text!r} is no time; write a span such as 24h or 7d, or a time such as "
            "2026-11-23T16:00."
        ) from None
