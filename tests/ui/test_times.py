"""Moments as people type them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from plotobot.errors import Refusal
from plotobot.ui.times import moment

NOW = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
"""23:30 in Berlin, on the evening before the clocks go forward."""


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
    assert os.environ.get("TZ") != "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("23:45", datetime(2026, 3, 28, 22, 45, tzinfo=UTC)),
        ("6:30", datetime(2026, 3, 29, 4, 30, tzinfo=UTC)),
        ("6.30", datetime(2026, 3, 29, 4, 30, tzinfo=UTC)),
        ("23:30", datetime(2026, 3, 29, 21, 30, tzinfo=UTC)),
        ("8h", datetime(2026, 3, 29, 6, 30, tzinfo=UTC)),
        ("+90 min", datetime(2026, 3, 29, 0, 0, tzinfo=UTC)),
        ("1.5 h", datetime(2026, 3, 29, 0, 0, tzinfo=UTC)),
        ("2d", datetime(2026, 3, 30, 22, 30, tzinfo=UTC)),
        ("2026-12-01 06:00", datetime(2026, 12, 1, 5, 0, tzinfo=UTC)),
        ("2026-12-01T06:00+00:00", datetime(2026, 12, 1, 6, 0, tzinfo=UTC)),
    ],
)
def test_forms(text: str, found: datetime) -> None:
    assert moment(text, NOW) == found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("soon", "'soon' is no time; write one such as 18:30, 8h, or 2026-12-01 06:00."),
        ("25:00", "is no time"),
        ("0h", "is past already"),
        ("2020-01-01 00:00", "2020-01-01 00:00 is past already."),
        ("99999-01-01", "is no time"),
        ("", "is no time"),
    ],
)
def test_what_is_no_time_to_come(text: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence.replace("(", "\\(")):
        moment(text, NOW)
