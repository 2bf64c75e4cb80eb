from __future__ import annotations

import pytest

from plotobot.plots.address import encode_address
from plotobot.plots.keys import masked, public_key

KEY = (
    "82c56743bcc9b7d7950e7dbe41a1d450db36bc1c4b5528c4"
    "8b1813d59d5bf002bf7807331aaf6c92551a9c9df71caf75"
)
CONTRACT = encode_address(bytes(range(32)))


@pytest.mark.parametrize(
    "typed", [KEY, KEY.upper(), f"0x{KEY}", f"0X{KEY.upper()}", f" {KEY}\n"], ids=range(5)
)
def test_a_key_is_taken_however_it_is_written(typed):
    assert public_key(typed) == KEY


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (KEY[:-1], "it has 95"),
        (f"{KEY}0", "it has 97"),
        (f"0x0x{KEY}", "no hexadecimal"),
        (KEY.replace("c", "o"), "no hexadecimal"),
        (f"0{KEY[1:]}", "begins with 8, 9, a or b"),
        (f"c{KEY[1:]}", "begins with 8, 9, a or b"),
        ("", "it has 0"),
    ],
)
def test_what_is_no_key_is_told_without_repeating_it(typed, why):
    with pytest.raises(ValueError, match=why) as told:
        public_key(typed)
    assert KEY[8:40] not in str(told.value)


@pytest.mark.parametrize("around", ["{}", "-f {} -x", "key:{}.", "'{}'", "k={},", "STDERR: {}\t"])
@pytest.mark.parametrize("secret", [KEY, KEY.upper(), f"0x{KEY}", CONTRACT, CONTRACT.upper()])
def test_keys_are_shown_by_their_ends(around, secret):
    assert masked(around.format(secret)) == around.format(f"{secret[:6]}…{secret[-6:]}")


@pytest.mark.parametrize("text", ["ab" * 32, "plot-k32-2026-11-23-15-55-" + "c" * 64, "xch1", ""])
def test_plot_ids_and_all_else_stay(text):
    assert masked(text) == text
