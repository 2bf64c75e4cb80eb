"""The rule of what is old: what the farmer wrote against what a plot's header says. Pure.

Two kinds of sentences: what makes a plot old, of which all that are written must hold, and what
protects it, of which any one does. An empty rule makes nothing old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plotobot.engine.inventory.plot import Plot
from plotobot.plots.headers import PlotFormat


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plot, as headers tell it: that of the new plots."""

    format: PlotFormat | None
    """None matches v1 and v1c: bladebit writes uncompressed plots as either."""
    k: int
    compression: int
    contract: str | None = None
    pool_key: str | None = None
    """Neither of these: the plotter takes its own, so that no header can be compared with it."""

    @property
    def owned(self) -> bool:
        """Whether it is known for whom they are made."""
        return self.contract is not None or self.pool_key is not None

    def fits(self, plot: Plot) -> bool:
        """Whether a plot is of this kind; never where the owner is not known."""
        return self.owned and self.resembles(plot)

    def resembles(self, plot: Plot) -> bool:
        """Whether a plot is of this kind as far as the kind is known."""
        first = (PlotFormat.V1, PlotFormat.V1C)
        formats = first if self.format is None else (self.format,)
        return (
            plot.format in formats
            and plot.k == self.k
            and (plot.compression or 0) == self.compression
            and (not self.owned or (plot.contract, plot.pool_key) == (self.contract, self.pool_key))
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """What is old. Of the sets, an empty one says nothing."""

    contracts: frozenset[str] = frozenset()
    """Old are plots for these contracts (addresses with the prefix xch) …"""
    pool_keys: frozenset[str] = frozenset()
    """… or these pool keys (96 hex digits)."""
    not_contracts: frozenset[str] = frozenset()
    """Old are plots for any other owner than these contracts …"""
    not_pool_keys: frozenset[str] = frozenset()
    """… or these pool keys."""
    below_compression: int | None = None
    """Old are levels below this one; uncompressed is 0."""
    ks: frozenset[int] = frozenset()
    formats: frozenset[PlotFormat] = frozenset()
    before: datetime | None = None
    """Old are files last changed before this moment; a copy may be younger than its plot."""
    drives: frozenset[str] = frozenset()
    """Only on these folders; empty means every replot drive."""
    farmer_keys: frozenset[str] = frozenset()
    """The farmer's own."""
    foreign_keys: bool = False
    """Whether plots of other farmer keys may be old as well."""
    new: Kind | None = None
    """The kind that is made now: such plots are never old."""
    own: frozenset[str] = frozenset()
    """Ids of plots that this bot made: those of the kind that is made now are never old."""
    protected: frozenset[str] = frozenset()
    """Ids and paths of plots that are never old."""

    @property
    def empty(self) -> bool:
        """Whether it does not say what is old."""
        says = (
            self.contracts, self.pool_keys, self.not_contracts, self.not_pool_keys,
            self.below_compression, self.ks, self.formats, self.before,
        )  # fmt: skip
        return not any(says)

    def tells_apart(self, now: datetime) -> bool:
        """Whether plots that are made from now on are never old by this rule.

        Where it does not, nothing may be deleted: one mistaken count, and the new plots go, too.
        """
        new = self.new
        if new is None:
            return False
        first = {PlotFormat.V1, PlotFormat.V1C} if new.format is None else {new.format}
        return (
            new.owned
            or (self.below_compression is not None and new.compression >= self.below_compression)
            or bool(self.ks and new.k not in self.ks)
            or bool(self.formats and not first & self.formats)
            or (self.before is not None and self.before <= now)
        )
