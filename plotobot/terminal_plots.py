"""Prints the inventory of plots and replot plans on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from plotobot.engine.inventory.checks import Contents, contents
from plotobot.engine.inventory.plot import Plot, Stock, Total
from plotobot.engine.models import GIB
from plotobot.engine.replot.fork import Fork, fork_sentences
from plotobot.engine.replot.plan import Plan, Step
from plotobot.engine.replot.rule import Rule
from plotobot.engine.replot.wording import explain
from plotobot.terminal import show_section, show_table
from plotobot.ui.replot import chart_lines, drive_rows, summary_lines
from plotobot.ui.text import plot_file

_MOST_ROWS = 1000
"""No person reads more, and a table takes its time."""


def show_plots(stock: Stock) -> None:
    """Print the plots one by one, then their sums by drive and kind, and what is odd."""
    heads = ("plot", "kind", "GiB", "changed (UTC)", "drive", "")
    show_table(heads, map(_plot_cells, stock.plots[:_MOST_ROWS]))
    _show_left(len(stock.plots) - _MOST_ROWS)
    for title, totals in (
        ("By drive", stock.overview.by_drive),
        ("By kind", stock.overview.by_kind),
        ("All", (stock.overview.total,)),
        ("To be looked at", stock.overview.odd),
    ):
        show_section(title, map(_sum, totals))
    show_section("Content", _content(contents(stock.plots, stock.checks)))
    _show_silent(stock)


def show_plan(plan: Plan, rule: Rule, fork: Fork, stock: Stock) -> None:
    """Print a replot plan: what is old and why, in which order it goes, and until when."""
    show_section("What is old", explain(rule, plan.terms.now))
    show_section("The plan", summary_lines(plan))
    if plan.steps:
        show_table(("drive", "old", "they free", "free now", "new"), drive_rows(plan))
        heads = ("", "plot", "kind", "drive", "changed", "GiB")
        show_table(heads, map(_step_cells, plan.steps[:_MOST_ROWS]))
        _show_left(len(plan.steps) - _MOST_ROWS)
    show_section("Over time, if it began now", chart_lines(plan, fork))
    show_section("The fork", fork_sentences(fork, plan.terms.now))
    _show_silent(stock)


def _content(found: Contents) -> Iterator[str]:
    if found.last is None:
        return
    yield f"{found.checked:,} of {found.plots:,} checked, last {found.last:%Y-%m-%d %H:%M} UTC"
    for check in found.bad:
        yield f"{check.path}: {check.result.words}"


def _show_left(left: int) -> None:
    show_section(f"… and {left:,} more", ["--json lists them all."] if left > 0 else [])


def _show_silent(stock: Stock) -> None:
    show_section("Not read", (f"{path}: {reason}" for path, reason in stock.silent.items()))


def _plot_cells(plot: Plot) -> tuple[str, ...]:
    odd = plot.problem or ("" if plot.named_as_it_is else "Its name does not hold its id.")
    changed = f"{plot.modified:%Y-%m-%d %H:%M}"
    return plot_file(plot.path), plot.kind, f"{plot.size / GIB:.2f}", changed, plot.drive, odd


def _step_cells(step: Step) -> tuple[str, ...]:
    plot = step.plot
    changed, size = f"{plot.modified:%Y-%m-%d}", f"{step.frees / GIB:.2f}"
    return str(step.number), plot_file(plot.path), plot.kind, plot.drive, changed, size


def _sum(total: Total) -> str:
    return f"{total.plots:>7,}  {total.bytes / GIB:>12,.1f} GiB  {total.name}"
