"""Finds Ploto's keys in a file: what stands where, and what nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from plotobot.errors import Refusal
from plotobot.ploto.loose_json import Pair, Value, read_loosely
from plotobot.ploto.mapping import MAPPING, SECTIONS, TOP, Place

_PLACES = {place.key.casefold(): place for place in MAPPING}
_SECTIONS = {name.casefold(): name for name in SECTIONS}


class Found(NamedTuple):
    """A key of Ploto's and its text."""

    section: str
    """One of Ploto's, or "?"."""
    text: str
    line: int


@dataclass(slots=True)
class Keys:
    """All keys of a file."""

    found: dict[str, list[Found]] = field(default_factory=dict, repr=False)
    """By the key's name, those in the right section first."""
    unknown: list[tuple[str, str]] = field(default_factory=list)
    """Where, and why it is dropped. The name itself may be a secret, when quotes are wrong."""
    warnings: list[str] = field(default_factory=list)

    @property
    def later(self) -> bool:
        """Whether this is the later layout: drive letters, and a section for the scheduler."""
        letters = {"TempDrives", "Temp2Drives", "OutDrives", "ReplotDrives"} & self.found.keys()
        sections = {one.section for many in self.found.values() for one in many}
        return bool(letters) or "SpawnerConfig" in sections

    def text(self, key: str) -> str | None:
        """A key's text; None where the file does not have it."""
        many = self.found.get(key, ())
        return next((one.text for one in many if one.text.strip()), many[0].text if many else None)


def find_keys(text: str) -> Keys:
    """Read a configuration of Ploto.

    Raises:
        Refusal: it cannot be read, or holds nothing of Ploto's.
    """
    loose = read_loosely(text)
    keys = Keys(warnings=loose.forgiven)
    for section, pair in _pairs(loose.pairs, keys):
        _sort_in(section, pair, keys)
    if not keys.found:
        raise Refusal("it holds no key of Ploto's.")
    for name, many in keys.found.items():
        many.sort(key=lambda one: one.section not in _PLACES[name.casefold()].sections)
    return keys


def _pairs(top: tuple[Pair, ...], keys: Keys) -> Iterator[tuple[str, Pair]]:
    for pair in top:
        section = _SECTIONS.get(pair.key.casefold(), "?")
        objects = _objects(pair.value)
        if not objects:
            yield TOP, pair
            continue
        if len(objects) > 1:
            keys.warnings.append(
                f"line {pair.line}: a section has more than one object; only the first was read, "
                "and Ploto could read none."
            )
        for inner in objects[0]:
            yield section, inner


def _objects(value: Value) -> list[tuple[Pair, ...]]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, tuple)]


def _sort_in(section: str, pair: Pair, keys: Keys) -> None:
    place = _PLACES.get(pair.key.casefold())
    text = _text(pair.value)
    if place is None or text is None:
        if pair.key.casefold() not in _SECTIONS or pair.value:
            keys.unknown.append(_unknown(pair, place))
        return
    if section not in place.sections:
        keys.warnings.append(
            f"line {pair.line}: {place.key} stands where Ploto does not look for it; "
            "it was taken all the same."
        )
    keys.found.setdefault(place.key, []).append(Found(section, text, pair.line))


def _text(value: Value) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(str(one) for one in value)
    return None


def _unknown(pair: Pair, place: Place | None) -> tuple[str, str]:
    where = f"a key in line {pair.line}"
    if place is not None:
        return place.name, f"line {pair.line}: its value is neither a text nor a list of texts"
    near = difflib.get_close_matches(pair.key.casefold(), _PLACES, n=1, cutoff=0.8)
    hint = f"; is {_PLACES[near[0]].key} meant?" if near else ""
    return where, f"Ploto has no key of this name{hint}"
