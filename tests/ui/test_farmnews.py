from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plotobot.engine.models import Event, EventKind
from plotobot.ui.alerts import alert_text, digest_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ERRORS = [
    {"count": 40, "logger": "chia.farmer.farmer", "example": "Error in pooling: (5, 'bad `x`')"},
    {"count": 3, "logger": "chia.plotting.manager", "example": "Failed to open file /x"},
]
SINCE = (NOW - timedelta(minutes=12)).isoformat()
PLOT = f"/mnt/d7/plot-k32-2021-05-28-00-13-{'ab' * 32}.plot"


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (
            EventKind.FARM_SILENT,
            {"since": SINCE},
            "**silent**: no challenge was looked",
        ),
        (EventKind.FARM_GOES_ON, {"silent_seconds": 725.0}, "again after 12 m 05 s"),
        (
            EventKind.FARM_SLOW,
            {"lookups": 3, "slowest": 7.25, "plot": PLOT},
            "3 lookups were slow, the slowest 7.2 s: `plot-k32-2021-05-28-00-13-abababab….plot`",
        ),
        (
            EventKind.FARM_LATE,
            {"lookups": 1, "slowest": 31.0, "plot": ""},
            "1 lookup was **too",
        ),
        (EventKind.FARM_ERRORS, {"errors": ERRORS, "others": 1}, "40x chia.farmer.farmer: `Error"),
        (EventKind.FARM_ERRORS, {"errors": ERRORS, "others": 1}, "and 1 other kind"),
        (EventKind.FARM_PROOF, {"proofs": 1}, "**1 proof found**"),
        (
            EventKind.FARM_PLOTS_FEWER,
            {"before": 4777, "after": 4700},
            "4,700, it had 4,777",
        ),
    ],
)
def test_the_words_of_the_farm(kind, data, words):
    event = Event(kind, NOW, None, data)

    assert words in alert_text(event, "rig1", NOW)


def test_the_longest_digest_of_errors_fits():
    evil = {"count": 10**9, "logger": "`*_" * 999, "example": "`🌱@everyone" * 999}
    events = [Event(EventKind.FARM_ERRORS, NOW, None, {"errors": [evil] * 5}, n) for n in range(99)]

    assert len(alert_text(events[0], "rig1", NOW)) <= 2000
    assert len(digest_text(events, "rig1")) <= 2000
    assert "\n" not in digest_text(events[:1], "rig1").split("\n", 1)[1]
