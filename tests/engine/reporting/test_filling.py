"""The alarm of filling drives: once, and again only after there was room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.models import Drive, DriveKind, DriveView, EventKind
from plotobot.engine.reporting.filling import filling
from plotobot.ui.alerts import alert_text

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def view(used: float, hours: float | None = None, **changes: object) -> DriveView:
    values: dict[str, object] = {
        "kind": DriveKind.OUT, "path": "/mnt/hdd1", "total": 1000, "free": round(1000 * (1 - used)),
    }  # fmt: skip
    full = None if hours is None else NOW + timedelta(hours=hours)
    return DriveView(Drive(**(values | changes)), full_at=full)  # type: ignore[arg-type]


def run(views: Iterable[DriveView]) -> list[int]:
    """At which looks it was told."""
    told: frozenset[str] = frozenset()
    when = []
    for number, one in enumerate(views):
        told, events = filling(told, [one], NOW)
        when += [number] * len(events)
    return when


@pytest.mark.parametrize(
    ("views", "told"),
    [
        pytest.param([view(0.89), view(0.90), view(0.95), view(0.99)], [1], id="ninety-once"),
        pytest.param(
            [view(0.91), view(0.86), view(0.91), view(0.84), view(0.91)], [0, 4],
            id="again-after-85",
        ),
        pytest.param([view(0.5, 13), view(0.6, 11), view(0.7, 5)], [1], id="forecast-once"),
        pytest.param(
            [view(0.5, 11), view(0.5, 13), view(0.5, 11), view(0.5, 30), view(0.5, 11)], [0, 4],
            id="a-forecast-about-twelve-hours-does-not-flap",
        ),
        pytest.param([view(0.5), view(0.5, 400)], [], id="there-is-time"),
        pytest.param(
            [view(0.95), view(0.95, missing=True), view(0.95)], [0], id="away-and-back-is-no-news"
        ),
        pytest.param([view(0.99, kind=DriveKind.TEMP)], [], id="temp-fills-and-empties"),
        pytest.param([view(0.99, kind=DriveKind.REPLOT)], [], id="replot-is-full-on-purpose"),
        pytest.param([view(0.0, total=0)], [], id="unknown-size"),
    ],
)  # fmt: skip
def test_when_it_is_told(views: list[DriveView], told: list[int]) -> None:
    assert run(views) == told


def test_its_words() -> None:
    _, [event] = filling(frozenset(), [view(0.91, 9)], NOW)
    text = alert_text(event, "rig1", NOW)
    assert event.kind is EventKind.DRIVE_FILLING
    assert "out drive `/mnt/hdd1` is filling: 91% used" in text
    assert f"full <t:{int((NOW + timedelta(hours=9)).timestamp())}:R>" in text
