"""Turns a configuration of Ploto into Plotobot's settings. Pure: texts in, texts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from plotobot.errors import Refusal
from plotobot.ploto import drives
from plotobot.ploto.advice import advice, missing
from plotobot.ploto.keys import Found, Keys, find_keys
from plotobot.ploto.mapping import GATES, MAPPING, NO_RULE, Place
from plotobot.ploto.targets import (
    Data,
    Unfit,
    default_of,
    field_of,
    toml_value,
    value_of,
    with_value,
)
from plotobot.ploto.toml import render
from plotobot.ploto.values import READERS, entries, is_webhook, truth

LARGEST = 64 * 1024
"""Characters; Ploto's own file has about 2000, and Plotobot reads no larger settings."""


class Dropped(NamedTuple):
    """A key that finds no place."""

    key: str
    because: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a configuration. Only `env` and `toml`'s public keys are not for show."""

    toml: str = field(repr=False)
    """The text of plotobot.toml, which `load_settings` accepts."""
    env: Mapping[str, str] = field(repr=False)
    """Secrets for the `.env`, by variable."""
    took: tuple[str, ...]
    dropped: tuple[Dropped, ...]
    defaults: tuple[str, ...]
    """What is not in the file, and what holds instead."""
    warnings: tuple[str, ...]


def convert(text: str) -> Imported:
    """Convert the text of a `PlotoSpawnerConfig.json`, of either layout, well-formed or not.

    Raises:
        Refusal: one sentence; it is unreadable, or no configuration of Ploto.
    """
    if len(text) > LARGEST:
        raise Refusal(f"it is larger than {LARGEST // 1024} KiB.")
    imported = _Conversion(find_keys(text.removeprefix("\ufeff"))).run()
    if len(imported.toml.encode()) > LARGEST:
        raise Refusal("it names more than Plotobot's settings can hold.")
    return imported


class _Conversion:
    """One file on its way."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._data: Data = {}
        self._origins: dict[str, str] = {}
        self._env: dict[str, str] = {}
        self._took: list[str] = []
        self._dropped = [Dropped(*unknown) for unknown in keys.unknown]
        self._warnings = list(keys.warnings)
        self._wanted: dict[str, tuple[Place, list[str]]] = {}
        self._left_out: list[drives.LeftOut] = []

    def run(self) -> Imported:
        """Give every key its place."""
        for place in MAPPING:
            if found := self._keys.found.get(place.key):
                self._one(place, found)
        self._settle_drives()
        self._settle_mover()
        layout = "with drive letters" if self._keys.later else "with labels"
        return Imported(
            toml=render(self._data, self._origins, self._left_out, f"the layout {layout}"),
            env=dict(self._env),
            took=tuple(self._took),
            dropped=tuple(self._dropped),
            defaults=tuple(missing(self._keys, self._origins)),
            warnings=(
                *self._warnings,
                *advice(self._keys, self._data, webhooks=bool(self._env)),
            ),
        )

    def _one(self, place: Place, found: Sequence[Found]) -> None:
        if place.kind == "webhook":
            for one in found:
                self._webhook(place, one)
            return
        if found[0].section in place.sections:
            place = place._replace(sections=(found[0].section,))
        if len({one.text for one in found}) > 1:
            self._warnings.append(f"{place.key} stands more than once; one of them was taken.")
        text = (self._keys.text(place.key) or "").strip()
        if because := self._no_place(place, text):
            self._drop(place, because)
            return
        try:
            self._read(place, text)
        except Unfit as unfit:
            self._refuse(place, str(unfit))

    def _no_place(self, place: Place, text: str) -> str | None:
        """Why a key is dropped whatever its value is."""
        if place.target is None:
            return place.because
        if field_of(place.target) is None:
            return NO_RULE
        if place.kind == "label" and self._keys.later:
            return "this file names its drives by letter and folder"
        if not text and place.kind != "plotter":
            return "it is empty"
        if place.kind == "number" and not self._is_open(place.target):
            return f"{GATES[place.target]} is not true"
        if place.kind == "program" and value_of(self._data, "plot.plotter") != "madmax":
            return "PlotterUsed is not Stotik, so Ploto did not use it either"
        return None

    def _read(self, place: Place, text: str) -> None:
        target = place.target or ""
        if place.kind in ("label", "drives"):
            self._want(place, entries(place.kind, text, target))
            return
        candidates = READERS[place.kind](text)
        if GATES.get(target) == place.key:
            self._gate(place, on=candidates[0] is True)
        elif place.key == "InputAmountToSpawn" and candidates[0] == 0:
            # 0 goes on without end in Plotobot, and started next to nothing in Ploto.
            self._set(place._replace(target="spawn.enabled"), [False])
            self._origins[target] = place.key
        else:
            self._set(place, candidates)

    def _gate(self, place: Place, *, on: bool) -> None:
        if place.target == "report.every_hours" and not on:
            self._set(place, [0.0])
            return
        state, becomes = ("true", "is filled") if on else ("false", "keeps its default")
        self._took.append(f"{place.name} is {state}, so {place.target} {becomes}.")

    def _is_open(self, target: str) -> bool:
        switch = GATES.get(target)
        if switch is None:
            return True
        text = self._keys.text(switch)
        # Ploto's README lacks this one and yet has reports.
        return truth(text) is True if text is not None else switch == "EnablePlotoFyOnStart"

    def _webhook(self, place: Place, one: Found) -> None:
        section = one.section if one.section in place.sections else place.sections[0]
        text = one.text.strip()
        if not text:
            because = "it is empty"
        elif not is_webhook(text):
            because = "its value is no address; nothing of it was kept"
        else:
            variable = f"PLOTO_{section.upper()}_WEBHOOK"
            self._env[variable] = text
            because = f"{place.because}; it is kept as {variable} in .env"
        self._dropped.append(Dropped(f"{section}.{place.key}", because))

    def _want(self, place: Place, found: list[str]) -> None:
        target = place.target or ""
        name = target.removeprefix("drives.")
        if self._is_open(target):
            self._wanted[name] = (place, found)
            return
        because = f"Ploto did not use it, since {GATES[target]} is not true."
        self._left_out += [drives.LeftOut(name, entry, because) for entry in found]
        self._drop(place, f"{GATES[target]} is not true; it stands in plotobot.toml as a comment")

    def _settle_drives(self) -> None:
        order = ("temp", "temp2", "out", "replot", "destination")
        wanted = {name: self._wanted[name][1] for name in order if name in self._wanted}
        kept, left_out = drives.settle(wanted)
        self._left_out += left_out
        for name, found in kept.items():
            place = self._wanted[name][0]
            if found:
                self._set(place, [found])
            else:
                self._drop(place, "it does not go with the other drives; it stands as a comment")
        for item in left_out:
            self._warnings.append(
                f"{item.because} It stands in plotobot.toml as a comment: "
                f"{item.set} = {toml_value([item.entry])}."
            )

    def _settle_mover(self) -> None:
        """Ploto's switch starts the mover; its destinations alone would start nothing here."""
        if "drives.destination" in self._origins:  # which it is only where the switch is true
            switch = next(place for place in MAPPING if place.key == "EnableMover")
            self._set(switch._replace(target="move.enabled"), [True])

    def _set(self, place: Place, candidates: Sequence[object]) -> None:
        target = place.target or ""
        self._data = with_value(self._data, target, candidates)
        self._origins[target] = place.key
        setting = field_of(target)
        shown = setting is not None and setting.repr
        value = f" = {toml_value(value_of(self._data, target))}" if shown else " is set"
        self._took.append(f"{place.name}: {target}{value}.")

    def _drop(self, place: Place, because: str) -> None:
        self._dropped.append(Dropped(place.name, because))

    def _refuse(self, place: Place, because: str) -> None:
        target = place.target or ""
        self._drop(place, f"{because}; {target} keeps its default: {default_of(target)}")
        self._warnings.append(f"{place.name} could not be taken: {because}.")
