"""When summaries are due: by the hour, by the machine's clock, over skipped and doubled hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.config import ReportRules
from plotobot.engine.reporting.due import next_due, served

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(*times: str, every: float | None = None) -> ReportRules:
    return ReportRules(every=every, at=times)


def day_by_day(rules: ReportRules, zone: ZoneInfo, start: datetime, days: int) -> list[datetime]:
    """All due moments of some days, each served at its time."""
    dues, moment = [], start
    while (due := next_due(moment, rules, zone)) and due < start + timedelta(days=days):
        assert served(moment, due, rules, zone) == due
        dues.append(moment := due)
    return dues


@pytest.mark.parametrize(
    ("rules", "due"),
    [
        pytest.param(at(every=6 * 3600.0), NOW + 6 * HOUR, id="hours"),
        pytest.param(at("07:30", "19:00"), NOW + 6 * HOUR, id="evening-in-Berlin"),
        pytest.param(at("07:30"), NOW + timedelta(hours=18, minutes=30), id="next-morning"),
        pytest.param(at("19:00", every=3600.0), NOW + HOUR, id="whichever-comes-first"),
        pytest.param(at(), None, id="never"),
    ],
)
def test_what_is_due_next(rules: ReportRules, due: datetime | None) -> None:
    assert next_due(NOW, rules, BERLIN) == due


@pytest.mark.parametrize(
    ("zone", "start", "time", "expected"),
    [
        pytest.param(
            BERLIN, datetime(2026, 3, 28, 12, tzinfo=UTC), "02:30",
            ["2026-03-29T01:30", "2026-03-30T00:30"], id="Berlin-skipped",
        ),
        pytest.param(
            BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC), "02:30",
            ["2026-10-25T00:30", "2026-10-26T01:30"], id="Berlin-doubled",
        ),
        pytest.param(
            LORD_HOWE, datetime(2026, 10, 3, 0, tzinfo=UTC), "02:15",
            ["2026-10-03T15:45", "2026-10-04T15:15"], id="Lord-Howe-skipped-half-hour",
        ),
        pytest.param(
            LORD_HOWE, datetime(2026, 4, 4, 0, tzinfo=UTC), "01:45",
            ["2026-04-04T14:45", "2026-04-05T15:15"], id="Lord-Howe-doubled-half-hour",
        ),
    ],
)  # fmt: skip
def test_each_day_has_each_time_once(
    zone: ZoneInfo, start: datetime, time: str, expected: list[str]
) -> None:
    dues = day_by_day(at(time), zone, start, 2)
    assert [f"{due.astimezone(UTC):%Y-%m-%dT%H:%M}" for due in dues] == expected


@pytest.mark.parametrize("zone", [BERLIN, LORD_HOWE], ids=["Berlin", "Lord-Howe"])
@pytest.mark.parametrize("time", ["00:00", "01:45", "02:00", "02:30", "02:59", "23:59"])
def test_a_year_has_each_time_once_a_day(zone: ZoneInfo, time: str) -> None:
    start = datetime(2026, 1, 1, 0, 0, tzinfo=zone).astimezone(UTC) - timedelta(seconds=1)
    dues = day_by_day(at(time), zone, start, 365)
    dates = [due.astimezone(zone).date() for due in dues]
    assert len(dates) == len(set(dates)) == 365


def test_missed_ones_are_served_by_one_and_the_hours_stay() -> None:
    rules = at(every=3600.0)
    late = NOW + timedelta(days=2, minutes=20)
    anchor = served(NOW, late, rules)
    assert anchor == NOW + timedelta(days=2)
    assert next_due(anchor, rules) == NOW + timedelta(days=2, hours=1)


def test_missed_times_of_day_are_served_by_one() -> None:
    rules = at("07:30", "19:00")
    late = NOW + timedelta(days=9)
    anchor = served(NOW, late, rules, BERLIN)
    assert anchor == datetime(2026, 12, 4, 6, 30, tzinfo=UTC)
    assert next_due(anchor, rules, BERLIN) == datetime(2026, 12, 4, 18, 0, tzinfo=UTC)


@given(
    st.lists(st.integers(0, 1439), max_size=5, unique=True),
    st.none() | st.floats(360, 1e6),
    st.floats(2 * 86400, 4e9),
    st.floats(0, 1e7),
)
def test_what_was_served_is_never_due_again_and_the_next_lies_ahead(
    minutes: list[int], every: float | None, since_1970: float, later: float
) -> None:
    rules = at(*(f"{m // 60:02}:{m % 60:02}" for m in minutes), every=every)
    anchor = datetime.fromtimestamp(since_1970, UTC)
    now = anchor + timedelta(seconds=later)
    done = served(anchor, now, rules, BERLIN)
    assert anchor <= done <= now
    due = next_due(done, rules, BERLIN)
    assert due is None or due > now - timedelta(seconds=1)
