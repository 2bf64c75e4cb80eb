"""Answers as they are typed become settings, or sentences that say what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from plotobot.check import plot_k
from plotobot.engine.drives import parse_spec
from plotobot.plots.address import decode_address
from plotobot.plotters import PLOTTERS
from plotobot.settings.editing import Draft

OPTIONS: Mapping[str, str] = {
    "machine": "--machine",
    "plot.plotter": "--plotter",
    "plot.program": "--program",
    "drives.temp": "--temp",
    "drives.temp2": "--temp2",
    "drives.out": "--out",
    "drives.replot": "--replot",
    "drives.destination": "--destination",
    "plot.k": "--k",
    "plot.compression": "--compression",
    "plot.threads": "--threads",
    "plot.buffer_mib": "--buffer-mib",
    "spawn.max_parallel": "--max-parallel",
    "spawn.max_parallel_per_drive": "--max-parallel-per-drive",
    "plot.contract": "--contract",
    "plot.pool_key": "--pool-key",
    "plot.farmer_key": "--farmer-key",
    "discord.guild": "--guild",
    "discord.channel": "--channel",
    "discord.owners.users": "--owner",
}
"""What `plotobot init` sets, by dotted key, with the option for it."""
_EXCLUDES = {"plot.contract": "plot.pool_key", "plot.pool_key": "plot.contract"}


class Answers:
    """Takes answers for a draft of the settings.

    Args:
        draft: what they are for.
        offered: mount points that a number may stand for, from 1.
    """

    def __init__(self, draft: Draft, offered: Sequence[str] = ()) -> None:
        self.draft = draft
        self._offered = tuple(offered)

    def problems(self, changes: Mapping[str, object]) -> list[str]:
        """What is wrong with these answers, by dotted key."""
        changes = {**_given_up(changes), **changes}
        return self.draft.problems(changes) or list(_deeper(self.draft, changes))

    def take(self, changes: Mapping[str, object]) -> list[str]:
        """Take them, or say what is wrong with them and take none."""
        problems = self.problems(changes)
        return problems or self.draft.attempt({**_given_up(changes), **changes})

    def read(self, key: str, text: str) -> object:
        """What was typed, as the settings have it; what makes no sense stays for `take`."""
        text = text.strip()
        if key.startswith("drives."):
            parts = [part.strip() for part in text.split(",")]
            return [self._drive(part) for part in parts if part]
        if key == "discord.owners.users":
            return [part for part in re.split(r"[,\s]+", text) if part]
        return number(text) if key in _NUMBERS else text

    def present(self, key: str) -> object:
        """What a setting is with the answers so far."""
        found: object = self.draft.written
        return reduce(getattr, key.split("."), found)

    def _drive(self, text: str) -> str:
        number = int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0
        return self._offered[number - 1] if 0 < number <= len(self._offered) else text


_NUMBERS = frozenset(
    {
        "plot.k",
        "plot.compression",
        "plot.threads",
        "plot.buffer_mib",
        "spawn.max_parallel",
        "spawn.max_parallel_per_drive",
    }
)


def number(text: str) -> int | str:
    """A whole number, or the text where it is none."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else text


def shown(key: str, value: object) -> str:
    """A setting as people read it; long keys are shortened."""
    if value is None or value == ():
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = str(value)
    return f"{text[:10]}...{text[-6:]}" if key in _LONG else text


_LONG = frozenset({"plot.contract", "plot.pool_key", "plot.farmer_key"})


def _given_up(changes: Mapping[str, object]) -> dict[str, None]:
    """What an answer excludes is taken out of the settings."""
    return {other: None for key, other in _EXCLUDES.items() if changes.get(key)}


def _deeper(draft: Draft, changes: Mapping[str, object]) -> Iterable[str]:
    """What the form of an answer does not show, and `plotobot check` would complain of."""
    for key, value in changes.items():
        if key.startswith("drives.") and isinstance(value, list | tuple):
            yield from (sentence for entry in value if (sentence := _drive_fault(entry)))
        if key == "plot.contract" and isinstance(value, str) and value:
            yield from _contract_fault(value)
    name = changes.get("plot.plotter") or draft.written.plot.plotter
    k = changes.get("plot.k")
    if isinstance(k, int) and isinstance(name, str):
        yield from (finding.what for finding in plot_k(PLOTTERS[name], k))


def _drive_fault(entry: str) -> str | None:
    try:
        parse_spec(entry)
    except ValueError as error:
        return str(error)
    return None


def _contract_fault(address: str) -> Iterable[str]:
    try:
        decode_address(address)
    except ValueError as error:
        yield f"plot.contract will not do. {error}"
