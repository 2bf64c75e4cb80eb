"""How much space plots take, by k and compression.

Sources: the size formula of chia's consensus/pos_quality.py; the temp space in the Chia GUI's
plotSizes.ts; the READMEs of madMAx, bladebit and Gigahorse. All results are bytes.
"""

from __future__ import annotations

GIB = 1024**3
SPACE_FACTOR = 0.78
"""Of the ideal size, what an uncompressed plot takes (UI_ACTUAL_SPACE_CONSTANT_FACTOR)."""
SMALL_PLOT_EXTRA = 1024 * 1024
"""Small plots lie above the formula: 0.3 MB at k18, 0.6 MB at k22 (measured)."""
TEMP_FACTOR = 2.9
"""chiapos' temp space over the final size where nobody states it; 2.84 to 2.88 measured."""

CHIAPOS_TEMP_GIB = {25: 1.8, 32: 239.0, 33: 521.0, 34: 1041.0, 35: 2175.0}
BLADEBIT_GIB = {0: 101.4, 1: 87.5, 2: 86.0, 3: 84.5, 4: 82.9, 5: 81.3, 6: 79.6, 7: 78.0, 9: 75.2}
"""k32 by compression level."""
GIGAHORSE_GIB = {1: 84.2, 2: 82.6, 3: 81.0, 4: 79.4, 5: 77.8, 6: 76.2, 7: 74.6, 8: 71.3, 9: 68.1}
"""k32 by compression level."""


def final_size(k: int) -> int:
    """The size of an uncompressed plot, a little more than it will be."""
    return round((2 * k + 1) * (1 << (k - 1)) * SPACE_FACTOR) + SMALL_PLOT_EXTRA


def chiapos_temp(k: int) -> int:
    """What chiapos needs at its peak on the temp drive, the growing plot included."""
    if k in CHIAPOS_TEMP_GIB:
        return round(CHIAPOS_TEMP_GIB[k] * GIB)
    return round(final_size(k) * TEMP_FACTOR)


def compressed_size(k: int, level: int, k32_gib: dict[int, float]) -> int:
    """The size of a compressed plot by a table for k32; an unknown level counts as none."""
    if level not in k32_gib:
        return final_size(k)
    return like_k32(k, k32_gib[level])


def like_k32(k: int, k32_gib: float) -> int:
    """Scale a figure known for k32 to another k."""
    return round(k32_gib * GIB * final_size(k) / final_size(32))
