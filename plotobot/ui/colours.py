"""The colours of the bot's cards: one for each meaning, the same everywhere."""

from __future__ import annotations

from enum import IntEnum


class Colour(IntEnum):
    """What a card's edge says at a glance."""

    GOOD = 0x3AAC59
    """All is well, and plots are being made."""
    WAITING = 0xE0A526
    """Nothing is wrong, and nothing is started either."""
    BAD = 0xC0392B
    """Somebody has to look."""
    OFF = 0x7F8C8D
    """Plotobot is not there; what the card says may be old."""
