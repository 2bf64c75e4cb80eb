"""Reads the texts of Ploto's keys, a function for each kind.

Each gives the values to try, the likeliest first, and raises `Unfit` with the reason, which never
holds the text itself: where a quote is missing, any text may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from plotobot.ploto import drives
from plotobot.ploto.mapping import Kind
from plotobot.ploto.targets import Unfit, with_value
from plotobot.plots.address import decode_address
from plotobot.settings._problem import has_secret

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")
_WEBHOOK = re.compile(r"https?://[A-Za-z0-9._~:/?&=%@+-]{1,400}")
_SUSPECT = re.compile(r"webhook|://|[\w-]{45}", re.IGNORECASE)
"""What looks like a piece of an address or a token, where names and folders are expected."""
_PLOTTERS = {"": "chia", "chia": "chia", "stotik": "madmax"}


def truth(text: str) -> bool | None:
    """A switch in any case; None where it is neither."""
    return {"true": True, "false": False}.get(text.strip().casefold())


def is_webhook(text: str) -> bool:
    """Whether a text is an address that a `.env` can hold."""
    return _WEBHOOK.fullmatch(text) is not None


def entries(kind: Kind, text: str, target: str) -> list[str]:
    """The drives that a text names, as `[drives]` writes them.

    Raises:
        Unfit: they are too many, or no drives.
    """
    found = drives.label(text) if kind == "label" else drives.entries(text)
    if not found:
        raise Unfit("it matches every drive" if kind == "label" else "it names no drive")
    if len(found) > drives.MOST:
        raise Unfit(f"it names more than {drives.MOST} drives")
    if any(_secretive(entry) or len(entry) > drives.LONGEST for entry in found):
        raise Unfit("it holds something that is no drive")
    try:
        for entry in found:
            with_value({}, target, [[entry]])
    except Unfit:
        raise Unfit("it holds something that is no drive") from None
    return found


def _text(text: str) -> Sequence[object]:
    if _secretive(text):
        raise Unfit("it looks like a secret, which has no place in plotobot.toml")
    return [text]


def _number(text: str) -> Sequence[object]:
    if _NUMBER.fullmatch(text) is None:
        raise Unfit("its value is no number; write digits, as in 30 or 0.5")
    return [*([] if "." in text else [int(text)]), float(text), text]


def _switch(text: str) -> Sequence[object]:
    if (on := truth(text)) is None:
        raise Unfit("its value is neither true nor false")
    return [on]


def _plotter(text: str) -> Sequence[object]:
    if (plotter := _PLOTTERS.get(text.casefold())) is None:
        raise Unfit("its value is neither Chia nor Stotik, the two that Ploto knew")
    return [plotter]


def _key(text: str) -> Sequence[object]:
    if re.fullmatch(r"[0-9a-fA-F]{96}", text) is None:
        raise Unfit("its value is not 96 hexadecimal digits, so it is no public key")
    return [text]


def _contract(text: str) -> Sequence[object]:
    try:
        decode_address(text.lower())
    except ValueError as error:
        # Ploto ships a placeholder, and would have made plots for it.
        because = str(error).rstrip(".")
        raise Unfit(f"it is no pool contract, as Ploto's own placeholder ({because})") from None
    return [text.lower()]


def _date(text: str) -> Sequence[object]:
    """Ploto's d.M.yyyy."""
    try:
        day, month, year = map(int, text.split("."))
        return [date(year, month, day).isoformat()]
    except ValueError:
        raise Unfit("its value is no date as Ploto's 18.6.2021") from None


READERS: Mapping[Kind, Callable[[str], Sequence[object]]] = MappingProxyType(
    {
        "text": _text,
        "number": _number,
        "switch": _switch,
        "plotter": _plotter,
        "program": _text,
        "key": _key,
        "contract": _contract,
        "date": _date,
    }
)
"""How a kind is read, for all but drives and webhooks."""


def _secretive(text: str) -> bool:
    return has_secret(text) or _SUSPECT.search(text) is not None
