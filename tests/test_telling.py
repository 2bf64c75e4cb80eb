"""Where news goes and when it waits; the clock on the wall is right on the days it is changed."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.models import EventKind
from plotobot.telling import Hush, Manner, QuietHours

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("zone", "hours", "inside", "over"),
    [
        pytest.param(
            BERLIN, "22:00-07:00", "2026-01-10T23:00+01:00", "2026-01-11T07:00+01:00", id="winter"
        ),
        pytest.param(
            BERLIN, "22:00-07:00", "2026-07-10T06:59+02:00", "2026-07-10T07:00+02:00", id="summer"
        ),
        pytest.param(
            BERLIN, "22:00-07:00", "2026-03-28T22:00+01:00", "2026-03-29T07:00+02:00", id="spring"
        ),
        pytest.param(
            BERLIN, "22:00-07:00", "2026-10-24T23:00+02:00", "2026-10-25T07:00+01:00", id="autumn"
        ),
        pytest.param(
            BERLIN, "01:00-02:30", "2026-10-25T02:10+01:00", "2026-10-25T02:30+01:00", id="twice"
        ),
        pytest.param(
            BERLIN, "01:00-02:30", "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00", id="skipped"
        ),
        pytest.param(
            LORD_HOWE,
            "22:00-07:00",
            "2026-10-03T22:00+10:30",
            "2026-10-04T07:00+11:00",
            id="half-an-hour-forth",
        ),
        pytest.param(
            LORD_HOWE,
            "22:00-07:00",
            "2026-04-04T23:00+11:00",
            "2026-04-05T07:00+10:30",
            id="half-an-hour-back",
        ),
        pytest.param(
            LORD_HOWE,
            "01:00-01:45",
            "2026-04-05T01:40+11:00",
            "2026-04-05T01:45+10:30",
            id="half-an-hour-twice",
        ),
        pytest.param(
            BERLIN, "12:00-13:00", "2026-01-10T12:00+01:00", "2026-01-10T13:00+01:00", id="by-day"
        ),
    ],
)
def test_the_quiet_ends_by_the_clock_on_the_wall(zone, hours, inside, over):
    hours = QuietHours.parse(hours)
    end = QuietHours(hours.start, hours.end, zone).until(datetime.fromisoformat(inside))

    assert end == datetime.fromisoformat(over)


@pytest.mark.parametrize(
    "moment", ["2026-01-10T21:59+01:00", "2026-01-10T07:00+01:00", "2026-03-29T07:00+02:00"]
)
def test_outside_of_it_there_is_no_quiet(moment):
    quiet = QuietHours(time(22), time(7), BERLIN)

    assert quiet.until(datetime.fromisoformat(moment)) is None


@given(
    st.sampled_from([BERLIN, LORD_HOWE]),
    st.integers(0, 366 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)),
    st.times(),
    st.times(),
)
def test_every_quiet_ends_within_a_day_and_is_over_then(zone, now, start, end):
    quiet = QuietHours(start.replace(tzinfo=None), end.replace(tzinfo=None), zone)
    over = quiet.until(now)
    if over is not None and abs((start.hour - end.hour) % 24) > 1:
        assert now < over <= now + timedelta(hours=26)
        assert quiet.until(over) is None


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    clock.tzset()
    yield
    monkeypatch.undo()
    clock.tzset()


@pytest.mark.skipif(os.name != "posix", reason="only there a process can change its zone")
@pytest.mark.parametrize(
    ("inside", "over"),
    [
        ("2026-03-28T22:00+01:00", "2026-03-29T07:00+02:00"),
        ("2026-10-24T23:00+02:00", "2026-10-25T07:00+01:00"),
    ],
)
def test_without_a_zone_the_machines_own_rules_count(in_berlin, inside, over):
    quiet = QuietHours.parse("22:00-07:00")

    assert quiet.until(datetime.fromisoformat(inside)) == datetime.fromisoformat(over)


@pytest.mark.parametrize("text", ["", "22-7", "24:00-07:00", "22:00-22:00", "22:00-7:0"])
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(ValueError, match="no "):
        QuietHours.parse(text)


def test_a_kinds_own_route_goes_before_that_of_the_critical():
    manner = Manner({"critical": "1", "job_failed": "2", "summary": "webhook:DAY"})

    assert manner.place(EventKind.JOB_FAILED, critical=True) == "2"
    assert manner.place(EventKind.TROUBLE, critical=True) == "1"
    assert manner.place(EventKind.SUMMARY, critical=False) == "webhook:DAY"
    assert manner.place(EventKind.JOB_SPAWNED, critical=False) == ""


def test_the_webhooks_secrets_are_in_no_repr():
    assert "hush-hush" not in repr(Manner(webhooks={"N": (1, "hush-hush")}))


def test_quiet_holds_back_what_is_not_critical_and_a_snooze_whatever_it_names():
    night, end = datetime(2026, 1, 1, 3, tzinfo=UTC), datetime(2026, 1, 1, 7, tzinfo=UTC)
    hush = Hush(QuietHours(time(22), time(7), UTC), {EventKind.JOB_FAILED: end})

    assert hush.held_until(EventKind.JOB_SPAWNED, night, critical=False) == end
    assert hush.held_until(EventKind.TROUBLE, night, critical=True) is None
    assert hush.held_until(EventKind.JOB_FAILED, night, critical=True) == end
    assert hush.held_until(EventKind.JOB_FAILED, end, critical=True) is None
