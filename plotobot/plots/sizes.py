"""How large plots get, and how much room one takes while it is made. All in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GIB = 1024**3
K_RANGE = range(18, 36)

BLADEBIT_K32_GIB: Mapping[int, float] = MappingProxyType(
    {1: 87.5, 2: 86.0, 3: 84.5, 4: 82.9, 5: 81.3, 6: 79.6, 7: 78.0, 9: 75.2}
)
"""GiB of a compressed k32 plot by level (chia-blockchain-gui, plotSizes.ts); 8 is refused."""

GIGAHORSE_K32_GIB: Mapping[int, float] = MappingProxyType(
    {1: 84.2, 2: 82.6, 3: 81.0, 4: 79.4, 5: 77.8, 6: 76.2, 7: 74.6, 8: 71.3, 9: 68.1}
)
"""GiB of a Gigahorse k32 plot by level (xch.farm)."""

_UNCOMPRESSED_K32_GIB = 101.4
# chia-blockchain-gui, plotSizes.ts; it calls those of k34 and k35 a guess.
_CHIAPOS_TEMP_GIB: Mapping[int, int] = MappingProxyType({32: 239, 33: 521, 34: 1041, 35: 2175})

# Peaks sampled on chiapos 2.0.12 with 16 and 128 buckets, as shares of the final size by formula:
# k18 2.17, k19 2.08, k20 2.59, k21 2.43, k22 2.41, k23 2.33; chiapos reports 2.85 for k25.
_TEMP_PERCENT = 290
# Without the bitfield: k18 2.97, k19 2.86, k20 3.27, k22 3.36, k23 3.18: up to 1.4 times as much.
_NO_BITFIELD_PERCENT = 140
# The size of small plots varies with the id. Above the formula chiapos 2.0.12 made k18 by 3.7 % in
# the mean, with a deviation of 4.4 % (80 plots); k19 by 4.0 and 2.8 % (24); k20 by 0 and 1.6 %
# (12): the margins are five deviations. A k32 of 101.33 GiB lies just under the formula.
_MARGINS_PER_MILLE = ((20, 1270), (25, 1100), (36, 1005))
"""Margins on the formula, each for what is below a k."""


def expected_final_size(
    k: int, compression: int | None = None, levels: Mapping[int, float] = BLADEBIT_K32_GIB
) -> int:
    """The usual size of a finished v1 plot: an estimate.

    Uncompressed it is chia's own formula, (2k+1) * 2^(k-1) * 0.78, which a real plot of a small k
    misses by up to 5 %. Levels are known for k32 and taken in proportion for the others.

    Args:
        k: 18 to 35.
        compression: the level; None and 0 mean uncompressed.
        levels: GiB of a k32 plot by level, of the program that makes it.

    Raises:
        ValueError: no plot of this k or level is known.
    """
    uncompressed = ((2 * _checked(k) + 1) << (k - 1)) * 78 // 100
    if not compression:
        return uncompressed
    if compression not in levels:
        known = ", ".join(str(level) for level in levels)
        raise ValueError(f"Compression level {compression} is not known; known are 0, {known}.")
    return round(uncompressed * levels[compression] / _UNCOMPRESSED_K32_GIB)


def final_need(
    k: int, compression: int | None = None, levels: Mapping[int, float] = BLADEBIT_K32_GIB
) -> int:
    """Room to keep free for a finished v1 plot: the estimate with a margin on the safe side.

    It is also what chiapos takes on a second temp drive.

    Raises:
        ValueError: no plot of this k or level is known.
    """
    expected = expected_final_size(k, compression, levels)
    margin = next(margin for below, margin in _MARGINS_PER_MILLE if k < below)
    return expected * margin // 1000


def temp_need(k: int, *, bitfield: bool = True) -> int:
    """What chiapos takes on its temp drive at its peak.

    From k32 on these are the figures of Chia's own GUI; below, 2.9 times the final size, which lies
    above every peak measured. The peak comes before the final file is written, so it is the same
    whether that file stands on the temp drive or on a second one.

    Args:
        k: 18 to 35.
        bitfield: whether the plotter uses its bitfield (chia's `-e` turns it off).

    Raises:
        ValueError: the k is none of these.
    """
    gui = _CHIAPOS_TEMP_GIB.get(_checked(k))
    need = gui * GIB if gui else expected_final_size(k) * _TEMP_PERCENT // 100
    return need if bitfield else need * _NO_BITFIELD_PERCENT // 100


def expected_pos2_size(k: int) -> int:
    """The usual size of one `.plot2` plot: 2^k * (k + 1.46) / 8, right to about 1 %.

    Raises:
        ValueError: the k is not 18 to 32 or is odd.
    """
    if k not in range(18, 33, 2):
        raise ValueError(f"A .plot2 has an even k from 18 to 32, not {k}.")
    return ((100 * k + 146) << k) // 800


def _checked(k: int) -> int:
    if k not in K_RANGE:
        raise ValueError(f"k goes from {K_RANGE[0]} to {K_RANGE[-1]}, and {k} is not among them.")
    return k
