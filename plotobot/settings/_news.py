"""What a farmer may write of news: where it goes, and when it waits."""

from __future__ import annotations

import re

from plotobot.telling import WEBHOOK, QuietHours

WEBHOOK_NAME = re.compile(r"[A-Z0-9_]{1,24}")
"""A webhook's name, as it ends the variable that holds its address."""
_LARGEST_ID = 2**63 - 1


def place(value: object) -> object:
    """A channel's id as digits, or a webhook's name with what marks it as one.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return value
    value = value.strip()
    if value.lower().startswith(WEBHOOK) and WEBHOOK_NAME.fullmatch(value[len(WEBHOOK) :].upper()):
        return WEBHOOK + value[len(WEBHOOK) :].upper()
    if re.fullmatch(r"[0-9]{1,20}", value) and 1 <= int(value) <= _LARGEST_ID:
        return str(int(value))
    raise ValueError("no place")


def hours(written: str) -> str:
    """Quiet hours as written, or nothing.

    Raises:
        ValueError: they are none.
    """
    if written:
        QuietHours.parse(written)
    return written
