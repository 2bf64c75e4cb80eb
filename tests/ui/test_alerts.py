from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.engine.models import GIB, Event, EventKind, Job, JobState
from plotobot.ui.alerts import CRITICAL, EMOJI, alert_text, digest_holds, digest_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JOB = Job(
    "20260101-1a2b",
    "madmax",
    32,
    "/mnt/ssd1",
    "/mnt/hdd1",
    state=JobState.COMPLETED,
    status="Completed",
    fraction=1.0,
    phase_seconds=(7260.0, 3300.0, 6000.0, 420.0),
    total_seconds=17040.0,
    copy_seconds=190.0,
    final_path="/mnt/hdd1/plot-k32-x.plot",
    final_size=int(101.4 * GIB),
)


def event(kind, **data):
    return Event(kind, NOW, job=JOB if kind.startswith("job") else None, data=data)


def test_every_kind_has_its_emoji():
    assert set(EMOJI) == set(EventKind)


@pytest.mark.parametrize("kind", EventKind)
def test_each_alert_starts_with_an_emoji_and_the_machine(kind):
    told = alert_text(event(kind), "rig1", NOW)

    assert told.startswith(f"{EMOJI[kind]} **rig1**: ")
    assert len(told) > len(f"{EMOJI[kind]} **rig1**: ")


def test_a_finished_plot_tells_its_times_and_its_file():
    told = alert_text(event(EventKind.JOB_FINISHED), "rig1", NOW)

    assert "in **4 h 44 m**" in told
    assert "phases 2 h 01 m · 55 m 00 s · 1 h 40 m · 7 m 00 s, copy 3 m 10 s" in told
    assert "101 GiB in `/mnt/hdd1`: `plot-k32-x.plot`" in told


def test_a_failed_plot_tells_the_last_lines_of_its_log():
    reason = "No space left on device\n" + "\n".join(f"log line {n}" for n in range(500))
    job = Job("x-1a2b", "chia", 32, "/t", "/o", status="Failed", fraction=0.5, reason=reason)

    told = alert_text(Event(EventKind.JOB_FAILED, NOW, job=job), "rig1", NOW)

    assert "No space left on device" in told
    assert told.endswith("log line 499\n```")
    assert len(told) <= 2000


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"what": "the database is full"}, "trouble: the database is full"),
        ({"drive": "/mnt/x", "reason": "gone"}, "trouble: `/mnt/x`, gone"),
        ({"count": 60, "nothing": None, "again": True}, "trouble: count 60"),
        ({"away_seconds": 7500.0, "adopted": 1}, "away 2 h 05 m, 1 plot went on meanwhile"),
        ({"finished_meanwhile": 2, "failed_meanwhile": 0}, ": 2 plots finished meanwhile"),
        ({"since": "2026-01-01T00:00:00+00:00"}, "trouble: since <t:1767225600:R>"),
        ({"since": "0001-01-01T00:00:00"}, "trouble: since 0001-01-01T00:00:00"),
        ({"path": "/mnt/x", "what": "it is read-only"}, "trouble: `/mnt/x`, it is read-only"),
        ({"drive": ["/a"], "odd_seconds": "soon"}, "odd seconds soon"),
        ({}, "trouble"),
    ],
)
def test_what_an_event_carries_is_told(data, shown):
    told = alert_text(event(EventKind.TROUBLE, **data), "rig1", NOW)

    assert told.endswith(shown)


def test_late_news_say_when_it_was():
    told = alert_text(event(EventKind.DRIVE_BACK), "rig1", NOW + timedelta(hours=1))

    assert f"(<t:{int(NOW.timestamp())}:f>)" in told


def test_a_digest_puts_the_critical_first_and_counts_the_kinds():
    events = [event(EventKind.JOB_SPAWNED)] * 20 + [event(EventKind.NO_OUT_DRIVE)]

    lines = digest_text(events, "rig1").splitlines()

    assert lines[0] == "📬 **rig1**: 21 pieces of news (20 job spawned, 1 no out drive)"
    assert lines[1].startswith("📦")


def test_a_digest_knows_when_it_holds_all_that_is_critical():
    assert digest_holds([event(EventKind.NO_OUT_DRIVE)] * 5, "rig1")
    assert not digest_holds([event(EventKind.NO_OUT_DRIVE)] * 100, "rig1")


@settings(max_examples=200)
@given(
    kind=st.sampled_from(list(EventKind)),
    words=st.text(max_size=3000),
    machine=st.text(max_size=100),
    many=st.integers(1, 300),
)
def test_no_words_break_the_limit_or_ping(kind, words, machine, many):
    job = Job("x", words, 32, words, words, status=words, reason=words, stuck=words)
    told = Event(kind, NOW, job=job, data={"what": words, "by": words, "drive": words, "n": words})

    for text in (alert_text(told, machine, NOW), digest_text([told] * many, machine)):
        assert len(text) <= 2000
        assert text.count("```") % 2 == 0
        text.encode()


def test_what_needs_a_person_is_critical():
    assert {EventKind.JOB_FAILED, EventKind.DRIVE_MISSING, EventKind.NO_OUT_DRIVE} <= CRITICAL


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(
            {"silent_seconds": 5400.0, "usual_seconds": 720.0, "last_line": "Computing table 3"},
            "plot stalled, #1a2b k32 on /mnt/ssd1 at 42%: no sign of work for **1 h 30 m**; this "
            "step usually takes 12 m 00 s in all. Last line: `Computing table 3`. See whether its "
            "drives answer; `/job` shows it, `/stop` ends it.",
            id="stalled",
        ),
        pytest.param(
            {"silent_seconds": 5400.0, "busy": True},
            "plot stalled, #1a2b k32 on /mnt/ssd1 at 42%: busy, but neither log nor files grew for "
            "**1 h 30 m**. See whether its drives answer; `/job` shows it, `/stop` ends it.",
            id="turning-in-a-loop",
        ),
        pytest.param(
            {"silent_seconds": 1800.0, "paused": True},
            "plot paused, #1a2b k32 on /mnt/ssd1: its process was stopped, **30 m 00 s** without a "
            "sign of work. `kill -CONT 4711` on the machine lets it go on; `/job` shows it, "
            "`/stop` ends it.",
            id="paused",
        ),
    ],
)
def test_a_stall_is_told_with_what_to_do(data, told):
    job = replace(JOB, state=JobState.RUNNING, status="1.3", fraction=0.42, pid=4711)
    news = Event(EventKind.JOB_STALLED, NOW, job=job, data=data)

    assert alert_text(news, "rig1", NOW) == f"🐌 **rig1**: {told}"
    assert EventKind.JOB_STALLED in CRITICAL


def test_going_on_again_is_told_with_how_long_it_was_silent():
    job = replace(JOB, status="1.3", fraction=0.42)
    told = [
        alert_text(Event(EventKind.JOB_GOES_ON, NOW, job=job, data=data), "rig1", NOW)
        for data in ({"silent_seconds": 5400.0}, {})
    ]

    assert told == [
        "▶️ **rig1**: plot goes on again after **1 h 30 m**, #1a2b k32 on /mnt/ssd1 at 42%",
        "▶️ **rig1**: plot goes on again, #1a2b k32 on /mnt/ssd1 at 42%",
    ]


def test_a_damaged_plot_is_named_with_its_drive_and_what_was_found() -> None:
    data = {"plot": "/mnt/hdd1/plot-k32-x.plot", "drive": "/mnt/hdd1", "words": "Damaged: 3 wrong."}
    told = alert_text(event(EventKind.PLOT_DAMAGED, **data), "rig1", NOW)

    assert "`plot-k32-x.plot` on `/mnt/hdd1`. Damaged: 3 wrong. `/plots check`" in told
