from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.engine.inventory.plot import Condition, Plot
from plotobot.engine.models import GIB, Drive, DriveKind
from plotobot.engine.replot.judgement import Ground, Old, judge
from plotobot.engine.replot.plan import Plan, Terms, plan, to_free
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.plots.headers import PlotFormat
from tests.engine.plot_files import FARMER, NOW, for_contract, make_plot

ALL = Rule(
    formats=frozenset({PlotFormat.V1, PlotFormat.V1C}), farmer_keys=frozenset({FARMER.hex()})
)
NEW = 78 * GIB
TERMS = Terms(NOW, NEW)


def drive(number: int = 1, **changes: Any) -> Drive:
    made = Drive(DriveKind.REPLOT, f"/mnt/old{number}", f"8:{number}", 18_000 * GIB, 10 * GIB)
    return replace(made, **changes)


def numbers(laid: Plan) -> list[str | None]:
    return [step.plot.id for step in laid.steps]


def test_nothing_is_a_plan() -> None:
    laid = plan([], [drive()], ALL, TERMS)

    assert (laid.steps, laid.drives, laid.frees, laid.new) == ((), (), 0, 0)


def test_uncompressed_ones_go_first_then_by_level_and_the_oldest_of_each_first() -> None:
    plots = [
        make_plot(1, compression=7),
        make_plot(2),
        make_plot(3, compression=5),
        make_plot(4, modified=NOW - timedelta(days=3000)),
        make_plot(5, compression=5, modified=NOW - timedelta(days=3000)),
    ]

    laid = plan(plots, [drive()], ALL, TERMS)

    assert numbers(laid) == [plots[at].id for at in (3, 1, 4, 2, 0)]
    assert [step.number for step in laid.steps] == [1, 2, 3, 4, 5]


def test_what_fits_in_the_place_of_the_old_plots() -> None:
    """Three plots of 101 GiB and 10 free, 5 of them kept: 308 GiB hold three of 78 GiB."""
    laid = plan([make_plot(n) for n in range(3)], [drive()], ALL, replace(TERMS, reserve=5 * GIB))

    (one,) = laid.drives
    assert (one.old, one.frees, one.free, one.new) == (3, 303 * GIB, 5 * GIB, 3)
    assert laid.new == 3


def test_room_is_counted_for_each_drive_by_itself() -> None:
    """Each frees 101 GiB of which 23 are left over: together that would be one plot more."""
    plots = [make_plot(n, drive=f"/mnt/old{n}") for n in range(1, 5)]

    laid = plan(plots, [drive(n, free=0) for n in range(1, 5)], ALL, TERMS)

    assert [one.new for one in laid.drives] == [1, 1, 1, 1]


def test_folders_of_one_file_system_share_its_free_space() -> None:
    plots = [make_plot(n, drive=f"/mnt/old{n}") for n in (1, 2)]
    drives = [drive(n, filesystem="8:1", free=100 * GIB) for n in (1, 2)]

    laid = plan(plots, drives, ALL, TERMS)

    assert [one.free for one in laid.drives] == [100 * GIB, 0]


@pytest.mark.parametrize(
    "change", [{"missing": True}, {"read_only": True}, {"free": GIB}], ids=["", "ro", "full"]
)
def test_a_drive_that_cannot_be_written_has_no_free_space(change: dict[str, Any]) -> None:
    laid = plan([make_plot()], [drive(**change)], ALL, replace(TERMS, reserve=2 * GIB))

    assert laid.drives[0].free == 0


def test_what_is_kept_is_counted_by_why() -> None:
    plots = [
        make_plot(1),
        make_plot(2, condition=Condition.TRUNCATED),
        make_plot(3, farmer_key="ab" * 48),
        make_plot(4, farmer_key="ab" * 48),
        make_plot(5, **for_contract()),
    ]
    rule = replace(ALL, new=Kind(None, 32, 0, contract=for_contract()["contract"]))

    laid = plan(plots, [drive()], rule, TERMS)

    assert numbers(laid) == [plots[0].id]
    assert laid.kept is not None
    assert {ground: total.plots for ground, total in laid.kept.items()} == {
        Ground.TRUNCATED: 1, Ground.FOREIGN: 2, Ground.NEW: 1,
    }  # fmt: skip


# --- time ----------------------------------------------------------------------------------------


def ten(**terms: Any) -> Plan:
    """Ten old plots, in whose place twelve new ones fit."""
    plots = [make_plot(number) for number in range(10)]
    return plan(plots, [drive(free=0)], ALL, replace(TERMS, **terms))


def test_how_long_it_takes_at_a_rate() -> None:
    laid = ten(rate=2.0)

    assert laid.new == 12
    assert laid.days == 6
    assert laid.done == NOW + timedelta(days=6)


def test_without_a_rate_nothing_is_claimed() -> None:
    laid = ten(by=NOW + timedelta(days=24))

    assert (laid.days, laid.done, laid.start_by) == (None, None, None)
    assert laid.needed_rate == 0.5


def test_when_to_begin_to_be_done_in_time() -> None:
    laid = ten(rate=2.0, by=NOW + timedelta(days=24))

    assert laid.start_by == NOW + timedelta(days=18)


def test_too_late_is_a_beginning_in_the_past() -> None:
    laid = ten(rate=2.0, by=NOW + timedelta(days=5))

    assert laid.start_by is not None
    assert laid.start_by < NOW
    assert ten(by=NOW).needed_rate == float("inf")


@pytest.mark.parametrize("rate", [1e-300, 1e-9])
def test_a_rate_of_nearly_nothing_takes_for_ever(rate: float) -> None:
    laid = ten(rate=rate, by=NOW + timedelta(days=5))

    assert (laid.done, laid.start_by) == (None, None)


# --- how much is freed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "taken"),
    [(-1, 0), (0, 0), (1, 1), (101 * GIB, 1), (101 * GIB + 1, 2), (303 * GIB, 3), (304 * GIB, 0)],
)
def test_no_more_is_taken_than_gains_what_is_needed(need: int, taken: int) -> None:
    plots = [make_plot(number) for number in range(3)]
    laid = plan([*plots, make_plot(9, drive="/mnt/old2")], [], ALL, TERMS)

    assert to_free(laid.steps, "/mnt/old1", need) == laid.steps[:taken]


def test_a_limit_is_never_passed() -> None:
    plots = [make_plot(number) for number in range(10)]

    assert len(plan(plots, [], ALL, replace(TERMS, most=303 * GIB)).steps) == 3
    assert len(plan(plots, [], ALL, replace(TERMS, most=303 * GIB - 1)).steps) == 2
    assert plan(plots, [], ALL, replace(TERMS, most=0)).steps == ()


OWNERS = st.sampled_from([{}, for_contract(), {"pool_key": "cd" * 48}])
PLOTS = st.builds(
    lambda number, owner, changes: make_plot(number, **{**owner, **changes}),
    st.integers(0, 12),
    OWNERS,
    st.fixed_dictionaries(
        {},
        optional={
            "compression": st.sampled_from([None, 0, 1, 5, 7]),
            "condition": st.sampled_from(Condition),
            "missing": st.booleans(),
            "use": st.sampled_from([DriveKind.REPLOT, DriveKind.OUT]),
            "k": st.sampled_from([32, 33]),
            "size": st.integers(0, 200 * GIB),
            "drive": st.sampled_from(["/mnt/old1", "/mnt/old2"]),
            "path": st.sampled_from(["/mnt/old1/x.plot", make_plot(3).path]),
            "farmer_key": st.sampled_from([None, "ab" * 48]),
        },
    ),
)
RULES = st.builds(
    Rule,
    contracts=st.sampled_from([frozenset(), frozenset({for_contract()["contract"]})]),
    below_compression=st.sampled_from([None, 1, 6]),
    ks=st.sampled_from([frozenset(), frozenset({32})]),
    before=st.sampled_from([None, NOW]),
    formats=st.sampled_from([frozenset(), frozenset({PlotFormat.V1})]),
    farmer_keys=st.just(frozenset({FARMER.hex()})),
    foreign_keys=st.booleans(),
    own=st.sampled_from([frozenset(), frozenset({make_plot(1).id})]),
    protected=st.sampled_from([frozenset(), frozenset({make_plot(2).id})]),
    new=st.sampled_from([None, Kind(None, 32, 0), Kind(None, 32, 7, pool_key="cd" * 48)]),
)


@settings(max_examples=300, deadline=None)
@given(
    plots=st.lists(PLOTS, max_size=25),
    rule=RULES,
    most=st.none() | st.integers(0, 2000 * GIB),
    free=st.integers(0, 500 * GIB),
    need=st.integers(-GIB, 900 * GIB),
)
def test_what_holds_of_every_plan(
    plots: list[Plot], rule: Rule, most: int | None, free: int, need: int
) -> None:
    drives = [drive(1, free=free), drive(2, free=free)]
    laid = plan(plots, drives, rule, replace(TERMS, most=most, rate=3.0))

    gone = [step.plot for step in laid.steps]
    assert all(judge(plot, rule) == Old() for plot in gone)
    assert all(plot.condition is Condition.WHOLE and not plot.missing for plot in gone)
    assert all(plot.id and plot.id in plot.name for plot in gone)
    assert all(plot.id not in rule.protected for plot in gone)
    assert len({plot.path for plot in gone}) == len(gone)
    assert most is None or laid.frees <= most
    assert laid.frees == sum(one.frees for one in laid.drives)
    assert sum(one.old for one in laid.drives) == len(gone)
    assert all(one.new * NEW <= one.frees + one.free for one in laid.drives)
    assert rule.empty <= (not gone)
    kept = sum(total.plots for total in (laid.kept or {}).values())
    if most is None:
        assert kept + len(gone) == len({plot.path for plot in plots})
    taken = to_free(laid.steps, "/mnt/old1", need)
    gained = sum(step.frees for step in taken)
    assert all(step.plot.drive == "/mnt/old1" for step in taken)
    if taken:
        assert gained >= need > gained - taken[-1].frees
