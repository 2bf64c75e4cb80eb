"""Public keys as farmers write them, and how little of a key is shown to anybody.

A farmer or pool key is a point of BLS12-381's group G1, compressed to 48 bytes.
"""

from __future__ import annotations

import re

KEY_DIGITS = 96
SHOWN = 6
"""Characters shown at each end of a key: enough to tell one's own keys apart."""

# Flags in the first byte of a compressed point (Zcash's serialisation of BLS12-381, which Chia
# uses): it is compressed, and it is the point at infinity, which is nobody's key.
_COMPRESSED, _INFINITY = 0x80, 0x40
_HEX = re.compile(r"[0-9a-f]*")
_KEYS = re.compile(
    rf"(?<![0-9a-z])(?:0x)?[0-9a-f]{{{KEY_DIGITS}}}(?![0-9a-z])"
    r"|(?<![0-9a-z])t?xch1[02-9ac-hj-np-z]{58}(?![0-9a-z])",
    re.IGNORECASE,
)


def public_key(text: str) -> str:
    """A public key as plotters take it: 96 small hex digits.

    Args:
        text: what somebody typed, with or without `0x` and white space around it.

    Raises:
        ValueError: with half a sentence on what is wrong, which never repeats the text.
    """
    digits = text.strip().lower().removeprefix("0x")
    if not _HEX.fullmatch(digits):
        raise ValueError("it holds a character that is no hexadecimal digit")
    if len(digits) != KEY_DIGITS:
        raise ValueError(f"it has {len(digits)} digits instead of {KEY_DIGITS}")
    first = int(digits[:2], 16)
    if not first & _COMPRESSED or first & _INFINITY:
        raise ValueError("a public key begins with 8, 9, a or b, so a character is wrong")
    return digits


def masked(text: str) -> str:
    """A text whose public keys and contract addresses are shown by their ends only."""
    return _KEYS.sub(lambda key: f"{key[0][:SHOWN]}…{key[0][-SHOWN:]}", text)
