"""Ploto's drives as entries of `[drives]`, and which of them cannot stand side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from plotobot.settings._crossing import crossings

MOST = 50
"""Drives in one set; more is no list of drives."""
LONGEST = 260
"""Characters; Windows allows no longer path."""
_LABEL = "label:"


class LeftOut(NamedTuple):
    """An entry that is written as a comment only."""

    set: str
    entry: str
    because: str


def entries(text: str) -> list[str]:
    """The drives of a comma list: letters, folders, mount points. Ploto allowed no blanks."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def label(text: str) -> list[str]:
    """A part of a label. Ploto put `*` on both sides itself."""
    bare = text.strip().strip("*").strip()
    return [_LABEL + bare] if bare else []


def settle(
    wanted: Mapping[str, Sequence[str]],
) -> tuple[dict[str, list[str]], list[LeftOut]]:
    """Choose the entries that the settings allow beside each other.

    Of two labels that match the same drives the shorter one is left out, since it is the one that
    takes the other's drives. Of the same drive in two sets, the first set keeps it.

    Args:
        wanted: the entries of each set, in the sets' order.
    """
    kept: dict[str, list[str]] = {name: [] for name in wanted}
    left_out = []
    order = [(name, entry) for name, found in wanted.items() for entry in found]
    for name, entry in sorted(order, key=_greed):
        if because := _refusal(kept, name, entry):
            left_out.append(LeftOut(name, entry, because))
        else:
            kept[name].append(entry)
    return {name: [e for e in wanted[name] if e in kept[name]] for name in wanted}, left_out


def _greed(item: tuple[str, str]) -> int:
    """The shorter a label, the more drives it matches."""
    entry = item[1]
    return -len(entry) if entry.casefold().startswith(_LABEL) else -LONGEST * 2


def _refusal(kept: Mapping[str, list[str]], name: str, entry: str) -> str | None:
    for other, others in kept.items():
        tables = {name: [*others, entry]} if other == name else {other: others, name: [entry]}
        if found := crossings({"drives": tables}):
            return found[0].text
    return None
