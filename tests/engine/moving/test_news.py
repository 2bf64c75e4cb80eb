"""What is told of destinations, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plotobot.engine.config import MoveRules
from plotobot.engine.models import GIB, EventKind
from plotobot.engine.moving.base import Space
from plotobot.engine.moving.dispatch import Place, Underway, full_places
from plotobot.engine.moving.news import Alarm, destination_events, full_events, nowhere_alarm

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def kinds(events: list) -> list[tuple[EventKind, str]]:
    return [(event.kind, event.data["path"]) for event in events]


def test_a_destination_is_told_away_and_back_once() -> None:
    gone = destination_events({}, {"/a": "the drive is missing"}, NOW)
    still = destination_events({"/a": "the drive is missing"}, {"/a": "read-only"}, NOW)
    back = destination_events({"/a": "read-only"}, {}, NOW)

    assert kinds(gone) == [(EventKind.DESTINATION_AWAY, "/a")]
    assert gone[0].data["reason"] == "the drive is missing"
    assert still == []
    assert kinds(back) == [(EventKind.DESTINATION_BACK, "/a")]


def test_a_full_destination_is_told_when_it_comes_to_be_full() -> None:
    full = full_events(frozenset({"/a"}), frozenset({"/a", "/b"}), NOW)

    assert kinds(full) == [(EventKind.DESTINATION_FULL, "/b")]


def test_full_is_what_has_no_room_for_a_plot_beside_what_is_underway() -> None:
    places = [
        Place("/a", "a", Space(150 * GIB, 1)),
        Place("/b", "b", Space(250 * GIB, 1)),
        Place("/c", "c", None),
        Place("/d", "d", Space(0, 1), problem="paused"),
    ]
    underway = [Underway("ssd", "/a", "a", 100 * GIB)]

    assert full_places(places, underway, 100 * GIB, MoveRules(reserve=0)) == {"/a"}


def test_nowhere_is_told_once_then_hourly_and_the_end_once() -> None:
    alarm, first = nowhere_alarm(Alarm(), "no room", moved=False, now=NOW)
    alarm, second = nowhere_alarm(alarm, "no room", moved=False, now=NOW + timedelta(minutes=59))
    alarm, third = nowhere_alarm(alarm, "no room", moved=False, now=NOW + timedelta(minutes=60))
    alarm, quiet = nowhere_alarm(alarm, None, moved=False, now=NOW + timedelta(minutes=61))
    alarm, again = nowhere_alarm(alarm, None, moved=True, now=NOW + timedelta(minutes=62))
    alarm, over = nowhere_alarm(alarm, None, moved=True, now=NOW + timedelta(minutes=63))

    assert first
    assert first.kind is EventKind.NO_DESTINATION
    assert (second, quiet, over) == (None, None, None)
    assert third
    assert third.data["since"] == NOW.isoformat()
    assert again
    assert again.kind is EventKind.DESTINATION_AGAIN
