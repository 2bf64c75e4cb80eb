"""When a drive will be full: right for steady filling, honest where nothing can be said."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.models import GIB
from plotobot.engine.reporting.forecast import FARTHEST, full_at

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TOTAL = 7000 * GIB
PLOT = 101 * GIB
Samples = list[tuple[int, int]]


def history(free_now: int, per_hour: float, hours: int = 24, every: int = 1800) -> Samples:
    """A drive that was filled evenly."""
    now = int(NOW.timestamp())
    back = range(hours * 3600, 0, -every)
    return [(now - ago, int(free_now + per_hour * ago / 3600)) for ago in back]


def stepped(free_now: int, plots_a_day: float, jitter: random.Random) -> Samples:
    """A drive that takes whole plots, a little off their time."""
    now, gap = int(NOW.timestamp()), 86400 / plots_a_day
    landed = [now - gap * (n + jitter.uniform(0, 0.5)) for n in range(int(plots_a_day) + 1)]
    return [
        (at, free_now + PLOT * sum(one > at for one in landed))
        for at in range(now - 86400, now, 1800)
    ]


def test_steady_filling_is_foretold_to_the_minute() -> None:
    full = full_at(history(900 * GIB, 100 * GIB), TOTAL, 900 * GIB, NOW)
    assert full is not None
    assert abs(full - (NOW + timedelta(hours=9))) < timedelta(minutes=1)


@pytest.mark.parametrize("plots", [4, 8, 20, 60])
def test_whole_plots_landing_are_foretold_within_a_quarter(plots: int) -> None:
    free = 5 * PLOT
    full = full_at(stepped(free, plots, random.Random(plots)), TOTAL, free, NOW)
    assert full is not None
    assert (full - NOW) / timedelta(days=5 / plots) == pytest.approx(1, abs=0.3)


def test_a_few_strange_samples_change_little() -> None:
    samples = history(900 * GIB, 100 * GIB)
    samples[:4] = [(at, 2000 * GIB) for at, _ in samples[:4]]
    full = full_at(samples, TOTAL, 900 * GIB, NOW)
    assert full is not None
    assert abs(full - (NOW + timedelta(hours=9))) < timedelta(minutes=30)


def test_a_drive_that_was_emptied_begins_anew() -> None:
    before = [(at, free // 50) for at, free in history(900 * GIB, 100 * GIB, 24)][:30]
    samples = before + history(3000 * GIB, 100 * GIB, 9)
    full = full_at(samples, TOTAL, 3000 * GIB, NOW)
    assert full is not None
    assert abs(full - (NOW + timedelta(hours=30))) < timedelta(hours=1)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param([], id="never-watched"),
        pytest.param(history(900 * GIB, 100 * GIB, 2), id="watched-too-shortly"),
        pytest.param(history(900 * GIB, 100 * GIB)[:3], id="too-few"),
        pytest.param(history(900 * GIB, 0), id="nothing-changes"),
        pytest.param(history(900 * GIB, -20 * GIB), id="it-empties"),
        pytest.param(history(900 * GIB, 0.01 * GIB), id="so-slowly-that-nobody-knows"),
        pytest.param([(at - 10**7, f) for at, f in history(9 * GIB, GIB)], id="long-ago"),
    ],
)
def test_where_nothing_honest_can_be_said_nothing_is(samples: Samples) -> None:
    assert full_at(samples, TOTAL, 900 * GIB, NOW) is None


@pytest.mark.parametrize("seed", range(8))
def test_plots_that_come_and_are_moved_away_foretell_nothing(seed: int) -> None:
    now, chance = int(NOW.timestamp()), random.Random(seed)
    samples = [(now - n * 1800, (900 + chance.randrange(3) * 101) * GIB) for n in range(48, 0, -1)]
    assert full_at(samples, TOTAL, 900 * GIB, NOW) is None


@given(
    st.lists(st.tuples(st.integers(0, 4 * 10**9), st.integers(0, TOTAL)), max_size=80),
    st.integers(0, TOTAL),
)
def test_whatever_the_history_the_answer_lies_ahead_or_is_none(samples: Samples, free: int) -> None:
    full = full_at(sorted(samples), TOTAL, free, NOW)
    assert full is None or NOW <= full <= NOW + FARTHEST + timedelta(seconds=1)
