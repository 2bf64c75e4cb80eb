"""Plotting programs: how to run each, what it needs, how to read its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from plotobot.errors import Refusal
from plotobot.plotters import bladebit
from plotobot.plotters.base import Plotter
from plotobot.plotters.chia import Chia
from plotobot.plotters.chiapos import Chiapos
from plotobot.plotters.dialects import guess, reader_for
from plotobot.plotters.gigahorse import Gigahorse
from plotobot.plotters.log_report import log_report
from plotobot.plotters.madmax import Madmax
from plotobot.plotters.recognising import ForeignOrder

__all__ = ["PLOTTERS", "guess", "log_report", "plotter", "reader_for", "recognise"]

_ALL: tuple[Plotter, ...] = (
    Chia(),
    Madmax(),
    bladebit.RAM,
    bladebit.DISK,
    bladebit.CUDA,
    Gigahorse(),
    Chiapos(),
)

PLOTTERS: Mapping[str, Plotter] = MappingProxyType({one.name: one for one in _ALL})
"""Every plotter by the name it has in the settings."""


def recognise(argv: Sequence[str]) -> ForeignOrder | None:
    """What a process with this command line plots; None where it is no plotter."""
    orders = (one.recognise(argv) for one in _ALL)
    return next((order for order in orders if order is not None), None)


def plotter(name: str) -> Plotter:
    """Look a plotter up by its name.

    Raises:
        Refusal: nobody knows it; the message has the names that are known.
    """
    if name in PLOTTERS:
        return PLOTTERS[name]
    near = get_close_matches(name, PLOTTERS, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise Refusal(f'There is no plotter "{name}". {hint}Known are: {", ".join(PLOTTERS)}.')
