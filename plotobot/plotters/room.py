"""How much room plots take while they are made, also for k and levels no table has. All bytes."""

from __future__ import annotations

from collections.abc import Mapping

from plotobot.plots.sizes import BLADEBIT_K32_GIB, GIB, K_RANGE, final_need, temp_need


def scaled(size: int, k: int, known_k: int = 32) -> int:
    """Take what is known of one k in proportion for another one, as ideal plot sizes go."""
    return size * ((2 * k + 1) << k) // ((2 * known_k + 1) << known_k)


def like_k32(gib: float, k: int) -> int:
    """Take GiB known of k32 in proportion for another k."""
    return scaled(round(gib * GIB), k)


def nearest(k: int) -> int:
    """The k nearest to this one whose sizes are known."""
    return min(max(k, K_RANGE[0]), K_RANGE[-1])


def finished(k: int, level: int = 0, levels: Mapping[int, float] = BLADEBIT_K32_GIB) -> int:
    """Room for a finished plot; a level without a known size counts as uncompressed."""
    known = nearest(k)
    return scaled(final_need(known, level if level in levels else 0, levels), k, known)


def chiapos_temp(k: int, *, bitfield: bool = True) -> int:
    """What chiapos takes on temp at its peak, the growing plot included."""
    known = nearest(k)
    return scaled(temp_need(known, bitfield=bitfield), k, known)
