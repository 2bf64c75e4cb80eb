"""Sizes and needs of space."""

from __future__ import annotations

import pytest

from plotobot.plots.sizes import (
    GIB,
    GIGAHORSE_K32_GIB,
    expected_final_size,
    expected_pos2_size,
    final_need,
    temp_need,
)


@pytest.mark.parametrize(
    ("k", "gib"),
    [(25, 0.622), (26, 1.292), (28, 5.558), (30, 23.79), (32, 101.40), (33, 209.04), (35, 886.08)],
)
def test_final_sizes_are_chias(k: int, gib: float) -> None:
    assert expected_final_size(k) / GIB == pytest.approx(gib, rel=1e-3)


def test_a_k32_to_the_byte() -> None:
    assert expected_final_size(32) == 108_877_420_953


@pytest.mark.parametrize(
    ("k", "level", "gib"),
    [(32, 0, 101.4), (32, 1, 87.5), (32, 7, 78.0), (32, 9, 75.2), (33, 7, 160.6), (34, 7, 330.2)],
)
def test_compressed_sizes_are_bladebits(k: int, level: int, gib: float) -> None:
    assert expected_final_size(k, level) / GIB == pytest.approx(gib, rel=4e-3)


def test_gigahorse_has_levels_of_its_own() -> None:
    assert expected_final_size(32, 8, GIGAHORSE_K32_GIB) / GIB == pytest.approx(71.3, rel=1e-3)


@pytest.mark.parametrize("level", [8, 10, -1])
def test_an_unknown_level_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match=f"level {level} is not known"):
        expected_final_size(32, level)


# Sampled on chiapos 2.0.12, bytes: peak on temp with and without the bitfield, and the largest
# final file seen (its size varies with the plot id).
MEASURED = [
    (18, 8_212_480, 11_227_136, 4_331_971),
    (19, 16_560_128, 22_777_856, 8_675_912),
    (20, 43_372_544, 54_865_920, 17_163_296),
    (22, 177_479_680, 247_496_704, 75_547_155),
    (23, 357_904_384, 488_460_288, 154_879_230),
]


@pytest.mark.parametrize(("k", "bitfield", "without", "final"), MEASURED)
def test_needs_lie_above_what_was_measured(k: int, bitfield: int, without: int, final: int) -> None:
    assert bitfield <= temp_need(k) <= 1.5 * bitfield
    assert without <= temp_need(k, bitfield=False)
    assert final <= final_need(k) <= 1.2 * final


@pytest.mark.parametrize(("k", "gib"), [(32, 239), (33, 521), (34, 1041), (35, 2175)])
def test_needs_of_big_plots_are_the_guis(k: int, gib: int) -> None:
    assert temp_need(k) == gib * GIB


def test_a_larger_k_always_needs_more() -> None:
    needs = [(temp_need(k), final_need(k), temp_need(k, bitfield=False)) for k in range(18, 36)]
    assert needs == sorted(needs)
    assert all(temp > final for temp, final, _ in needs)


def test_a_plot2_of_the_main_network() -> None:
    assert expected_pos2_size(28) == 988_513_566
    assert expected_pos2_size(18) == pytest.approx(645_177, rel=0.02)


@pytest.mark.parametrize("k", [0, 17, 36, -1])
def test_no_other_k(k: int) -> None:
    for function in (expected_final_size, temp_need, final_need, expected_pos2_size):
        with pytest.raises(ValueError, match=str(k)):
            function(k)
