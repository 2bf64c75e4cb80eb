"""What is told of drives: each change once, a full farm once and then hourly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.models import Drive, DriveKind, EventKind, Hold
from plotobot.engine.news import OutAlarm, drive_events, out_alarm
from plotobot.engine.planner import RULES

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HERE = Drive(DriveKind.OUT, "/out", total=10, free=5)
GONE = Drive(DriveKind.OUT, "/out", missing=True)
SEALED = Drive(DriveKind.OUT, "/out", read_only=True)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        pytest.param([], [HERE], [], id="a-new-drive-in-order-is-no-news"),
        pytest.param([HERE], [HERE], [], id="nothing-changed"),
        pytest.param([HERE], [GONE], [EventKind.DRIVE_MISSING], id="gone"),
        pytest.param([GONE], [GONE], [], id="still-gone"),
        pytest.param([GONE], [HERE], [EventKind.DRIVE_BACK], id="back"),
        pytest.param([HERE], [SEALED], [EventKind.DRIVE_MISSING], id="read-only"),
        pytest.param([], [GONE], [EventKind.DRIVE_MISSING], id="missing-from-the-start"),
    ],
)
def test_drive_events(before: list[Drive], after: list[Drive], kinds: list[EventKind]) -> None:
    events = drive_events(before, after, NOW)
    assert [event.kind for event in events] == kinds


def hold(rule: str) -> Hold:
    return Hold("/a", rule, "because")


def test_a_full_farm_is_told_once_then_hourly_then_that_it_goes_on() -> None:
    told: list[tuple[int, EventKind]] = []
    alarm = OutAlarm()
    for minute in range(0, 151, 5):
        full = minute < 140
        holds = [hold("no_out_drive" if full else "temp_space")]
        now = NOW + timedelta(minutes=minute)
        alarm, event = out_alarm(alarm, holds, started=0 if full else 1, now=now)
        if event:
            told.append((minute, event.kind))
    assert told == [
        (0, EventKind.NO_OUT_DRIVE),
        (60, EventKind.NO_OUT_DRIVE),
        (120, EventKind.NO_OUT_DRIVE),
        (140, EventKind.OUT_DRIVE_AGAIN),
    ]


@pytest.mark.parametrize("rule", [name for name, _ in RULES[:-1]])
def test_a_rule_asked_before_does_not_pass_for_room(rule: str) -> None:
    alarm, _ = out_alarm(OutAlarm(), [hold("no_out_drive")], 0, NOW)
    same, event = out_alarm(alarm, [hold(rule)], 0, NOW)
    assert same == alarm
    assert event is None
