from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from plotobot.engine.config import FarmSettings
from plotobot.engine.farmnews import FarmState, due, take
from plotobot.engine.models import EventKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = FarmSettings()
KEY = "8f" * 48


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def line(at: datetime, level: str, message: str) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000 2.7.5 harvester chia.harvester.x: {level:8} {message}\n"


def eligible(at: datetime, proofs: int = 0, took: float = 0.5, total: int = 100) -> str:
    return line(
        at,
        "INFO",
        f"challenge_hash: 122c597083 ...1 plots were eligible for farming challengeFound {proofs} "
        f"V1 proofs and 0 V2 qualities. Time: {took:.5f} s. Total {total} plots",
    )


class Watch:
    """A farm whose log is written and whose clock goes on."""

    def __init__(self, rules: FarmSettings = RULES) -> None:
        self.rules, self.state = rules, FarmState()
        self.watching = NOON

    def see(self, now: datetime, *lines: str, news: bool = True):
        """Take up lines, then ask what is due; the state goes through a database between."""
        data = "".join(lines).encode()
        state = take(self.state, data, self.rules, now, news=news, zone=UTC)
        adapter = TypeAdapter(FarmState)
        state = adapter.validate_json(adapter.dump_json(state))
        self.state, events = due(state, self.rules, now, self.watching)
        return [(event.kind, dict(event.data)) for event in events]

    def kinds(self, now: datetime, *lines: str):
        return [kind for kind, _ in self.see(now, *lines)]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_all_is_well(watch):
    for n in range(400):
        assert watch.see(after(9 * n), eligible(after(9 * n))) == []


# --- silence --------------------------------------------------------------------------------------


def test_silence_is_told_once_and_once_that_it_is_over(watch):
    watch.see(NOON, eligible(NOON))
    assert watch.see(after(599)) == []
    assert watch.see(after(600)) == [(EventKind.FARM_SILENT, {"since": NOON.isoformat()})]
    assert watch.see(after(90_000)) == []
    assert watch.see(after(90_009), eligible(after(90_009))) == [
        (EventKind.FARM_GOES_ON, {"silent_seconds": 90_009.0})
    ]
    assert watch.see(after(90_018), eligible(after(90_018))) == []


def test_other_services_going_on_do_not_break_the_silence(watch):
    watch.see(NOON, eligible(NOON))

    assert watch.kinds(after(600), line(after(599), "INFO", "Updated peak")) == [
        EventKind.FARM_SILENT
    ]


def test_a_level_that_was_raised_is_no_silence(watch):
    watch.see(NOON, eligible(NOON))

    assert watch.see(after(700), line(after(500), "WARNING", "Cannot connect")) == []


def test_the_last_words_of_a_dying_harvester_are_no_raised_level(watch):
    watch.see(NOON, eligible(NOON), line(after(5), "ERROR", "Killed"))

    assert watch.kinds(after(600)) == [EventKind.FARM_SILENT]


def test_a_log_of_warnings_only_never_tells_of_silence(watch):
    watch.see(NOON, line(NOON, "WARNING", "x"))

    assert watch.see(after(9000)) == []


def test_who_has_just_begun_to_watch_waits_the_whole_time(watch):
    watch.see(NOON, eligible(NOON))
    watch.watching = after(5000)

    assert watch.see(after(5500)) == []
    assert watch.kinds(after(5600)) == [EventKind.FARM_SILENT]


def test_zero_minutes_never_tell():
    watch = Watch(FarmSettings(silent=0))
    watch.see(NOON, eligible(NOON))

    assert watch.see(after(1e6)) == []


def test_a_log_from_the_future_does_not_hide_the_silence(watch):
    watch.see(NOON, eligible(after(86_400)))

    assert watch.kinds(after(600)) == [EventKind.FARM_SILENT]


def test_the_end_of_summer_time_is_no_silence():
    zone, rules = ZoneInfo("Europe/Zurich"), RULES
    begin, state = datetime(2026, 10, 25, 0, tzinfo=UTC), FarmState()
    for minutes in range(0, 180, 5):
        now = begin + timedelta(minutes=minutes)
        text = eligible(now.astimezone(zone)).encode()
        state = take(state, text, rules, now, zone=zone)
        assert state.eligible_at == now
        state, events = due(state, rules, now, begin)
        assert events == []


# --- lookups --------------------------------------------------------------------------------------


def test_slow_lookups_are_told_at_once_and_then_hourly(watch):
    assert watch.see(NOON, eligible(NOON, took=6.5)) == [
        (EventKind.FARM_SLOW, {"lookups": 1, "slowest": 6.5, "plot": ""})
    ]
    for n in range(1, 360):
        assert watch.see(after(10 * n), eligible(after(10 * n), took=5 + n / 100)) == []
    assert watch.see(after(3600), eligible(after(3600))) == [
        (EventKind.FARM_SLOW, {"lookups": 359, "slowest": 8.59, "plot": ""})
    ]
    assert watch.see(after(8000), eligible(after(8000))) == []


def test_what_is_slow_is_a_setting():
    watch = Watch(FarmSettings(slow=0.2))

    assert watch.kinds(NOON, eligible(NOON)) == [EventKind.FARM_SLOW]


def test_too_slow_to_win_is_told_beside_what_is_slow(watch):
    told = watch.see(NOON, eligible(NOON, took=29), eligible(NOON, took=7))

    assert [(kind, data["lookups"]) for kind, data in told] == [
        (EventKind.FARM_LATE, 1), (EventKind.FARM_SLOW, 1),
    ]  # fmt: skip
    assert watch.see(after(9), eligible(after(9), took=40)) == []


def slow_plot(at: datetime, took: float) -> str:
    words = f"Looking up qualities on /mnt/d7/a.plot took: {took}. This should be below 8 seconds."
    return line(at, "WARNING", words)


def test_a_warning_names_the_plot_and_is_not_counted_twice(watch):
    (told,) = watch.see(NOON, slow_plot(NOON, 12.3), eligible(NOON, took=12.4))

    assert told == (EventKind.FARM_SLOW, {"lookups": 1, "slowest": 12.4, "plot": "/mnt/d7/a.plot"})


def test_at_level_warning_the_warnings_count(watch):
    (told,) = watch.see(NOON, slow_plot(NOON, 31), slow_plot(NOON, 33))

    assert told == (EventKind.FARM_LATE, {"lookups": 2, "slowest": 33.0, "plot": "/mnt/d7/a.plot"})


# --- errors, proofs, plots ------------------------------------------------------------------------


def failed(at: datetime, number: int, key: str = "") -> str:
    return line(at, "ERROR", f"Failed to open file /mnt/d{number}/x.plot. bad {number} {key}")


def test_an_error_by_itself_is_not_told(watch):
    assert watch.see(NOON, failed(NOON, 1), failed(NOON, 2)) == []


def test_repeated_errors_make_one_message_an_hour_with_counts(watch):
    (told,) = watch.see(NOON, *(failed(NOON, n, KEY) for n in range(40)))

    kind, data = told
    assert kind is EventKind.FARM_ERRORS
    assert [one["count"] for one in data["errors"]] == [40]
    assert KEY not in data["errors"][0]["example"]
    for n in range(1, 60):
        assert watch.see(after(60 * n), failed(after(60 * n), n)) == []
    (again,) = watch.see(after(3600), eligible(after(3600)))
    assert again[1]["errors"][0]["count"] == 59


def test_the_message_names_the_most_frequent_and_counts_the_others(watch):
    words = [chr(97 + n) * 3 for n in range(60)]
    lines = [line(NOON, "CRITICAL", f"broken {w}") for n, w in enumerate(words) for _ in range(n)]

    ((_, data),) = watch.see(NOON, *lines)

    assert len(data["errors"]) == 5
    assert data["others"] == 43
    assert data["errors"][0]["count"] == 50


def test_errors_hours_apart_do_not_add_up(watch):
    for n in range(9):
        at = after(4000 * n)
        assert watch.see(at, failed(at, n)) == []
        assert watch.see(at + timedelta(seconds=3700)) == []


def test_a_proof_is_told_at_once_and_more_of_them_hourly(watch):
    assert watch.see(NOON, eligible(NOON, proofs=1)) == [(EventKind.FARM_PROOF, {"proofs": 1})]
    for n in range(1, 60):
        assert watch.see(after(60 * n), eligible(after(60 * n), proofs=2)) == []
    assert watch.see(after(3600)) == [(EventKind.FARM_PROOF, {"proofs": 118})]


def test_fewer_plots_are_told_when_it_stays_so(watch):
    watch.see(NOON, eligible(NOON, total=4777))
    for n in range(1, 30):
        assert watch.see(after(10 * n), eligible(after(10 * n), total=4700)) == []
    assert watch.see(after(320), eligible(after(320), total=4699)) == [
        (EventKind.FARM_PLOTS_FEWER, {"before": 4777, "after": 4699})
    ]
    assert watch.see(after(5000), eligible(after(5000), total=4699)) == []


def test_a_harvester_that_counts_up_after_its_start_is_no_loss(watch):
    watch.see(NOON, eligible(NOON, total=4777))
    for n, total in enumerate([0, 300, 2000, 4777, 4777], start=1):
        assert watch.see(after(60 * n), eligible(after(60 * n), total=total)) == []
    assert watch.see(after(900), eligible(after(900), total=4777)) == []


# --- after a stop ---------------------------------------------------------------------------------


def test_what_was_there_before_the_watch_is_no_news(watch):
    old = [eligible(after(9 * n), proofs=1, took=40, total=100 - n) for n in range(99)]
    errors = [failed(after(n), n) for n in range(99)]

    assert watch.see(after(900), *old, *errors, news=False) == []
    assert watch.see(after(1500)) == [(EventKind.FARM_SILENT, {"since": after(882).isoformat()})]


def test_a_night_away_makes_one_message_of_each_kind(watch):
    watch.see(NOON, eligible(NOON))
    lines = [eligible(after(9 * n), proofs=1, took=n % 40) for n in range(4000)]
    errors = [failed(after(9 * n), n) for n in range(4000)]

    told = watch.kinds(after(36_000), *lines, *errors)

    assert sorted(told) == ["farm_errors", "farm_late", "farm_proof", "farm_slow"]


def test_silence_that_was_told_is_not_told_again_after_a_restart(watch):
    watch.see(NOON, eligible(NOON))
    watch.see(after(700))
    again = Watch()
    again.state, again.watching = watch.state, after(9000)

    assert again.see(after(9000)) == again.see(after(20_000)) == []
