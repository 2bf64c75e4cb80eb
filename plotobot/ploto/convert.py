"""Turns a configuration of Ploto into Plotobot's settings. Pure: texts in, texts out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from plotobot.errors import Refusal
from plotobot.ploto import drives
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
from plotobot.plots.address import decode_address
from plotobot.settings._problem import has_secret

LARGEST = 64 * 1024
"""Characters; Ploto's own file has about 2000, and Plotobot reads no larger settings."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")
_WEBHOOK = re.compile(r"https?://[A-Za-z0-9._~:/?&=%@+-]{1,400}")
_SUSPECT = re.compile(r"webhook|://|[\w-]{45}", re.IGNORECASE)
"""What looks like a piece of an address or a token, where names and folders are expected."""
_SETS = ("drives.temp", "drives.temp2", "drives.out", "drives.replot", "drives.destination")
_PLOTTERS = {"": "chia", "chia": "chia", "stotik": "madmax"}


class Dropped(NamedTuple):
    """A key that finds no place."""

    key: str
    because: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a configuration. Only `env` holds secrets."""

    toml: str
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
    conversion = _Conversion(find_keys(text.removeprefix("\ufeff")))
    conversion.run()
    imported = conversion.result()
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
        self._defaults: list[str] = []
        self._warnings = list(keys.warnings)
        self._wanted: dict[str, list[str]] = {name: [] for name in _SETS}
        self._left_out: list[drives.LeftOut] = []
        self._readers: dict[str, Callable[[Place, str], None]] = {
            "text": self._text,
            "number": self._number,
            "switch": self._switch,
            "plotter": self._plotter,
            "program": self._program,
            "label": self._drives,
            "drives": self._drives,
            "key": self._key,
            "contract": self._contract,
        }

    def run(self) -> None:
        """Give every key its place."""
        for place in MAPPING:
            found = self._keys.found.get(place.key)
            if found:
                self._one(place, found)
        self._settle_drives()
        self._settle_keys()
        self._defaults += self._missing()
        self._warnings += self._advice()

    def result(self) -> Imported:
        """What came out."""
        layout = "the layout with drive letters" if self._keys.later else "the layout with labels"
        return Imported(
            toml=render(self._data, self._origins, self._left_out, layout),
            env=dict(self._env),
            took=tuple(self._took),
            dropped=tuple(self._dropped),
            defaults=tuple(self._defaults),
            warnings=tuple(self._warnings),
        )

    def _one(self, place: Place, found: Sequence[Found]) -> None:
        if place.kind == "webhook":
            for one in found:
                self._webhook(place, one)
            return
        text = (self._keys.text(place.key) or "").strip()
        if place.target is None:
            self._drop(place, place.because)
        elif field_of(place.target) is None:
            self._drop(place, NO_RULE)
        elif place.kind == "label" and self._keys.later:
            self._drop(place, "this file names its drives by letter and folder")
        elif not text and place.kind != "plotter":
            self._drop(place, "it is empty")
        else:
            self._readers[place.kind](place, text)
        if len(found) > 1 and len({one.text for one in found}) > 1:
            self._warnings.append(f"{place.key} stands more than once; one of them was taken.")

    # What follows reads one kind of value each.

    def _text(self, place: Place, text: str) -> None:
        if _secretive(text):
            self._drop(place, "it looks like a secret, which has no place in plotobot.toml")
        else:
            self._set(place, text)

    def _number(self, place: Place, text: str) -> None:
        if place.target and not self._gate(place.target):
            self._drop(place, f"{GATES[place.target]} is not true")
        elif _NUMBER.fullmatch(text) is None:
            self._refuse(place, "its value is no number; write digits, as in 30 or 0.5")
        elif place.key == "InputAmountToSpawn" and float(text) == 0:
            # 0 goes on without end in Plotobot, and starts next to nothing in Ploto.
            self._data = with_value(self._data, "spawn.enabled", [False])
            self._origins["spawn.enabled"] = place.key
            self._took.append(f"{place.name} is 0: spawn.enabled = false, until /spawn start.")
        else:
            whole = [int(text)] if "." not in text else []
            self._set(place, *whole, float(text), text)

    def _switch(self, place: Place, text: str) -> None:
        on = _truth(text)
        if on is None:
            self._refuse(place, "its value is neither true nor false")
        elif place.target and GATES.get(place.target) == place.key:
            self._open(place, on=on)
        else:
            if place.key == "Bitfield" and not on:
                self._warnings.append(
                    "Bitfield is false, which Ploto's installer wrote whatever one answered; "
                    "plot.bitfield = true writes less to the temp drives."
                )
            self._set(place, on)

    def _open(self, place: Place, *, on: bool) -> None:
        if place.target == "report.every_hours" and not on:
            self._set(place, 0.0)
            return
        self._took.append(
            f"{place.name} is {'true' if on else 'false'}, so {place.target} "
            f"{'is filled' if on else 'stays as it is by default'}."
        )

    def _plotter(self, place: Place, text: str) -> None:
        plotter = _PLOTTERS.get(text.casefold())
        if plotter is None:
            self._refuse(place, "its value is neither Chia nor Stotik, the two that Ploto knew")
        else:
            self._set(place, plotter)

    def _program(self, place: Place, text: str) -> None:
        if value_of(self._data, "plot.plotter") != "madmax":
            self._drop(place, "PlotterUsed is not Stotik, so Ploto did not use it either")
        else:
            self._text(place, text)

    def _key(self, place: Place, text: str) -> None:
        if re.fullmatch(r"[0-9a-fA-F]{96}", text) is None:
            self._refuse(place, "its value is not 96 hexadecimal digits, so it is no public key")
        else:
            self._set(place, text)

    def _contract(self, place: Place, text: str) -> None:
        try:
            decode_address(text.lower())
        except ValueError as error:
            # What Ploto ships is a placeholder that it would have plotted for.
            because = str(error).rstrip(".")
            self._refuse(place, f"it is no pool contract, as Ploto's own placeholder ({because})")
        else:
            self._set(place, text.lower())

    def _webhook(self, place: Place, one: Found) -> None:
        name = f"{one.section}.{place.key}" if one.section in place.sections else place.name
        text = one.text.strip()
        if not text:
            self._dropped.append(Dropped(name, "it is empty"))
        elif _WEBHOOK.fullmatch(text) is None:
            self._dropped.append(Dropped(name, "its value is no address; nothing of it was kept"))
        else:
            variable = f"PLOTO_{name.partition('.')[0].upper()}_WEBHOOK"
            self._env[variable] = text
            self._dropped.append(
                Dropped(name, f"{place.because}; it is kept as {variable} in .env")
            )

    def _drives(self, place: Place, text: str) -> None:
        name = place.target or ""
        found = drives.label(text) if place.kind == "label" else drives.entries(text)
        if not found:
            self._drop(place, "it matches every drive" if place.kind == "label" else "it is empty")
        elif any(_secretive(entry) or len(entry) > drives.LONGEST for entry in found):
            self._refuse(place, "it holds something that is no drive")
        elif len(found) > drives.MOST:
            self._refuse(place, f"it names more than {drives.MOST} drives")
        else:
            self._collect(place, name, found)

    def _collect(self, place: Place, name: str, found: list[str]) -> None:
        try:
            with_value({}, name, [found])
        except Unfit:
            self._refuse(place, "it holds something that is no drive")
            return
        self._origins[name] = place.key
        if self._gate(name):
            self._wanted[name] = found
            return
        because = f"Ploto did not use it, since {GATES[name]} is not true."
        bare = name.removeprefix("drives.")
        self._left_out += [drives.LeftOut(bare, entry, because) for entry in found]
        self._drop(place, f"{GATES[name]} is not true; it stands in plotobot.toml as a comment")

    # What follows puts things together.

    def _settle_drives(self) -> None:
        wanted = {name.removeprefix("drives."): found for name, found in self._wanted.items()}
        kept, left_out = drives.settle({name: found for name, found in wanted.items() if found})
        self._left_out += left_out
        for name, entries in kept.items():
            origin = self._place(self._origins[f"drives.{name}"])
            if entries:
                self._set(origin, entries)
            else:
                self._drop(origin, "none of its drives can stand beside the others; see warnings")
        for item in left_out:
            self._warnings.append(
                f"{item.because} It stands in plotobot.toml as a comment: "
                f"{item.set} = {toml_value([item.entry])}."
            )

    def _settle_keys(self) -> None:
        plot = self._data.get("plot", {})
        if plot.get("plotter") == "madmax" and not (
            plot.get("farmer_key") and (plot.get("contract") or plot.get("pool_key"))
        ):
            self._warnings.append(
                "madmax takes no keys from chia: set plot.farmer_key, and plot.contract or "
                "plot.pool_key."
            )

    def _missing(self) -> list[str]:
        said = []
        for target in dict.fromkeys(place.target for place in MAPPING if place.target):
            places = [p for p in MAPPING if p.target == target and GATES.get(target) != p.key]
            if field_of(target) is None or any(p.key in self._keys.found for p in places):
                continue
            if target in self._origins:
                continue
            place = places[-1] if self._keys.later else places[0]
            said.append(
                f"{place.key} is not there, so {target} keeps its default: {default_of(target)}."
            )
        return said

    def _advice(self) -> list[str]:
        advice = []
        if self._env:
            advice.append(
                "Whoever has seen Ploto's file can write into your channel with its webhook: "
                "delete the webhook in Discord, and make a bot token instead (README)."
            )
        if value_of(self._data, "spawn.count") is None and "spawn.enabled" not in self._origins:
            advice.append("spawn.count is 0, so plots are started without end.")
        if value_of(self._data, "plot.k") not in (None, 32):
            advice.append("Ploto ignored KSizeToPlot and made k32; Plotobot makes what it says.")
        if not self._keys.later:
            advice.append(
                "label:TEXT matches every drive whose label contains TEXT: label:t2 also matches "
                "ChiaOut2. `plotobot drives` shows what each matches."
            )
        if _truth(self._keys.text("ReplotForPool") or "") and value_of(self._data, "drives.replot"):
            advice.append("Plotobot deletes no old plots on the drives of drives.replot.")
        return advice

    def _gate(self, target: str) -> bool:
        switch = GATES.get(target)
        if switch is None:
            return True
        text = self._keys.text(switch)
        # Ploto's README lacks this one and yet has reports.
        if text is None:
            return switch == "EnablePlotoFyOnStart"
        return _truth(text) is True

    def _set(self, place: Place, *candidates: object) -> None:
        target = place.target or ""
        try:
            self._data = with_value(self._data, target, candidates)
        except Unfit as unfit:
            self._refuse(place, str(unfit))
            return
        self._origins[target] = place.key
        setting = field_of(target)
        shown = toml_value(value_of(self._data, target))
        open_ = setting is not None and setting.repr
        self._took.append(f"{place.name}: {target}{f' = {shown}' if open_ else ' is set'}.")

    def _drop(self, place: Place, because: str) -> None:
        self._dropped.append(Dropped(place.name, because))

    def _refuse(self, place: Place, because: str) -> None:
        target = place.target or ""
        self._drop(place, f"{because}; {target} keeps its default: {default_of(target)}")
        self._warnings.append(f"{place.name} could not be taken: {because}.")

    @staticmethod
    def _place(key: str) -> Place:
        return next(place for place in MAPPING if place.key == key)


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.strip().casefold())


def _secretive(text: str) -> bool:
    return has_secret(text) or _SUSPECT.search(text) is not None
