"""Addresses: bech32m over a puzzle hash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.plots import address
from plotobot.plots.address import decode_address, encode_address

GOOD = encode_address(bytes(range(32)))


@pytest.mark.parametrize(
    "text",
    [
        "a1lqfn3a",
        "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
        "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
        "?1v759aa",
        "11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
    ],
)
def test_bip_350_says_these_checksums_are_right_and_so_do_we(text: str) -> None:
    prefix, _, data = text.rpartition("1")
    groups = address._groups(data)
    assert address._checksum(prefix, groups[:-6]) == groups[-6:]


@pytest.mark.parametrize(
    "text", ["a12uel5l", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"]
)
def test_the_checksum_of_old_bech32_is_another_one(text: str) -> None:
    prefix, _, data = text.rpartition("1")
    groups = address._groups(data)
    assert address._checksum(prefix, groups[:-6]) != groups[-6:]


def test_the_bits_of_bip_350s_32_byte_program_come_out_the_same() -> None:
    """BIP-350's taproot example; behind its witness version the coding is that of an address."""
    script = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    text = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
    groups = list(address._regroup(bytes.fromhex(script), 8, 5))
    assert "".join(address._CHARSET[g] for g in groups) == text[4:-6]


def test_the_burn_address_that_everybody_knows() -> None:
    burn = "xch1" + "q" * 48 + "m6ks6e8mvy"
    assert encode_address(bytes(30) + b"\xde\xad") == burn
    assert decode_address(burn) == bytes(30) + b"\xde\xad"


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["xch", "txch"]))
def test_there_and_back(puzzle_hash: bytes, prefix: str) -> None:
    text = encode_address(puzzle_hash, prefix)
    assert decode_address(text) == puzzle_hash
    assert decode_address(f"  {text.upper()}\n") == puzzle_hash


@given(st.integers(4, len(GOOD) - 1), st.sampled_from(address._CHARSET))
def test_one_wrong_character_is_always_noticed(place: int, character: str) -> None:
    wrong = GOOD[:place] + character + GOOD[place + 1 :]
    if wrong != GOOD:
        with pytest.raises(ValueError, match="wrong checksum"):
            decode_address(wrong)


@given(st.text())
def test_any_text_is_taken_or_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)address"):
        decode_address(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("", "wrong prefix: it must begin with xch1 or txch1", id="empty"),
        pytest.param("bc1" + GOOD[4:], "wrong prefix", id="bitcoin"),
        pytest.param("xhc1" + GOOD[4:], "wrong prefix", id="transposed"),
        pytest.param(GOOD[:-1], "wrong length: 61 characters, but it must have 62", id="short"),
        pytest.param("t" + GOOD + "q", "wrong length: 64 characters", id="long"),
        pytest.param(GOOD[:-1] + "b", "the character 'b'", id="character"),
        pytest.param("t" + GOOD, "wrong checksum", id="other network"),
        pytest.param(GOOD[:10] + GOOD[10:].upper(), "all in one case", id="mixed case"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        decode_address(text)
    assert not text or text not in str(caught.value)


def test_a_test_networks_address_can_be_refused() -> None:
    with pytest.raises(ValueError, match="must begin with xch1"):
        decode_address(encode_address(bytes(32), "txch"), prefixes=("xch",))


def test_bits_behind_the_puzzle_hash_are_refused() -> None:
    groups = [0] * 51 + [1]
    data = "".join(address._CHARSET[g] for g in groups + address._checksum("xch", groups))
    with pytest.raises(ValueError, match="more than a 32-byte puzzle hash"):
        decode_address("xch1" + data)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_only_32_bytes_are_a_puzzle_hash(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        encode_address(bytes(size))
