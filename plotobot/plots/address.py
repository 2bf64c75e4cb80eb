"""Chia addresses: a 32-byte puzzle hash as text with a checksum, and back.

An address is bech32m (BIP-350) over the puzzle hash in groups of five bits, with the prefix `xch`
(`txch` on test networks) and, unlike Bitcoin's, without a witness version in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

PREFIXES = ("xch", "txch")
PUZZLE_HASH_SIZE = 32

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32M = 0x2BC830A3
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
_DATA_LENGTH = 52 + _CHECKSUM_LENGTH  # 256 bits in groups of five, then the checksum


@lru_cache(maxsize=256)  # a farm has few contracts and many plots
def encode_address(puzzle_hash: bytes, prefix: str = "xch") -> str:
    """The address of a puzzle hash.

    Args:
        puzzle_hash: 32 bytes.
        prefix: `xch`, or `txch` for a test network.

    Raises:
        ValueError: the puzzle hash is not 32 bytes long.
    """
    if len(puzzle_hash) != PUZZLE_HASH_SIZE:
        raise ValueError(f"A puzzle hash has 32 bytes, not {len(puzzle_hash)}.")
    groups = list(_regroup(puzzle_hash, 8, 5))
    return prefix + "1" + "".join(_CHARSET[g] for g in groups + _checksum(prefix, groups))


def decode_address(text: str, prefixes: tuple[str, ...] = PREFIXES) -> bytes:
    """The 32-byte puzzle hash of an address; white space around it does not matter.

    Args:
        text: what somebody typed.
        prefixes: the prefixes that are taken.

    Raises:
        ValueError: with one sentence on what is wrong. It never repeats the text, which may be
            anything that was on somebody's clipboard.
    """
    prefix, data = _split(text.strip(), prefixes)
    groups = _groups(data)
    if _polymod([*_expand(prefix), *groups]) != _BECH32M:
        raise ValueError("The address has a wrong checksum: a character is mistyped or missing.")
    payload = groups[:-_CHECKSUM_LENGTH]
    if payload[-1] & 0b1111:
        raise ValueError("The address holds more than a 32-byte puzzle hash.")
    return bytes(_regroup(payload, 5, 8))[:PUZZLE_HASH_SIZE]


def _split(text: str, prefixes: tuple[str, ...]) -> tuple[str, str]:
    if not text.isascii() or text not in (text.lower(), text.upper()):
        raise ValueError("An address is written in plain letters and digits, all in one case.")
    prefix, one, data = text.lower().rpartition("1")
    if not one or prefix not in prefixes:
        wanted = " or ".join(f"{known}1" for known in prefixes)
        raise ValueError(f"The address has a wrong prefix: it must begin with {wanted}.")
    if len(data) != _DATA_LENGTH:
        right = len(prefix) + 1 + _DATA_LENGTH
        raise ValueError(
            f"The address has a wrong length: {len(text)} characters, but it must have {right}."
        )
    return prefix, data


def _groups(data: str) -> list[int]:
    groups = [_CHARSET.find(character) for character in data]
    if -1 in groups:
        wrong = data[groups.index(-1)]
        raise ValueError(f"The address holds the character {wrong!r}, which no address has.")
    return groups


def _expand(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: Iterable[int]) -> int:
    """The checksum's remainder, as BIP-173 defines it."""
    remainder = 1
    for value in values:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                remainder ^= generator
    return remainder


def _checksum(prefix: str, groups: list[int]) -> list[int]:
    remainder = _polymod([*_expand(prefix), *groups, *[0] * _CHECKSUM_LENGTH]) ^ _BECH32M
    return [remainder >> 5 * (5 - place) & 31 for place in range(_CHECKSUM_LENGTH)]


def _regroup(values: Iterable[int], width: int, wanted: int) -> Iterator[int]:
    """Cut a row of `width`-bit numbers into `wanted`-bit ones, the last filled up with zeros."""
    pool = bits = 0
    for value in values:
        pool, bits = pool << width | value, bits + width
        while bits >= wanted:
            bits -= wanted
            yield pool >> bits & (1 << wanted) - 1
    if bits:
        yield pool << wanted - bits & (1 << wanted) - 1
