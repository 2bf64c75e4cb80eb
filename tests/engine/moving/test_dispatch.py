"""Which plot goes where, and when. Sizes are GiB."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.config import MoveRules
from plotobot.engine.models import GIB
from plotobot.engine.moving.base import Ident, Space
from plotobot.engine.moving.dispatch import (
    Candidate,
    Dispatch,
    Place,
    Underway,
    dispatch,
    full_places,
)

RULES = MoveRules(reserve=0)


def plot(name: str = "a", disk: str = "ssd", size: float = 100) -> Candidate:
    return Candidate(f"/{disk}/{name}", Ident(int(size * GIB), 1, 1), disk)


def place(name: str, free: float | None, disk: str = "", problem: str | None = None) -> Place:
    space = None if free is None else Space(int(free * GIB), int(free * GIB))
    return Place(name, disk or name, space, problem)


def goes(decided: Dispatch) -> list[tuple[str, str]]:
    return [(candidate.source, name) for candidate, name in decided.starts]


@pytest.mark.parametrize(
    ("choice", "last", "chosen"),
    [
        pytest.param("listed", None, "/b", id="the-first-with-room"),
        pytest.param("most_free", None, "/c", id="the-emptiest"),
        pytest.param("round_robin", None, "/b", id="the-first-turn"),
        pytest.param("round_robin", "/b", "/c", id="the-next-turn"),
        pytest.param("round_robin", "/d", "/b", id="round-again"),
        pytest.param("round_robin", "/gone", "/b", id="after-one-that-is-gone"),
    ],
)
def test_the_choice(choice: str, last: str | None, chosen: str) -> None:
    places = [place("/a", 50), place("/b", 300), place("/c", 900), place("/d", 200)]
    decided = dispatch([plot()], places, [], MoveRules(choice=choice, reserve=0), last)
    assert goes(decided) == [("/ssd/a", chosen)]


def test_one_disk_reads_one_and_writes_one_plot_at_a_time() -> None:
    plots = [plot("a", "s1"), plot("b", "s1"), plot("c", "s2"), plot("d", "s3")]
    places = [place("/x", 900, "hdd1"), place("/y", 900, "hdd1"), place("/z", 900, "hdd2")]
    decided = dispatch(plots, places, [], RULES)

    assert goes(decided) == [("/s1/a", "/x"), ("/s2/c", "/z")]
    assert decided.holds == (
        "A plot is being read from the same disk already; the next one waits.",
        "Every destination with room is being written to; the next plot waits.",
    )
    assert not decided.nowhere


def test_what_is_underway_counts() -> None:
    underway = [Underway("s1", "/x", "hdd1", 100 * GIB)]
    decided = dispatch(
        [plot("b", "s1"), plot("c", "s2")], [place("/x", 900, "hdd1")], underway, RULES
    )
    assert goes(decided) == []


def test_two_moves_never_count_on_the_same_bytes() -> None:
    rules = MoveRules(reserve=0, per_disk=9)
    decided = dispatch([plot(n, n) for n in "abc"], [place("/x", 250)], [], rules)

    assert len(decided.starts) == 2
    assert decided.nowhere


def test_before_a_move_tells_what_it_takes_nothing_is_promised_and_nothing_called_full() -> None:
    rules, there = MoveRules(reserve=0, per_disk=2), [place("/x", 150), place("/y", 50)]
    begun = Underway("s1", "/x", "/x", 100 * GIB, told=False)
    decided = dispatch([plot("b", "s2")], there, [begun], rules)

    assert goes(decided) == []
    assert not decided.nowhere
    assert decided.holds == (
        "A move has just begun; once it tells what it takes, the next may follow.",
    )
    assert full_places(there, [begun], 100 * GIB, rules) == {"/y"}

    told = Underway("s1", "/x", "/x", 0)
    assert goes(dispatch([plot("b", "s2")], there, [told], rules)) == [("/s2/b", "/x")]


def test_a_place_that_is_away_is_not_waited_for() -> None:
    begun = Underway("s1", "/x", "/x", 100 * GIB, told=False)
    decided = dispatch([plot("b", "s2")], [place("/x", 150, problem="paused")], [begun], RULES)
    assert decided.nowhere


def test_the_reserve_stays_free_and_unknown_room_counts_as_room() -> None:
    rules = MoveRules(reserve=10 * GIB)
    assert goes(dispatch([plot()], [place("/x", 105)], [], rules)) == []
    assert goes(dispatch([plot()], [place("nas:/x", None)], [], rules)) == [("/ssd/a", "nas:/x")]


def test_why_nothing_goes_names_every_place() -> None:
    decided = dispatch([plot()], [place("/x", 5), place("/y", 900, problem="paused")], [], RULES)
    assert decided.nowhere
    assert decided.holds == (
        "No destination has the 100.0 GiB that a plot takes (/x: 5.0 GiB, /y: paused).",
    )
    assert dispatch([plot()], [], [], RULES).holds == (
        "No destination is configured; name one in drives.destination or move.remote.",
    )


@given(
    plots=st.lists(st.tuples(st.sampled_from("pqr"), st.integers(1, 200)), max_size=8),
    places=st.lists(
        st.tuples(st.sampled_from("xyz"), st.integers(0, 500), st.booleans()), max_size=5
    ),
    choice=st.sampled_from(["listed", "most_free", "round_robin"]),
    per_disk=st.integers(1, 3),
    reserve=st.integers(0, 50),
)
def test_no_disk_gets_more_than_its_share_and_no_place_more_than_its_room(
    plots: list[tuple[str, int]],
    places: list[tuple[str, int, bool]],
    choice: str,
    per_disk: int,
    reserve: int,
) -> None:
    candidates = [plot(str(n), disk, size) for n, (disk, size) in enumerate(plots)]
    there = [
        place(f"/{n}", free, disk, "away" if away else None)
        for n, (disk, free, away) in enumerate(places)
    ]
    rules = MoveRules(choice=choice, per_disk=per_disk, reserve=reserve * GIB)
    decided = dispatch(candidates, there, [], rules)
    by_name = {one.name: one for one in there}

    assert len({candidate.source for candidate, _ in decided.starts}) == len(decided.starts)
    assert max(Counter(c.disk for c, _ in decided.starts).values(), default=0) <= per_disk
    assert max(Counter(by_name[n].disk for _, n in decided.starts).values(), default=0) <= per_disk
    for name, one in by_name.items():
        taken = sum(c.ident.size for c, n in decided.starts if n == name)
        assert not taken or (one.problem is None and one.space)
        assert taken == 0 or taken + rules.reserve <= (one.space.free if one.space else 0)
    assert len(decided.starts) == len(candidates) or decided.holds
