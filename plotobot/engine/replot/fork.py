"""The coming hard fork, after which plots of the first proof of space count less and less. Pure.

No height is built in: the announced ones have passed without a fork (Chia 2.7.5, October 2026,
holds a placeholder). It is set by hand or told by a full node. Heights are blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

BLOCKS_A_DAY = 4608
"""What Chia aims at: one block in 18.75 s."""
EPOCH = 4608
"""Blocks of one step of the phase-out (chia's is_v1_phased_out)."""
USUAL_EPOCH_BITS = 8
PLACEHOLDERS_FROM = 0xFFFF0000
"""Chia writes a height that is not decided as a number just below 2^32."""


@dataclass(frozen=True, slots=True)
class Fork:
    """What is known of the fork; all of it may be unknown."""

    height: int | None = None
    """Where it happens; None while nobody has decided."""
    source: str = ""
    """Who says so, such as `your settings`."""
    epoch_bits: int = USUAL_EPOCH_BITS
    """The phase-out goes in 2 to this power steps (PLOT_V1_PHASE_OUT_EPOCH_BITS)."""
    peak: int | None = None
    """The chain's height …"""
    peak_at: datetime | None = None
    """… at this moment."""
    trouble: str | None = None
    """Why a full node that is set could not tell, as a sentence."""

    @property
    def last(self) -> int | None:
        """The height from which no plot of the first proof of space counts."""
        if self.height is None:
            return None
        return self.height + ((1 << self.epoch_bits) - 1) * EPOCH

    def share_at(self, height: int) -> float | None:
        """Which share of their proofs counts at a height: 1 before the fork, in the end 0."""
        if self.height is None:
            return None
        if height < self.height:
            return 1.0
        steps = 1 << self.epoch_bits
        return max(0.0, 1 - ((height - self.height) // EPOCH + 1) / steps)

    def height_on(self, moment: datetime) -> int | None:
        """The height that is to be expected at a moment; None while no present one is known."""
        if self.peak is None or self.peak_at is None:
            return None
        days = (moment - self.peak_at) / timedelta(days=1)
        return max(0, round(self.peak + days * BLOCKS_A_DAY))

    def date_of(self, height: int | None) -> datetime | None:
        """When a height is to be expected."""
        if height is None or self.peak is None or self.peak_at is None:
            return None
        try:
            return self.peak_at + timedelta(days=(height - self.peak) / BLOCKS_A_DAY)
        except OverflowError:
            return None

    def share_on(self, moment: datetime) -> float | None:
        """Likewise by the date."""
        height = self.height_on(moment)
        return None if height is None else self.share_at(height)


def decided(height: int | None) -> int | None:
    """A height that stands for one; None for the placeholder of an undecided one."""
    return height if height is not None and 0 < height < PLACEHOLDERS_FROM else None


def fork_sentences(fork: Fork, now: datetime) -> list[str]:
    """What is known, for people: dates and shares, no earnings."""
    return [*_known(fork, now), *([fork.trouble] if fork.trouble else [])]


def _known(fork: Fork, now: datetime) -> list[str]:
    if fork.height is None:
        return ["The fork: no height is known, neither from replot.fork_height nor from a node."]
    first = f"The fork: at height {fork.height:,}, says {fork.source}."
    date, height = fork.date_of(fork.height), fork.height_on(now)
    if date is None or height is None:
        return [first, "How far that is cannot be told without a full node (replot.node)."]
    left = (date - now) / timedelta(days=1)
    if left > 0:
        return [first, f"The chain stands at {height:,}: about {left:,.0f} days, {date:%Y-%m-%d}."]
    share, end = fork.share_at(height) or 0.0, fork.date_of(fork.last)
    until = f" until {end:%Y-%m-%d}" if end else ""
    return [first, f"It is past: {share:.1%} of v1 proofs still count, falling to none{until}."]
