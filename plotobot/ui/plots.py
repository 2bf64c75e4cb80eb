"""The inventory of plots as messages."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from plotobot.engine.inventory.checks import Contents, contents
from plotobot.engine.inventory.export import csv_text
from plotobot.engine.inventory.plot import Check, Overview, Plot, Stock, Total
from plotobot.errors import Refusal
from plotobot.plots.names import masked
from plotobot.plots.proofs import ProofVerdict
from plotobot.ui.text import (
    MESSAGE_LIMIT,
    clean,
    clip,
    clip_front,
    code,
    fence,
    fit,
    gib,
    plain,
    plot_file,
    plural,
    stamp,
)

ROWS = 10
"""Plots on a page: three lines each. The first page is the overview."""
LARGEST_FILE = 8_000_000
"""Bytes of an attachment that every server takes."""
_WIDTH = 42
_KINDS, _DRIVES, _BAD = 8, 12, 4
_SIGNS = {ProofVerdict.SOUND: "✅", ProofVerdict.DAMAGED: "❌", ProofVerdict.CRASHED: "❌"}


def token(path: str) -> str:
    """A path as twelve digits, for the ids of buttons and choices, which are too short for it."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def on_drive(stock: Stock, drive: str) -> Sequence[Plot]:
    """The plots of one drive by its token, or all."""
    if drive == "all":
        return stock.plots
    meant = {path for path in {plot.drive for plot in stock.plots} if token(path) == drive}
    return [plot for plot in stock.plots if plot.drive in meant]


def plots_text(
    stock: Stock, plots: Sequence[Plot], shown: Overview, number: int, pages: int
) -> str:
    """One page: first the overview, then the plots one by one, narrow enough for a phone.

    Args:
        stock: all that is known.
        plots: those of the list.
        shown: their numbers.
        number: which page, from 0.
        pages: how many there are.
    """
    if not plots and stock.scanned_at is None:
        return f"The plots are being looked through for the first time{_progress(stock)}."
    turning = f" · page {number + 1} of {pages}" if pages > 1 else ""
    head = f"**{plural(shown.total.plots, 'plot')}** · {gib(shown.total.bytes)}{turning}"
    content = contents(plots, stock.checks)
    if number == 0:
        return fit([head, *_overview(stock, shown, content)], MESSAGE_LIMIT)
    rows, bad = plots[(number - 1) * ROWS : number * ROWS], {check.path for check in content.bad}
    return f"{head}\n{fence(line for plot in rows for line in _block(plot, bad))}"


def overview_text(stock: Stock) -> str:
    """The overview alone."""
    return plots_text(stock, stock.plots, stock.overview, 0, 1)


def check_text(plot: Plot, check: Check) -> str:
    """What a content check found."""
    sign = _SIGNS.get(check.result.verdict, "❔")
    took = f"{check.result.challenges} challenges in {check.result.seconds:.0f} s"
    return f"{sign} {code(plot_file(plot.path), 90)}: {plain(check.result.words, 300)} ({took})"


def plots_file(stock: Stock) -> tuple[str, bytes]:
    """The inventory as a file for an attachment: its name and content. Takes a while for many."""
    content = csv_text(stock.plots, stock.checks, mask=True).encode()
    if len(content) <= LARGEST_FILE:
        return "plots.csv", content
    return "plots.csv.gz", gzip.compress(content)


def choice_name(plot: Plot) -> str:
    """A plot in one line, as a choice."""
    return clip(clean(f"{masked(plot.id or '')} {plot.kind} on {clip_front(plot.drive, 50)}"), 100)


def matching(plots: Iterable[Plot], text: str, limit: int) -> list[Plot]:
    """The first plots with a header whose id begins with a text, or whose path has it."""
    wanted = text.strip().lower()
    found = (
        plot for plot in plots if plot.id and (plot.id.startswith(wanted) or wanted in plot.path)
    )
    return list(islice(found, limit))


def choice_value(plot: Plot) -> str:
    """What tells a plot from all others, also from a second file of the same plot."""
    return f"{plot.id}-{token(plot.path)}"


def choose(plots: Sequence[Plot], text: str) -> Plot:
    """The one plot that is meant: by its choice's value, or by the beginning of its id.

    Raises:
        Refusal: none is, or several are.
    """
    wanted, _, file = text.strip().lower().partition("-")
    chosen = [plot for plot in plots if wanted and plot.id and plot.id.startswith(wanted)]
    chosen = [plot for plot in chosen if not file or token(plot.path) == file]
    if len(chosen) != 1:
        many = f"{len(chosen)} plots are like that" if chosen else "No plot is like that"
        raise Refusal(f"{many}; pick one from the list, or type more of its id.")
    return chosen[0]


def choose_drive(stock: Stock, text: str) -> str:
    """The token of the drive that is meant: by its token or its path.

    Raises:
        Refusal: no drive with plots is.
    """
    for drive in stock.overview.by_drive:
        if text.strip() in (drive.name, token(drive.name)):
            return token(drive.name)
    raise Refusal("No such drive has plots; pick one from the list.")


def drive_choices(stock: Stock, text: str) -> list[tuple[str, str]]:
    """Names and tokens of the drives whose path has a text."""
    wanted = text.strip().lower()
    return [
        (clip_front(clean(drive.name), 100), token(drive.name))
        for drive in stock.overview.by_drive
        if wanted in drive.name.lower()
    ]


def _overview(stock: Stock, shown: Overview, content: Contents) -> Iterator[str]:
    if shown.by_kind:
        yield fence(_lines(shown.by_kind, _KINDS))
    if len(shown.by_drive) > 1:
        yield fence(_lines(shown.by_drive, _DRIVES))
    yield from (f"⚠️ {total.name}: {total.plots:,}" for total in shown.odd)
    yield from content_lines(content)
    for drive, reason in islice(stock.silent.items(), _KINDS):
        yield f"⚠️ {code(drive, 60)} as it was last known: {plain(reason, 80)}"
    if stock.scanning:
        yield f"A scan is under way{_progress(stock)}."
    elif stock.scanned_at:
        yield f"As of {stamp(stock.scanned_at)}. Turn the page for the plots one by one."


def content_lines(content: Contents) -> Iterator[str]:
    """How many plots had their content checked, and which of them are bad."""
    if not content.plots:
        return
    share = f"{content.checked:,} of {content.plots:,} ({content.checked / content.plots:.0%})"
    last = f", last {stamp(content.last)}" if content.last else ""
    yield f"Content checked: {share}{last}."
    for check in content.bad[:_BAD]:
        yield f"❌ {code(plot_file(check.path), 90)}: {plain(check.result.words, 120)}"
    if (left := len(content.bad) - _BAD) > 0:
        yield f"❌ … and {left} more"


def _lines(totals: Sequence[Total], most: int) -> Iterator[str]:
    for total in totals[:most]:
        name = clip_front(clean(total.name), 24)
        yield f"{name:24} {total.plots:6,} {gib(total.bytes):>11}"
    if (left := len(totals) - most) > 0:
        yield f"… and {left} more"


def _block(plot: Plot, bad: Collection[str]) -> Iterator[str]:
    name = f"{plot.id[:8]}…" if plot.id else clip(clean(plot.name), 24)
    yield f"{name} {plot.kind}"
    drive = clip_front(clean(plot.drive), 20)
    yield f"  {gib(plot.size)} {plot.modified:%Y-%m-%d} {drive}"
    if plot.missing:
        yield "  !! its drive is missing"
    elif plot.problem:
        yield clip(f"  !! {plot.condition}", _WIDTH)
    elif plot.path in bad:
        yield "  !! damaged, says its content check"
    elif not plot.named_as_it_is:
        yield "  !! not named as its id"


def _progress(stock: Stock) -> str:
    return f": {stock.scanning.done:,} of {stock.scanning.of:,}" if stock.scanning else ""
