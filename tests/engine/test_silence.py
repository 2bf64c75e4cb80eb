"""When a silence is one to tell of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.history import Usual
from plotobot.engine.silence import BUSY, Signs, Silence, patience

USUAL = Usual({"Initializing": 0.0, "2.0": 400.0, "Completed": 6000.0}, 3, same_drive=True)
BEFORE = Signs(1000, (10, 20, 0), 50.0)


@pytest.mark.parametrize(
    ("now", "after"),
    [
        pytest.param(BEFORE, Silence(90, 90), id="nothing-moved"),
        pytest.param(Signs(1001, (10, 20, 0), 50.0), Silence(), id="the-log-grew"),
        pytest.param(Signs(0, (10, 20, 0), 50.0), Silence(), id="the-log-was-begun-anew"),
        pytest.param(Signs(1000, (11, 20, 0), 50.0), Silence(), id="its-temp-files-grew"),
        pytest.param(Signs(1000, (10, 20, 5), 50.0), Silence(), id="its-plot-is-copied"),
        pytest.param(Signs(1000, (10, 20, 0), 51.0), Silence(90, 0), id="cpu-time-was-taken"),
        pytest.param(Signs(1000, (10, 20, 0), 20.0), Silence(90, 0), id="a-process-of-it-ended"),
        pytest.param(Signs(1000, (10, 20, 0), 50.1), Silence(90, 90), id="idle-threads-tick"),
        pytest.param(Signs(1000, (10, 20, 0), None), Silence(90, 90), id="nobody-looked"),
    ],
)
def test_what_breaks_a_silence(now: Signs, after: Silence) -> None:
    assert Silence(90, 90).broken(BEFORE, now, apart=30) == after


@pytest.mark.parametrize(
    ("silence", "tells"),
    [
        pytest.param(Silence(1800, 1800), True, id="no-sign"),
        pytest.param(Silence(1799, 1799), False, id="not-yet"),
        pytest.param(Silence(1800, 0), False, id="busy"),
        pytest.param(Silence(BUSY * 1800, 0), True, id="busy-for-far-too-long"),
    ],
)
def test_when_it_is_told(silence: Silence, tells: bool) -> None:
    assert silence.lasts(1800) is tells


@pytest.mark.parametrize(
    ("usual", "status", "seconds"),
    [
        pytest.param(None, "1.0", 1800, id="no-history"),
        pytest.param(USUAL, "1.0", 1800, id="three-times-a-short-step-is-less"),
        pytest.param(USUAL, "3.0", 3 * 5600, id="three-times-a-long-step"),
    ],
)
def test_how_long_a_step_may_be_silent(usual: Usual | None, status: str, seconds: float) -> None:
    assert patience(1800, usual, status) == seconds


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e4))
def test_time_without_a_sign_only_adds(quiet: float, still: float, passed: float) -> None:
    grown = Silence(quiet, still).grown(passed)
    assert grown.quiet >= quiet
    assert grown.still >= still
    assert not Silence(quiet, still).lasts(1800) or grown.lasts(1800)
