"""Each event is told once, in order, however Discord behaves."""

from __future__ import annotations

import pytest

from plotobot.alerts import digest_nonce, letters
from plotobot.engine.models import EventKind
from plotobot.telling import Telling


async def test_an_event_is_told_in_the_alert_channel_with_its_own_nonce(farm, make_event):
    farm.engine.happen(make_event(7))
    await farm.env.settle()

    assert len(farm.told()) == 1
    assert farm.told()[0].startswith("🌱 **rig1**: plot started")
    assert farm.sends() == ["nonce-7"]
    assert farm.engine.told == [7]


class TestAfterAnAbsence:
    @pytest.fixture
    def engine(self, engine, make_event):
        engine.events = [make_event(1)]
        return engine

    async def test_what_happened_meanwhile_is_told_at_the_start(self, farm):
        assert len(farm.told()) == 1


async def test_five_are_told_one_by_one_in_order(farm, make_event):
    farm.engine.happen(*[make_event(n) for n in range(1, 6)])
    await farm.env.settle()

    assert farm.sends() == [f"nonce-{n}" for n in range(1, 6)]
    assert [rf"#000{n}" in text for n, text in enumerate(farm.told(), 1)] == [True] * 5


async def test_a_flood_becomes_one_digest_with_the_critical_first(farm, make_event):
    calm = [make_event(n) for n in range(1, 60)]
    farm.engine.happen(*calm, make_event(60, EventKind.DRIVE_MISSING, data={"drive": "/mnt/x"}))
    await farm.env.settle()

    told = farm.told()
    assert len(told) == 1
    assert len(told[0]) <= 2000
    lines = told[0].splitlines()
    assert lines[0].startswith("📬 **rig1**: 60 pieces of news (59 job spawned, 1 drive missing)")
    assert lines[1].startswith("🔌")
    assert "/mnt/x" in lines[1]
    assert lines[-1].startswith("… and ")
    assert sorted(farm.engine.told) == list(range(1, 61))


async def test_a_thousand_failures_all_have_their_line(farm, make_event, make_job):
    job = make_job(temp="/mnt/" + "x" * 90, reason="No space left on device")
    farm.engine.happen(*[make_event(n, EventKind.JOB_FAILED, job=job) for n in range(1, 101)])
    await farm.env.settle()

    assert all(len(text) <= 2000 for text in farm.told())
    lines = [line for text in farm.told() for line in text.splitlines() if line.startswith("❌")]
    assert len(lines) == 100


async def test_after_server_errors_the_same_nonce_is_sent_until_it_arrives(farm, make_event):
    farm.env.inject_error("POST", f"/channels/{farm.alerts.id}/messages", status=500, times=3)
    farm.engine.happen(make_event(1))
    await farm.env.advance_time(30)

    assert farm.sends() == ["nonce-1"] * 4
    assert len(farm.told()) == 1
    assert farm.engine.told == [1]


async def test_nothing_overtakes_what_waits(farm, make_event):
    farm.env.inject_error("POST", f"/channels/{farm.alerts.id}/messages", status=503, times=2)
    farm.engine.happen(make_event(1))
    await farm.env.settle()
    farm.engine.happen(make_event(2))
    await farm.env.advance_time(30)

    assert farm.sends() == ["nonce-1"] * 3 + ["nonce-2"]


@pytest.mark.parametrize("status", [403, 404])
async def test_a_closed_channel_is_told_once_in_the_log_and_left_alone(
    farm, make_event, caplog, status
):
    farm.env.inject_error("POST", f"/channels/{farm.alerts.id}/messages", status=status, times=2)
    farm.engine.happen(make_event(1))
    await farm.env.advance_time(590)
    assert len(farm.sends()) == 1

    await farm.env.advance_time(700)

    assert farm.sends() == ["nonce-1"] * 3
    assert caplog.text.count("closed to the bot") == 1
    assert len(farm.told()) == 1


async def test_what_discord_refuses_for_good_does_not_block_the_rest(farm, make_event, caplog):
    farm.env.inject_error("POST", f"/channels/{farm.alerts.id}/messages", status=400, times=1)
    farm.engine.happen(make_event(1), make_event(2))
    await farm.env.settle()

    assert farm.sends() == ["nonce-1", "nonce-2"]
    assert "refused alert (1,) for good" in caplog.text


async def test_an_engine_that_breaks_once_does_not_silence_the_courier(farm, make_event, caplog):
    farm.engine.broken = RuntimeError("database is locked")
    farm.engine.happen(make_event(1))
    await farm.env.settle()
    farm.engine.broken = None
    await farm.env.advance_time(61)

    assert len(farm.told()) == 1
    assert "telling the news failed" in caplog.text


class TestSwitchedOff:
    @pytest.fixture
    def options(self):
        return {"telling": Telling(frozenset({EventKind.JOB_FAILED}))}

    async def test_what_is_switched_off_counts_as_told(self, farm, make_event):
        farm.engine.happen(make_event(1), make_event(2, EventKind.JOB_FAILED))
        await farm.env.settle()

        assert len(farm.told()) == 1
        assert farm.told()[0].startswith("❌")
        assert farm.engine.told == [1, 2]


def test_a_digest_that_grew_has_another_nonce(make_event):
    events = [make_event(n) for n in range(1, 9)]

    nonces = [event.nonce for event in events]
    assert digest_nonce(nonces[:7]) == digest_nonce(nonces[:7]) != digest_nonce(nonces)
    assert len(letters(events, "rig1")[0].nonce) <= 25


def test_a_letter_that_was_begun_is_told_again_just_so_and_by_itself(make_event):
    events = [make_event(n) for n in range(1, 9)]
    (digest,) = letters(events[:7], "rig1")

    assert letters(events, "rig1", digest.ids) == [digest]
    assert [one.nonce for one in letters(events, "rig1", [1])] == ["nonce-1"]
    assert letters(events, "rig1", [99]) == letters(events, "rig1")


async def test_an_event_without_words_does_not_hold_up_the_others(farm, make_event, caplog):
    farm.engine.happen(make_event(1, job="not a job"), make_event(2))
    await farm.env.settle()

    assert farm.told()[0] == "⚠️ job spawned; the log tells more."
    assert len(farm.told()) == 2
    assert "event 1 has no words" in caplog.text
