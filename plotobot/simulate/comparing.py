"""Rules mode and auto mode on one machine, side by side. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plotobot.engine.config import Limits
from plotobot.simulate.gantt import last_day
from plotobot.simulate.production import auto_mode, rules_mode
from plotobot.simulate.rig import Rig, Span
from plotobot.simulate.run import Outcome, simulate

SHORT = Span(days=8.0, warm_up=2.0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a farmer's own limits bring, and what auto mode would."""

    rig: Rig
    rules: Outcome
    auto: Outcome
    days: float

    @property
    def sentence(self) -> str:
        """In a line: `your settings: 21.4 plots/day; auto: 31.8; bound: 33.6 (CPU)`."""
        bound = self.rig.bound
        return (
            f"your settings: {self.rules.plots_a_day:.1f} plots/day; "
            f"auto: {self.auto.plots_a_day:.1f}; bound: {bound.plots_a_day:.1f} ({bound.binds})"
        )

    @property
    def gain(self) -> float:
        """How many times as many plots auto mode makes."""
        return self.auto.plots_a_day / max(self.rules.plots_a_day, 1e-9)

    def lines(self, *, charts: bool = True) -> list[str]:
        """All of it for a terminal."""
        bound = self.rig.bound
        text = [
            f"{self.rig.name}: k{self.rig.k} plots, {self.rules.plots_a_day and self.days:g} days",
            self.sentence,
            "bound by resource: " + ", ".join(f"{name} {value:.1f}" for name, value in bound.parts),
            f"stage times: {self.rig.profile.source}",
        ]
        for title, one in (("your settings", self.rules), ("auto", self.auto)):
            text += ["", f"{title}: {figures(one)}"]
            text += last_day(one, self.days) if charts else []
        return text


def figures(outcome: Outcome) -> str:
    """A run in a line."""
    drives = f"drives at most {outcome.fullest:.0%} full"
    wrong = "" if outcome.feasible else " - MORE THAN THERE IS"
    return (
        f"{outcome.plots_a_day:.1f} plots/day, {outcome.share:.3f} of the bound; "
        f"at most {outcome.most} of {outcome.rig.slots} plots in memory, {drives}{wrong}; "
        f"{outcome.pauses} pauses"
    )


def compare(rig: Rig, limits: Limits, span: Span = SHORT, *, temp: int | None = None) -> Comparison:
    """Simulate both modes. Takes seconds: for a thread or a process.

    Args:
        rig: the machine.
        limits: the farmer's, for rules mode.
        span: how long, and with what luck.
        temp: bytes that the farmer gives a plot on temp; None: what it takes.
    """
    rules = simulate(rig, rules_mode(rig, limits, temp=temp), span)
    return Comparison(rig, rules, simulate(rig, auto_mode(rig), span), span.days)


def document(found: Comparison) -> dict[str, object]:
    """The comparison for scripts."""
    return {
        "machine": found.rig.name,
        "k": found.rig.k,
        "bound": found.rig.bound.plots_a_day,
        "binds": found.rig.bound.binds,
        "parts": dict(found.rig.bound.parts),
        "policies": [_policy(one) for one in (found.rules, found.auto)],
    }


def table(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """Rows for a table: policy, plots a day, share of the bound, fullest, plots at once, pauses."""
    return [
        (
            one.policy, f"{one.plots_a_day:.1f}", f"{one.share:.3f}", f"{one.fullest:.2f}",
            str(one.most), str(one.pauses),
        )
        for one in outcomes
    ]  # fmt: skip


def _policy(one: Outcome) -> dict[str, object]:
    return {
        "policy": one.policy,
        "plots_a_day": one.plots_a_day,
        "share_of_bound": one.share,
        "feasible": one.feasible,
        "fullest": one.fullest,
        "most_at_once": one.most,
        "pauses": one.pauses,
    }
