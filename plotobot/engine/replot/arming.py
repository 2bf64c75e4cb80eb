"""What may be done at all: the farmer's settings for it, and that an owner has armed it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum

from plotobot.engine.inventory.plot import Plot
from plotobot.engine.replot.fork import Fork
from plotobot.engine.replot.judgement import Old, judge
from plotobot.engine.replot.node import NodeAccess
from plotobot.engine.replot.plan import Plan, Step
from plotobot.engine.replot.rule import Rule

_GROWS = "own"
"""The field of a rule that grows with each plot, and says nothing new."""


class Mode(StrEnum):
    """When an old plot goes."""

    AUTO = "auto"
    """After, where there is room for one more plot, else before."""
    AFTER = "after"
    """Once the new plot stands and has been checked."""
    BEFORE = "before"
    """Just before the new plot needs the room."""


@dataclass(frozen=True, slots=True)
class ReplotRules:
    """What the farmer allows."""

    enabled: bool = False
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    """What is old: one for each kind of plot that is made; old is what all of them name."""
    mode: Mode = Mode.AUTO
    count: int | None = None
    """How many to replace in all; None means all."""
    per_hour: int = 4
    """Deletions at most."""
    quarantine: float = 0.0
    """Seconds that a replaced plot is kept aside, as long as its room is not needed."""
    proofs: int = 30
    """Challenges that a new plot must stand before an old one goes for it."""
    fork: Fork = field(default_factory=Fork)
    """What the settings say of the fork."""
    node: NodeAccess | None = None

    def why_not(self, now: datetime) -> str | None:
        """Why nothing may be replaced by these settings, as a sentence, or None."""
        if not self.enabled:
            return "Replotting is off: set replot.enabled."
        if not self.rules or any(rule.empty for rule in self.rules):
            return "[replot] does not say which plots are old."
        if not all(rule.tells_apart(now) for rule in self.rules):
            return (
                "New plots cannot be told from old ones by this rule; set plot.contract or "
                "plot.pool_key."
            )
        return None


@dataclass(frozen=True, slots=True)
class Armed:
    """An owner's word that old plots may go."""

    by: str
    at: datetime
    settings: str
    """The fingerprint of the settings that it was given for."""
    most: int
    """Plots that may go in all; what the owner was shown."""
    drives: tuple[str, ...] = ()
    """Where."""
    after: int | None = None
    """The journal's last row then: what comes after it counts, whatever the clock says. None where
    an older release wrote it down."""

    def dump(self) -> str:
        """As text, to be kept."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()})

    @staticmethod
    def load(text: str | None) -> Armed | None:
        """What was kept; None where nothing is armed, or the text is damaged."""
        try:
            told = json.loads(text or "")
            told |= {"at": datetime.fromisoformat(told["at"]), "drives": tuple(told["drives"])}
            return Armed(**told)
        except (ValueError, TypeError, KeyError):
            return None


def settings_print(rules: ReplotRules) -> str:
    """A fingerprint of all settings that decide what goes; plots that are made do not change it."""
    said = [
        {one.name: _sorted(getattr(rule, one.name)) for one in fields(rule)} for rule in rules.rules
    ]
    for rule in said:
        del rule[_GROWS]
    rest = (rules.enabled, rules.mode, rules.count, rules.per_hour, rules.quarantine, rules.proofs)
    return _digest(repr((said, rest)))


def plan_print(rules: ReplotRules, steps: Sequence[Step], most: int) -> str:
    """A fingerprint of what an owner is shown: the settings and exactly these plots."""
    return _digest(repr((settings_print(rules), [step.plot.path for step in steps], most)))


def old_by_all(plots: Sequence[Plot], rules: Sequence[Rule]) -> list[Plot]:
    """The plots that are old by every rule but the first, which the plan itself asks."""
    if len(rules) < 2:
        return list(plots)
    return [plot for plot in plots if all(judge(plot, rule) == Old() for rule in rules[1:])]


def most_of(rules: ReplotRules, plan: Plan) -> int:
    """How many plots an arming allows to go."""
    old = len(plan.steps)
    return old if rules.count is None else min(old, rules.count)


HOUR = timedelta(hours=1)


def _sorted(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, frozenset) else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
