"""What single messages tell: a challenge looked up, a slow plot, a signage point.

Two forms of the eligible line exist [source: chia/harvester/harvester_api.py]: that of 1.0 to
2.5.6, and from 2.5.7 on one that lacks a space in two places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, cast

NUMBER = rb"\d{1,12}(?:\.\d{1,12})?"
ELIGIBLE = b" plots were eligible for farming "
"""Stands in every eligible line, old or new."""
SIGNAGE = b"Finished signage point "
SLOW = b" took: "

_BLANK = rb"[^\S\n]"
_OLD = (
    rb"(\d{1,9}) plots were eligible for farming [0-9a-f]++\.\.\. Found (\d{1,9}) ()proofs\. "
    rb"Time: (" + NUMBER + rb") s\. Total (\d{1,9}) plots"
)
_NEW = (
    rb"challenge_hash: [0-9a-f]++ \.\.\." + _BLANK + rb"?(\d{1,9}) plots were eligible for farming "
    rb"challenge" + _BLANK + rb"?Found (\d{1,9}) V1 proofs and (\d{1,9}) V2 qualities\."
    + _BLANK + rb"{0,2}Time: (" + NUMBER + rb") s\. Total (\d{1,9}) plots"
)  # fmt: skip
LOOKUP = _NEW + rb"|" + _OLD
"""What an eligible line says: five groups of either form, within one line."""
_LOOKUP = re.compile(LOOKUP)
_SLOW = re.compile(
    r"Looking up (?:qualities|partial proofs) on (?P<plot>.+?)\s?took: (?P<seconds>\d{1,9}"
    r"(?:\.\d{1,9})?)\. This should be below (?P<limit>\d{1,4}) seconds"
)
_SIGNAGE = re.compile(rb"Finished signage point (\d{1,2})/64")


class Lookup(NamedTuple):
    """One challenge that the harvester looked up; a tuple, for it is made quickly."""

    eligible: int
    """Plots that passed the filter."""
    proofs: int
    """Proofs of v1 plots; partial ones for a pool count as well."""
    qualities: int
    """Of v2 plots; 0 before chia 2.5.7."""
    seconds: float
    total: int
    """Plots of this harvester."""


LookupWords: TypeAlias = tuple[bytes, bytes, bytes, bytes, bytes]
"""The same as it is written."""


@dataclass(frozen=True, slots=True)
class SlowPlot:
    """A plot that took longer than chia wants."""

    plot: str
    seconds: float
    limit: int
    """Seconds: 5 in chia 1.x, 8 later."""


def lookup(message: bytes) -> Lookup | None:
    """What an eligible line says; None for any other."""
    found = _LOOKUP.match(message)
    if found is None:
        return None
    words = found.groups()[:5] if found[1] else found.groups()[5:]
    return lookup_of(cast(LookupWords, words))


def lookup_of(words: LookupWords) -> Lookup:
    """A lookup by its words."""
    eligible, proofs, qualities, seconds, total = words
    return Lookup(int(eligible), int(proofs), int(qualities or 0), float(seconds), int(total))


def slow_plot(message: str) -> SlowPlot | None:
    """What a warning of a slow plot says; None for any other."""
    found = _SLOW.match(message)
    if found is None:
        return None
    return SlowPlot(found["plot"], float(found["seconds"]), int(found["limit"]))


def signage_point(message: bytes) -> int | None:
    """The number of the signage point that a full node finished, 0 to 64."""
    found = _SIGNAGE.search(message)
    return int(found[1]) if found else None
