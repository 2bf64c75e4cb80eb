"""Whether a plot is old by the rule, and else why it is kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.models import DriveKind
from plotobot.engine.replot.rule import Rule
from plotobot.plots.names import masked


class Ground(StrEnum):
    """Why a plot is kept; the value reads as a heading."""

    UNREADABLE = "no readable header"
    TRUNCATED = "cut short or unfinished"
    MISSING = "on a missing drive"
    MISNAMED = "not named as their id"
    PROTECTED = "protected"
    NEW = "new ones"
    FOREIGN = "of another farmer key"
    ELSEWHERE = "on other drives"
    NO_RULE = "no rule"
    NOT_OLD = "not old by the rule"


SHOWN_APART = (Ground.TRUNCATED, Ground.UNREADABLE, Ground.MISNAMED, Ground.FOREIGN)
"""What a person should look at."""


@dataclass(frozen=True, slots=True)
class Old:
    """The plot may be replaced."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The plot stays."""

    ground: Ground
    reason: str
    """One sentence for people."""


Judgement: TypeAlias = Old | Kept


def judge(plot: Plot, rule: Rule) -> Judgement:
    """Whether a plot is old by a rule. What protects comes first."""
    return next((kept for guard in _GUARDS if (kept := guard(plot, rule))), Old())


def _unreadable(plot: Plot, _: Rule) -> Kept | None:
    if plot.id is None or plot.condition in (Condition.UNREADABLE, Condition.NO_PLOT):
        return Kept(Ground.UNREADABLE, plot.problem or "It has no readable header.")
    return None


def _truncated(plot: Plot, _: Rule) -> Kept | None:
    if plot.condition is Condition.TRUNCATED:
        return Kept(Ground.TRUNCATED, plot.problem or "It is cut short.")
    return None


def _missing(plot: Plot, _: Rule) -> Kept | None:
    return Kept(Ground.MISSING, f"Its drive {plot.drive} is missing.") if plot.missing else None


def _misnamed(plot: Plot, _: Rule) -> Kept | None:
    if plot.named_as_it_is:
        return None
    return Kept(Ground.MISNAMED, f"Its name does not hold its id {masked(plot.id or '')}.")


def _protected(plot: Plot, rule: Rule) -> Kept | None:
    if {plot.id, plot.path} & rule.protected:
        return Kept(Ground.PROTECTED, "It stands in replot.protected.")
    return None


def _new(plot: Plot, rule: Rule) -> Kept | None:
    if plot.id in rule.own and (rule.new is None or rule.new.resembles(plot)):
        return Kept(Ground.NEW, "This bot made it, of the kind that is made now.")
    if rule.new and rule.new.fits(plot):
        return Kept(Ground.NEW, "It is of the kind that is made now.")
    return None


def _foreign(plot: Plot, rule: Rule) -> Kept | None:
    if rule.foreign_keys or (plot.farmer_key and plot.farmer_key in rule.farmer_keys):
        return None
    if not rule.farmer_keys:
        return Kept(Ground.FOREIGN, "Your own farmer key is not known; set plot.farmer_key.")
    return Kept(Ground.FOREIGN, "Its farmer key is not yours.")


def _elsewhere(plot: Plot, rule: Rule) -> Kept | None:
    here = plot.drive in rule.drives if rule.drives else plot.use is DriveKind.REPLOT
    return None if here else Kept(Ground.ELSEWHERE, f"{plot.drive} is not to be replotted.")


def _no_rule(_: Plot, rule: Rule) -> Kept | None:
    return Kept(Ground.NO_RULE, "[replot] does not say what is old.") if rule.empty else None


def _not_old(plot: Plot, rule: Rule) -> Kept | None:
    reason = next(_misses(plot, rule), None)
    return Kept(Ground.NOT_OLD, reason) if reason else None


def _misses(plot: Plot, rule: Rule) -> Iterator[str]:
    """Each criterion that the plot does not meet."""
    owner = plot.contract or plot.pool_key
    named, others = rule.contracts | rule.pool_keys, rule.not_contracts | rule.not_pool_keys
    if (named and owner not in named) or (others and (owner is None or owner in others)):
        yield f"It is for {masked(owner) if owner else 'nobody known'}."
    level = plot.compression
    if rule.below_compression and (level is None or level >= rule.below_compression):
        yield f"Its compression is {'unknown' if level is None else level}."
    if rule.ks and plot.k not in rule.ks:
        yield f"It is a k{plot.k}."
    if rule.formats and plot.format not in rule.formats:
        yield f"Its format is {plot.format}."
    if rule.before and plot.modified >= rule.before:
        yield f"Its file was changed on {plot.modified:%Y-%m-%d}."


_Guard: TypeAlias = Callable[[Plot, Rule], Kept | None]
_GUARDS: tuple[_Guard, ...] = (
    _unreadable, _truncated, _missing, _misnamed, _protected, _new, _no_rule, _foreign, _elsewhere,
    _not_old,
)  # fmt: skip
