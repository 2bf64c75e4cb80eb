"""A summary goes through the outbox like all news: once, with its chart if Discord takes that."""

from __future__ import annotations

from datetime import timedelta

import discord
import pytest

from plotobot.alerts import BEGUN, Courier, Letter, Pace, letters
from plotobot.engine.models import EventKind
from plotobot.engine.summary import Summary

PACE = Pace(gather=0.0, rest=0.0, first=0.0, longest=0.0, shut=0.0)


def refused(status):
    class Answer:
        reason = "no"

    answer = Answer()
    answer.status = status
    return discord.HTTPException(answer, {"code": 0, "message": "no"})


class Discord:
    """What a channel takes, and what it got."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.got = []

    async def send(self, letter):
        parts = letter.enclosure.parts() if letter.enclosure else {}
        files = [parts["file"].fp.read()] if "file" in parts else []
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        self.got.append((letter.nonce, sorted(parts), files))


@pytest.fixture
def told(engine, make_event):
    """An engine with one summary waiting."""
    from tests.charts.farms import NOW

    engine.past[3] = Summary("rig1", NOW - timedelta(days=1), NOW, number=3)
    engine.events = [make_event(1, EventKind.SUMMARY, job=None, data={"number": 3})]
    return engine


async def deliver(engine, channel):
    await Courier(engine, channel.send, pace=PACE).deliver()


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([], id="at-once"),
        pytest.param([refused(503), refused(500)], id="Discord-is-ill"),
        pytest.param([OSError("no network")] * 3, id="no-network"),
    ],
)
async def test_it_comes_once_with_its_chart_whole(told, failures):
    channel = Discord(*failures)
    await deliver(told, channel)
    picture = told.picture
    assert channel.got == [("nonce-1", ["embed", "file", "view"], [picture])]
    assert told.told == [1]
    assert len(told.drawn) == 1


@pytest.mark.parametrize("status", [400, 403, 413])
async def test_where_files_are_not_taken_the_words_come(told, status):
    channel = Discord(refused(status))
    await deliver(told, channel)
    assert channel.got == [("nonce-1", [], [])]
    assert told.told == [1]


async def test_without_a_chart_the_embed_and_its_buttons_come(told):
    from plotobot.engine.reporting.painting import NoChart

    told.picture = NoChart("no font")
    channel = Discord()
    await deliver(told, channel)
    assert channel.got == [("nonce-1", ["embed", "view"], [])]


async def test_whatever_breaks_the_words_come(told):
    told.picture = RuntimeError("broken")
    channel = Discord()
    await deliver(told, channel)
    assert channel.got == [("nonce-1", [], [])]
    del told.past[3]
    told.told.clear()
    await deliver(told, channel)
    assert channel.got[1:] == [("nonce-1", [], [])]


async def test_after_a_death_while_sending_it_goes_again_under_the_same_nonce(told):
    class Death(BaseException):
        pass

    channel = Discord(Death())
    with pytest.raises(Death):
        await deliver(told, channel)
    assert told.kept[BEGUN] == "[1]"
    assert told.told == []
    await deliver(told, channel)
    assert [nonce for nonce, _, _ in channel.got] == ["nonce-1"]
    assert told.told == [1]


def test_a_summary_is_in_no_digest(make_event):
    events = [make_event(n) for n in range(1, 30)]
    events.insert(7, make_event(99, EventKind.SUMMARY, job=None, data={"number": 3}))
    digest, summary = letters(events, "rig1")
    assert sorted((*digest.ids, *summary.ids)) == sorted(event.id for event in events)
    assert (summary.ids, summary.summary, summary.nonce) == ((99,), 3, "nonce-99")
    assert digest.summary == 0


def test_an_older_summary_without_a_number_goes_in_words(make_event):
    [letter] = letters([make_event(1, EventKind.SUMMARY, job=None, data={"finished": 2})], "rig1")
    assert isinstance(letter, Letter)
    assert letter.summary == 0
