"""What to tell a farmer beyond his keys: which defaults hold, and what to mind."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from plotobot.ploto.keys import Keys
from plotobot.ploto.mapping import GATES, MAPPING
from plotobot.ploto.targets import Data, default_of, field_of, value_of
from plotobot.ploto.values import truth

_LABELS = (
    "label:TEXT matches every drive whose label contains TEXT: label:t2 also matches ChiaOut2. "
    "`plotobot drives` shows what each matches."
)
_WEBHOOK = (
    "Whoever has seen Ploto's file can write into your channel with its webhook: delete the "
    "webhook in Discord, and make a bot token instead (README)."
)
_BITFIELD = (
    "Bitfield is false, which Ploto's installer wrote whatever one answered; plot.bitfield = true "
    "writes less to the temp drives."
)
_NO_KEYS = (
    "madmax takes no keys from chia: set plot.farmer_key, and plot.contract or plot.pool_key."
)


def missing(keys: Keys, filled: Collection[str]) -> Iterator[str]:
    """Say for each setting that no key of the file is for what holds instead.

    Args:
        keys: what the file has.
        filled: the settings that have a value.
    """
    for target in dict.fromkeys(place.target for place in MAPPING if place.target):
        places = [p for p in MAPPING if p.target == target and GATES.get(target) != p.key]
        known = any(place.key in keys.found for place in places)
        if known or target in filled or field_of(target) is None:
            continue
        key = places[-1 if keys.later else 0].key
        yield f"{key} is not there, so {target} keeps its default: {default_of(target)}."


def advice(keys: Keys, data: Data, *, webhooks: bool) -> Iterator[str]:
    """Say what differs from Ploto in a way that is easily overlooked.

    Args:
        keys: what the file has.
        data: what the settings are to be.
        webhooks: whether there are any.
    """
    plot = data.get("plot", {})
    if webhooks:
        yield _WEBHOOK
    if value_of(data, "spawn.count") is None and value_of(data, "spawn.enabled") is None:
        yield "spawn.count is 0, so plots are started without end."
    if plot.get("k") not in (None, 32):
        yield "Ploto ignored KSizeToPlot and made k32; Plotobot makes what it says."
    if plot.get("bitfield") is False:
        yield _BITFIELD
    if plot.get("plotter") == "madmax" and not (
        plot.get("farmer_key") and (plot.get("contract") or plot.get("pool_key"))
    ):
        yield _NO_KEYS
    if not keys.later:
        yield _LABELS
    if truth(keys.text("ReplotForPool") or "") and value_of(data, "drives.replot"):
        yield (
            "Plotobot deletes no old plots until replot.enabled is true and an owner has armed it "
            "with /replot arm; see what is old with: plotobot replot --dry-run."
        )
