"""The rule in sentences, to be read before anything happens. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from plotobot.engine.replot.rule import Rule
from plotobot.plots.names import masked


def explain(rule: Rule, now: datetime) -> list[str]:
    """The rule in sentences: what is old, where, and what is never."""
    if rule.empty:
        return ["Nothing is old: [replot] does not say what is."]
    where = ", ".join(sorted(rule.drives)) or "every replot drive"
    return [
        "Old is a plot that is " + ", and ".join(_criteria(rule)) + ".",
        f"Only on {where}.",
        *_protections(rule, now),
    ]


def _criteria(rule: Rule) -> Iterator[str]:
    """What makes a plot old, each as words that follow "a plot that is"."""
    if owners := [masked(owner) for owner in sorted(rule.contracts | rule.pool_keys)]:
        yield f"for {' or '.join(owners)}"
    if others := [masked(owner) for owner in sorted(rule.not_contracts | rule.not_pool_keys)]:
        yield f"for anyone but {' and '.join(others)}"
    if rule.below_compression:
        level = rule.below_compression
        yield "not compressed" if level == 1 else f"compressed less than C{level}, or not at all"
    if rule.ks:
        yield " or ".join(f"k{k}" for k in sorted(rule.ks))
    if rule.formats:
        yield f"of format {' or '.join(sorted(rule.formats))}"
    if rule.before:
        day = f"{rule.before:%Y-%m-%d}"
        yield f"last changed before {day} (by the file's time, which a copy may renew)"


def _protections(rule: Rule, now: datetime) -> Iterator[str]:
    yield (
        "Never old: files without a readable header, cut short, or not named as their id, "
        "and all on drives that are missing."
    )
    if rule.foreign_keys:
        yield "Plots of any farmer key may be old."
    elif rule.farmer_keys:
        keys = " and ".join(masked(key) for key in sorted(rule.farmer_keys))
        yield f"Only plots of your own farmer key {keys}."
    else:
        yield "Your farmer key is not known, so no plot is old: set plot.farmer_key."
    if rule.new and rule.new.owned:
        yield "Never old: plots of the kind that is made now."
    elif not rule.tells_apart(now):
        yield (
            "Beware: new plots cannot be told from old ones by this rule, and would be old as soon "
            "as they are made; set plot.contract or plot.pool_key."
        )
    if rule.protected:
        yield f"Never old: {len(rule.protected)} that you protect by name."
