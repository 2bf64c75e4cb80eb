from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.models import DriveKind
from plotobot.engine.replot.judgement import Ground, Kept, Old, judge
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.engine.replot.wording import explain
from plotobot.plots.headers import MemoKind, PlotFormat
from tests.engine.plot_files import FARMER, NOW, OTHER_CONTRACT, POOL, for_contract, make_plot

MINE: str = for_contract()["contract"]
OTHER: str = for_contract(OTHER_CONTRACT)["contract"]
FIRST = frozenset({PlotFormat.V1, PlotFormat.V1C})
ALL = Rule(formats=FIRST, farmer_keys=frozenset({FARMER.hex()}))
"""Every plot of the first proof of space is old by this."""


def one(value: Any) -> frozenset[Any]:
    return frozenset({value})


def test_what_the_rule_means_is_old() -> None:
    assert judge(make_plot(), ALL) == Old()


CRITERIA: dict[str, tuple[dict[str, Any], Plot, bool]] = {
    "for this contract": ({"contracts": one(MINE)}, make_plot(**for_contract()), True),
    "for another": ({"contracts": one(OTHER)}, make_plot(**for_contract()), False),
    "OG, by contract": ({"contracts": one(MINE)}, make_plot(), False),
    "for this pool key": ({"pool_keys": one(POOL.hex())}, make_plot(), True),
    "for this key or that contract": (
        {"pool_keys": one(POOL.hex()), "contracts": one(MINE)}, make_plot(**for_contract()), True,
    ),
    "OG, all but a contract": ({"not_contracts": one(MINE)}, make_plot(), True),
    "that contract's, all but it": (
        {"not_contracts": one(MINE)}, make_plot(**for_contract()), False,
    ),
    "another contract's, all but one": (
        {"not_contracts": one(MINE)}, make_plot(**for_contract(OTHER_CONTRACT)), True,
    ),
    "that key's, all but it": ({"not_pool_keys": one(POOL.hex())}, make_plot(), False),
    "nobody's, all but one": (
        {"not_contracts": one(MINE)}, make_plot(memo=MemoKind.UNKNOWN, pool_key=None), False,
    ),
    "uncompressed, below 5": ({"below_compression": 5}, make_plot(), True),
    "C4, below 5": ({"below_compression": 5}, make_plot(compression=4), True),
    "C5, below 5": ({"below_compression": 5}, make_plot(compression=5), False),
    "no levels known, below 5": ({"below_compression": 5}, make_plot(compression=None), False),
    "below 0": ({"below_compression": 0}, make_plot(), True),
    "k32": ({"ks": one(32)}, make_plot(), True),
    "k33": ({"ks": one(32)}, make_plot(k=33), False),
    "v1": ({"formats": one(PlotFormat.V1)}, make_plot(), True),
    "v1c": ({"formats": one(PlotFormat.V1)}, make_plot(format=PlotFormat.V1C), False),
    "before": ({"before": NOW}, make_plot(), True),
    "after": ({"before": datetime(2021, 6, 1, tzinfo=UTC)}, make_plot(), False),
    "at that very moment": ({"before": make_plot().modified}, make_plot(), False),
    "on this drive": ({"drives": one("/mnt/old1")}, make_plot(), True),
    "on another": ({"drives": one("/mnt/old1")}, make_plot(drive="/mnt/old10"), False),
    "on a named drive for something else": (
        {"drives": one("/mnt/old1")}, make_plot(use=DriveKind.OUT), True,
    ),
    "on an out drive": ({}, make_plot(use=DriveKind.OUT), False),
    "on a destination": ({}, make_plot(use=DriveKind.DESTINATION), False),
    "two criteria, both met": ({"ks": one(32), "below_compression": 1}, make_plot(), True),
    "two criteria, one met": ({"ks": one(33), "below_compression": 1}, make_plot(), False),
}  # fmt: skip


@pytest.mark.parametrize(("says", "plot", "old"), CRITERIA.values(), ids=CRITERIA)
def test_what_makes_a_plot_old(says: dict[str, Any], plot: Plot, old: bool) -> None:
    rule = replace(Rule(farmer_keys=ALL.farmer_keys, formats=FIRST), **says)

    judged = judge(plot, rule)

    assert (judged == Old()) is old
    assert old or (isinstance(judged, Kept) and judged.reason.endswith("."))


GUARDS: dict[str, tuple[Ground, dict[str, Any], dict[str, Any]]] = {
    "no header": (Ground.UNREADABLE, {"id": None, "condition": Condition.NO_PLOT}, {}),
    "unreadable": (Ground.UNREADABLE, {"condition": Condition.UNREADABLE}, {}),
    "truncated": (Ground.TRUNCATED, {"condition": Condition.TRUNCATED}, {}),
    "missing drive": (Ground.MISSING, {"missing": True}, {}),
    "another plot's name": (Ground.MISNAMED, {"path": make_plot(2).path}, {}),
    "a name without id": (Ground.MISNAMED, {"path": "/mnt/old1/a.plot"}, {}),
    "an unfinished name": (Ground.MISNAMED, {"path": make_plot(1).path + ".tmp"}, {}),
    "protected by id": (Ground.PROTECTED, {}, {"protected": one(make_plot(1).id)}),
    "protected by path": (Ground.PROTECTED, {}, {"protected": one(make_plot(1).path)}),
    "made here": (Ground.NEW, {}, {"own": one(make_plot(1).id)}),
    "made here, of the new kind": (
        Ground.NEW, {}, {"own": one(make_plot(1).id), "new": Kind(None, 32, 0)},
    ),
    "of the new kind": (Ground.NEW, {}, {"new": Kind(None, 32, 0, pool_key=POOL.hex())}),
    "of another farmer": (Ground.FOREIGN, {"farmer_key": "ab" * 48}, {}),
    "of no known farmer": (Ground.FOREIGN, {"farmer_key": None}, {}),
    "whose own key nobody knows": (Ground.FOREIGN, {}, {"farmer_keys": frozenset()}),
    "elsewhere": (Ground.ELSEWHERE, {"use": DriveKind.OUT}, {}),
    "without a rule": (Ground.NO_RULE, {}, {"formats": frozenset()}),
}  # fmt: skip


@pytest.mark.parametrize(("ground", "plot", "rule"), GUARDS.values(), ids=GUARDS)
@pytest.mark.parametrize("foreign", [False, True], ids=["", "foreign too"])
def test_what_protects_a_plot(
    ground: Ground, plot: dict[str, Any], rule: dict[str, Any], foreign: bool
) -> None:
    judged = judge(make_plot(1, **plot), replace(ALL, foreign_keys=foreign, **rule))

    if foreign and ground is Ground.FOREIGN:
        assert judged == Old()
    else:
        assert isinstance(judged, Kept)
        assert judged.ground is ground
        assert judged.reason


@pytest.mark.parametrize(
    "kind",
    [
        Kind(None, 32, 7),
        Kind(None, 33, 0),
        Kind(PlotFormat.POS2, 32, 0),
        Kind(None, 32, 0, contract=MINE),
    ],
    ids=["level", "k", "format", "owner"],
)
def test_what_was_made_here_of_an_older_kind_may_be_old(kind: Kind) -> None:
    rule = replace(ALL, own=one(make_plot(1).id), new=kind)

    assert judge(make_plot(1), rule) == Old()


def test_without_an_owner_a_kind_protects_nothing_by_itself() -> None:
    """Else the farmer who sets no key could never replace anything of the same k."""
    assert judge(make_plot(), replace(ALL, new=Kind(None, 32, 0))) == Old()


@pytest.mark.parametrize(
    ("changes", "apart"),
    [
        ({}, False),
        ({"new": Kind(None, 32, 0)}, False),
        ({"new": Kind(None, 32, 0, contract=MINE)}, True),
        ({"new": Kind(None, 32, 7), "below_compression": 7}, True),
        ({"new": Kind(None, 32, 6), "below_compression": 7}, False),
        ({"new": Kind(None, 33, 0), "ks": one(32)}, True),
        ({"new": Kind(None, 32, 0), "ks": one(32)}, False),
        ({"new": Kind(PlotFormat.POS2, 28, 0)}, True),
        ({"new": Kind(None, 32, 0), "before": NOW}, True),
        ({"new": Kind(None, 32, 0), "before": datetime(2030, 1, 1, tzinfo=UTC)}, False),
    ],
)
def test_a_rule_that_would_take_the_new_plots_says_so(changes: dict[str, Any], apart: bool) -> None:
    rule = replace(ALL, **changes)

    assert rule.tells_apart(NOW) is apart
    if rule.new:
        assert any("Beware" in sentence for sentence in explain(rule, NOW)) is not apart


def test_an_empty_rule_says_that_nothing_is_old() -> None:
    assert explain(Rule(), NOW) == ["Nothing is old: [replot] does not say what is."]
    assert isinstance(judge(make_plot(), Rule(foreign_keys=True)), Kept)


def test_the_rule_in_words_names_all_it_asks_and_no_whole_key() -> None:
    rule = Rule(
        contracts=one(MINE),
        not_pool_keys=one(POOL.hex()),
        below_compression=7,
        ks=one(32),
        formats=one(PlotFormat.V1),
        before=NOW,
        drives=one("/mnt/old1"),
        farmer_keys=one(FARMER.hex()),
        protected=one("/mnt/old1/x.plot"),
    )

    text = " ".join(explain(rule, NOW))

    for words in ("for xch1", "for anyone but", "C7", "k32", "v1", "2026-11-25", "/mnt/old1"):
        assert words in text
    assert "by the file's time, which a copy may renew" in text
    assert all(key not in text for key in (MINE, POOL.hex(), FARMER.hex()))


def test_a_rule_without_a_farmer_key_says_that_nothing_is_old_for_it() -> None:
    text = " ".join(explain(replace(ALL, farmer_keys=frozenset()), NOW))

    assert "set plot.farmer_key" in text
