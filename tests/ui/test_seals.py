from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plotobot.errors import Refusal
from plotobot.ui.seals import LIFE, Seals

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_ticket_gives_its_job_back_once():
    seals = Seals()
    ticket = seals.issue("a:b:c", 7, NOW)

    assert seals.redeem(ticket, 7, NOW + LIFE, "/stop") == "a:b:c"
    with pytest.raises(Refusal, match="used already"):
        seals.redeem(ticket, 7, NOW, "/stop")


def test_a_stranger_spends_nothing():
    seals = Seals()
    ticket = seals.issue("job", 7, NOW)

    with pytest.raises(Refusal, match="person who asked"):
        seals.redeem(ticket, 8, NOW, "/stop")
    assert seals.redeem(ticket, 7, NOW, "/stop") == "job"


def test_who_comes_too_late_is_told_the_command_that_gives_another():
    seals = Seals()
    ticket = seals.issue("job", 7, NOW)

    with pytest.raises(Refusal, match=r"Too late.* Use `/spawn limits` again"):
        seals.redeem(ticket, 7, NOW + 2 * LIFE, "/spawn limits")


def test_a_ticket_of_another_process_is_refused():
    with pytest.raises(Refusal, match="did not make it"):
        Seals().redeem(Seals().issue("job", 7, NOW), 7, NOW, "/stop")


def test_it_fits_a_custom_id():
    ticket = Seals().issue("x" * 36, 2**63, NOW)

    assert len(f"stop:{ticket}") <= 100


@settings(max_examples=500)
@given(st.text() | st.from_regex(r"job:[0-9]{1,5}:[0-9]{1,12}:[\w-]{16}"), st.integers(0, 2**63))
def test_nothing_made_up_is_taken(ticket, person):
    with pytest.raises(Refusal):
        Seals().redeem(ticket, person, NOW, "/stop")


@settings(max_examples=300)
@given(st.data())
def test_no_change_of_a_ticket_is_taken(data):
    seals = Seals()
    ticket = seals.issue("job-1", 7, NOW)
    place = data.draw(st.integers(0, len(ticket) - 1))
    other = data.draw(st.characters().filter(lambda c: c != ticket[place]))

    with pytest.raises(Refusal):
        seals.redeem(ticket[:place] + other + ticket[place + 1 :], 7, NOW, "/stop")


def test_spent_tickets_are_forgotten_once_they_are_too_old():
    seals = Seals()
    for n in range(100):
        moment = NOW + n * timedelta(minutes=2)
        seals.redeem(seals.issue("job", 7, moment), 7, moment, "/stop")

    assert len(seals._spent) == 1
