"""The inventory in numbers: by drive, by kind, and what is odd. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from plotobot.engine.inventory.plot import Condition, Overview, Plot, Total


def overview(plots: Sequence[Plot]) -> Overview:
    """Count plots and their bytes; files whose header cannot be read count among the odd alone."""
    known = [plot for plot in plots if plot.id is not None]
    kinds = _totals(known, lambda plot: plot.kind)
    return Overview(
        total=_total("all", known),
        by_drive=tuple(sorted(_totals(known, lambda plot: plot.drive), key=lambda t: t.name)),
        by_kind=tuple(sorted(kinds, key=lambda total: (-total.bytes, total.name))),
        odd=tuple(_odd(plots)),
    )


def duplicates(plots: Iterable[Plot]) -> Mapping[str, tuple[Plot, ...]]:
    """Plots that are there more than once: by id, the files with it.

    Two names of one file (hard links) are as many files here: deleting either frees nothing.
    """
    by_id: defaultdict[str, list[Plot]] = defaultdict(list)
    for plot in plots:
        if plot.id is not None:
            by_id[plot.id].append(plot)
    return {plot_id: tuple(files) for plot_id, files in by_id.items() if len(files) > 1}


def _odd(plots: Sequence[Plot]) -> Iterable[Total]:
    again = [plot for files in duplicates(plots).values() for plot in files[1:]]
    ways = {
        "truncated": [p for p in plots if p.condition is Condition.TRUNCATED],
        "no plot at all": [p for p in plots if p.condition is Condition.NO_PLOT],
        "unreadable": [p for p in plots if p.condition is Condition.UNREADABLE],
        "not named as their id": [p for p in plots if p.id is not None and not p.named_as_it_is],
        "there more than once": again,
        "on a missing drive": [p for p in plots if p.missing],
    }
    return (_total(name, found) for name, found in ways.items() if found)


def _totals(plots: Iterable[Plot], name: Callable[[Plot], str]) -> list[Total]:
    groups: defaultdict[str, list[Plot]] = defaultdict(list)
    for plot in plots:
        groups[name(plot)].append(plot)
    return [_total(group, members) for group, members in groups.items()]


def _total(name: str, plots: Sequence[Plot]) -> Total:
    return Total(name, len(plots), sum(plot.size for plot in plots))
