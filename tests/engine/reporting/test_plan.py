"""The plan of summaries, changed by command and by the settings."""

from __future__ import annotations

import pytest

from plotobot.engine.config import ReportRules
from plotobot.engine.reporting.plan import carried, changed, times
from plotobot.errors import Refusal

DAILY = ReportRules()


@pytest.mark.parametrize(
    ("hours", "at", "every", "then"),
    [
        pytest.param(6.0, None, 21600.0, (), id="hours"),
        pytest.param(None, ["7:30"], None, ("07:30",), id="times-take-the-place-of-hours"),
        pytest.param(6.0, ["19.00", "7:30"], 21600.0, ("07:30", "19:00"), id="both"),
        pytest.param(0.0, None, None, (), id="none"),
        pytest.param(None, [], 86400.0, (), id="no-times-leave-the-hours"),
    ],
)
def test_what_a_command_makes_of_it(
    hours: float | None, at: list[str] | None, every: float | None, then: tuple[str, ...]
) -> None:
    new = changed(DAILY, hours, at)
    assert (new.every, new.at) == (every, then)


@pytest.mark.parametrize("typed", [["25:00"], ["7"], ["noon"], ["07:60"], ["-1:00"], ["07:30\n"]])
def test_what_is_no_time_is_refused(typed: list[str]) -> None:
    if typed == ["07:30\n"]:
        assert times(typed) == ("07:30",)
        return
    with pytest.raises(Refusal, match="write one such as 07:30"):
        changed(DAILY, None, typed)


@pytest.mark.parametrize("hours", [-1.0, 0.01, 9000.0])
def test_hours_out_of_range_are_refused(hours: float) -> None:
    with pytest.raises(Refusal, match="must be 0, or from"):
        changed(DAILY, hours)


def test_too_many_times_are_refused() -> None:
    with pytest.raises(Refusal, match="At most 24"):
        times(f"{n // 60:02}:{n % 60:02}" for n in range(30))


def test_changed_settings_win_only_where_they_changed() -> None:
    now = changed(DAILY, 6.0)
    same = ReportRules(charts=("days",))
    assert carried(now, DAILY, same) == ReportRules(21600.0, (), ("days",))
    assert carried(now, DAILY, ReportRules(every=3600.0)).every == 3600.0
