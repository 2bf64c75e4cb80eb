"""How long a plot will still take: sensible at every moment, whatever it is told."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.engine.history import Usual, usual
from plotobot.engine.models import JobState
from plotobot.engine.time_left import OWN_PACE, time_left
from plotobot.plotters.record import CODES
from tests.engine.test_history import LIVE, any_job, made

MARKS = {
    "Initializing": 0.0, "1.0": 0.0, "1.3": 200.0, "2.0": 400.0, "3.0": 600.0, "4.0": 900.0,
    "Copying": 950.0, "Completed": 1000.0,
}  # fmt: skip
USUAL = Usual(MARKS, plots=12, same_drive=True)


def at(status: str, *, slower: float = 1.0, **changes: object):
    """A running plot at a status, which came to each mark so many times later than usual."""
    reached = CODES[: CODES.index(status) + 1]
    marks = tuple((code, MARKS[code] * slower) for code in reached if code in MARKS)
    return replace(LIVE, status=status, marks=marks, **changes)


@pytest.mark.parametrize(
    ("job", "age", "left"),
    [
        pytest.param(at("Initializing"), 0, 1000, id="just-started"),
        pytest.param(at("1.0"), 100, 900, id="within-a-step-by-the-time-in-it"),
        pytest.param(at("1.0"), 350, 800, id="a-step-that-lasts-is-about-to-end"),
        pytest.param(at("1.0"), 9999, 800, id="however-long-it-lasts"),
        pytest.param(at("2.0"), 400, 600, id="at-a-mark"),
        pytest.param(at("3.0", slower=2), 1200, 700, id="half-as-fast-nearly-doubles-the-rest"),
        pytest.param(at("3.0", slower=0.5), 300, 250, id="twice-as-fast-nearly-halves-it"),
        pytest.param(at("Copying"), 970, 30, id="while-copying"),
        pytest.param(at("Copying"), 2000, 0, id="due"),
        pytest.param(replace(at("2.0"), status="2.4"), 500, 500, id="between-two-marks"),
    ],
)
def test_beside_the_usual_plot(job, age: float, left: float) -> None:
    found = time_left(job, age, USUAL)
    assert found is not None
    assert found.seconds == pytest.approx(left, abs=1)
    assert found.basis == "from 12 plots on this drive"


def test_the_phases_that_a_log_tells_of_are_marks_as_well() -> None:
    """As after a restart, which saw nothing of the steps."""
    job = replace(LIVE, status="3.0", phase_seconds=(800.0, 400.0, None, None))
    found = time_left(job, 1200, USUAL)
    assert found is not None
    assert found.seconds == pytest.approx(700, abs=1)


@pytest.mark.parametrize(
    ("fraction", "age", "left"),
    [
        pytest.param(0.0, 100, None, id="nothing-done"),
        pytest.param(0.01, 100, None, id="too-little-done"),
        pytest.param(0.25, 0, None, id="no-time-passed"),
        pytest.param(0.25, 100, 300, id="a-quarter"),
        pytest.param(1.0, 100, 0, id="all"),
    ],
)
def test_without_history_by_its_own_pace(fraction: float, age: float, left: float | None) -> None:
    found = time_left(replace(LIVE, fraction=fraction, status="2.0"), age, None)
    assert (found.seconds if found else None) == left
    assert found is None or found.basis == OWN_PACE


def test_an_ended_job_has_no_time_left() -> None:
    assert time_left(made(), 1000, USUAL) is None


times = st.floats(-1e10, 1e10)
statuses = st.sampled_from([*CODES, "Failed", "no such status"])


@settings(max_examples=50)
@given(any_job, st.lists(any_job, max_size=3), statuses, st.floats(0, 1), times)
def test_it_is_never_negative_and_never_endless(job, before, status, fraction, age) -> None:
    job = replace(job, state=JobState.RUNNING, status=status, fraction=fraction)
    for history in (None, usual(LIVE, before)):
        found = time_left(job, age, history)
        assert found is None or 0 <= found.seconds < math.inf


@given(st.lists(st.floats(0, 2000), min_size=2, max_size=2).map(sorted), statuses)
def test_within_a_step_it_only_shrinks(ages, status) -> None:
    job = at(status) if status in MARKS else replace(LIVE, status=status)
    earlier, later = (time_left(job, age, USUAL) for age in ages)
    assert earlier is not None
    assert later is not None
    assert later.seconds <= earlier.seconds


@given(st.floats(0.2, 5), st.floats(0.2, 5))
def test_a_slower_plot_never_has_less_left(one: float, other: float) -> None:
    slow, fast = max(one, other), min(one, other)
    left = [time_left(at("3.0", slower=pace), 600 * pace, USUAL) for pace in (slow, fast)]
    assert left[0] is not None
    assert left[1] is not None
    assert left[0].seconds >= left[1].seconds - 1e-6
