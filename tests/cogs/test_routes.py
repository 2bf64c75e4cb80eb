"""Several places for news: each its own queue, in order, once; secrets in none of it."""

from __future__ import annotations

import json
from datetime import timedelta

import discord
import pytest

from plotobot.alerts import letters
from plotobot.engine.models import EventKind
from plotobot.telling import Manner, QuietHours, Telling
from plotobot.ui.snooze import NOTE

FAILED, SPAWNED, TROUBLE = EventKind.JOB_FAILED, EventKind.JOB_SPAWNED, EventKind.TROUBLE


@pytest.fixture
def manner() -> dict:
    """What a test says of how news is told."""
    return {}


@pytest.fixture
def options(manner):
    return {"telling": Telling(manner=Manner(**manner))}


def told_in(farm, channel) -> list[str]:
    stored = farm.env.backend.messages[channel.id].values()
    return [message.content for message in sorted(stored, key=lambda m: m.id)]


def route(farm, **manner):
    """Change how news is told, as a changed settings file does."""
    farm.bot.obey(farm.bot.access, Telling(manner=Manner(**manner)))


async def test_each_kind_is_told_in_its_place_and_the_rest_in_the_farms_channel(farm, make_event):
    other = farm.guild.create_text_channel("urgent")
    route(farm, routes={"critical": str(other.id), "job_stuck": str(farm.channel.id)})
    await farm.env.settle()
    farm.engine.happen(
        make_event(1),
        make_event(2, FAILED),
        make_event(3, EventKind.JOB_STUCK),
        make_event(4, EventKind.JOB_FINISHED),
    )
    await farm.env.settle()

    assert [text[0] for text in farm.told()] == ["🌱", "✅"]
    assert [text[0] for text in told_in(farm, other)] == ["❌"]
    assert [text[0] for text in told_in(farm, farm.channel)] == ["⏳"]
    assert sorted(farm.engine.told) == [1, 2, 3, 4]


async def test_a_place_that_waits_holds_up_no_other(farm, make_event):
    other = farm.guild.create_text_channel("urgent")
    route(farm, routes={"critical": str(other.id)})
    await farm.env.settle()
    farm.env.inject_error("POST", f"/channels/{other.id}/messages", status=503, times=3)
    farm.engine.happen(*[make_event(n, FAILED) for n in range(1, 4)], make_event(9))
    await farm.env.settle()
    assert len(farm.told()) == 1

    await farm.env.advance_time(60)
    told = told_in(farm, other)
    assert [f"#000{n}" in text for n, text in enumerate(told, 1)] == [True] * 3


@pytest.mark.parametrize("status", [403, 404])
async def test_a_closed_place_falls_to_the_farms_channel_which_is_told_so_once(
    farm, make_event, status
):
    other = farm.guild.create_text_channel("urgent")
    path = f"/channels/{other.id}/messages"
    farm.env.inject_error("POST", path, status=status, times=9)
    for _ in range(2):  # the second time as after a new start: the note is kept
        route(farm, routes={"critical": str(other.id)})
        await farm.env.settle()
        farm.engine.happen(make_event(len(farm.engine.events) + 1, FAILED))
        await farm.env.advance_time(5)

    told = farm.told()
    assert sum(f"alerts for channel {other.id} cannot be written there" in t for t in told) == 1
    assert sum(text.startswith("❌") for text in told) == 2
    assert told_in(farm, other) == []
    assert len([r for r in farm.env.http_requests if r.path == path]) <= 4


class TestTheRole:
    @pytest.fixture
    def manner(self):
        return {"role": 4242}

    async def test_critical_news_calls_it_and_nobody_else(self, farm, make_event, make_job):
        job = make_job(reason="@everyone <@&1>")
        farm.engine.happen(make_event(1), make_event(2, FAILED, job=job))
        await farm.env.settle()

        calm, urgent = farm.told()
        assert not calm.startswith("<@&")
        assert urgent.startswith("<@&4242> ❌")
        path = f"/channels/{farm.alerts.id}/messages"
        sent = [r.json["allowed_mentions"] for r in farm.env.http_requests if r.path == path]
        assert sent[0].get("parse") == []
        assert sent[1] == {"parse": [], "roles": [4242], "replied_user": False} or (
            sent[1]["roles"] == [4242] and sent[1]["parse"] == []
        )

    async def test_the_longest_alert_still_fits(self, farm, make_event, make_job):
        job = make_job(reason="x\n" + "yyyy\n" * 900)
        farm.engine.happen(make_event(2, FAILED, job=job))
        await farm.env.settle()

        assert len(farm.told()[0]) <= 2000


class TestQuietHours:
    @pytest.fixture
    def manner(self):
        # The simulated Discord begins at midnight UTC.
        from datetime import UTC, time

        return {"quiet": QuietHours(time(22), time(7), UTC)}

    async def test_critical_news_comes_and_the_rest_is_one_digest_afterwards(
        self, farm, make_event
    ):
        now = farm.env.now()
        farm.engine.happen(
            make_event(1, at=now),
            make_event(2, FAILED, at=now),
            make_event(3, EventKind.JOB_FINISHED, at=now),
        )
        await farm.env.settle()
        assert [text[0] for text in farm.told()] == ["❌"]
        assert farm.engine.told == [2]

        await farm.env.advance_time(7 * 3600 + 120)
        told = farm.told()
        assert len(told) == 2
        assert "2 pieces of news (1 job spawned, 1 job finished)" in told[1]
        assert sorted(farm.engine.told) == [1, 2, 3]


class TestSnooze:
    async def alert(self, farm, make_event, number=1):
        farm.engine.happen(make_event(number, FAILED, at=farm.env.now()))
        await farm.env.settle()
        stored = farm.env.backend.messages[farm.alerts.id].values()
        return max(stored, key=lambda m: m.id)

    async def press(self, farm, who, message, label):
        found = await farm.bot.get_channel(farm.alerts.id).fetch_message(message.id)
        return await getattr(farm, who).click(found, label=label)

    async def test_only_critical_alerts_have_the_buttons(self, farm, make_event):
        farm.engine.happen(make_event(7))
        await farm.env.settle()
        calm = max(farm.env.backend.messages[farm.alerts.id].values(), key=lambda m: m.id)
        urgent = await self.alert(farm, make_event)

        assert not calm.components
        assert "Snooze 1 h" in json.dumps(urgent.components)
        assert "Snooze 8 h" in json.dumps(urgent.components)

    async def test_such_news_waits_and_comes_as_one_digest(self, farm, make_event):
        alert = await self.alert(farm, make_event)
        done = await self.press(farm, "operator", alert, "Snooze 1 h")
        assert "snoozed *job failed*: such news waits until <t:" in done.response.content
        assert not done.ephemeral

        before = len(farm.told())
        later = farm.env.now() + timedelta(minutes=5)
        farm.engine.happen(*[make_event(n, FAILED, at=later) for n in (2, 3)], make_event(4))
        await farm.env.settle()
        assert [text[0] for text in farm.told()[before:]] == ["🌱"]

        await farm.env.advance_time(3700)
        assert "2 pieces of news (2 job failed)" in farm.told()[-1]
        assert sorted(farm.engine.told) == [1, 2, 3, 4]

    async def test_it_is_kept_over_restarts_and_can_be_ended(self, farm, make_event):
        alert = await self.alert(farm, make_event)
        done = await self.press(farm, "operator", alert, "Snooze 8 h")
        assert "job_failed" in json.loads(farm.engine.kept[NOTE])
        farm.bot.snoozes.until = {}
        await farm.bot.snoozes.load()
        assert FAILED in farm.bot.snoozes.until

        again = await farm.operator.click(done.response, label="Tell again")
        assert "is told again" in again.response.content
        await farm.env.advance_time(1)
        before = len(farm.told())
        farm.engine.happen(make_event(2, FAILED, at=farm.env.now()))
        await farm.env.advance_time(1)
        assert [text[0] for text in farm.told()[before:]] == ["❌"]

    @pytest.mark.parametrize("who", ["viewer", "stranger", "namesake"])
    async def test_those_who_may_not_are_told_so(self, farm, make_event, who):
        alert = await self.alert(farm, make_event)
        done = await self.press(farm, who, alert, "Snooze 1 h")

        assert "operators" in done.response.content
        assert NOTE not in farm.engine.kept

    async def test_a_kind_that_is_gone_gets_its_sentence(self, farm, make_event):
        from plotobot.ui.snooze import SnoozeButton

        view = discord.ui.View(timeout=None)
        view.add_item(SnoozeButton("job_exploded", 1))
        message = await farm.bot.get_channel(farm.channel.id).send("look", view=view)
        done = await farm.operator.click(message)

        assert "does not exist any more" in done.response.content


def test_what_was_held_back_is_one_digest_and_nothing_overtakes(make_event):
    events = [make_event(n) for n in range(1, 5)]
    (digest,) = letters(events, "rig1", held=lambda event: event.id in (1, 3))

    assert digest.ids == (1, 2, 3)


def test_one_that_was_held_back_is_told_as_ever(make_event):
    told = letters([make_event(1), make_event(2)], "rig1", held=lambda event: event.id == 1)

    assert [one.ids for one in told] == [(1,), (2,)]


class TestALetterBegunBeforeTheQuiet:
    """It may have been taken: it is told again just so, though it would have to wait by now."""

    @pytest.fixture
    def manner(self):
        from datetime import UTC, time

        return {"quiet": QuietHours(time(22), time(7), UTC)}

    @pytest.fixture
    def engine(self, engine, make_event):
        engine.events = [make_event(1), make_event(2, FAILED), make_event(3)]
        engine.kept["alerts.begun"] = json.dumps([1, 2])
        return engine

    async def test_it_is_told_first_and_as_it_was(self, farm, make_event):
        (digest,) = letters(farm.engine.events[:2], "rig1", [1, 2])

        assert farm.sends() == [digest.nonce]
        assert farm.engine.told == [1, 2]


@pytest.mark.parametrize("code", [50008, 50083])
async def test_a_place_without_texts_is_a_closed_one(farm, make_event, code):
    """A category, or an archived thread: Discord says 400."""
    other = farm.guild.create_text_channel("no texts")
    farm.env.inject_error("POST", f"/channels/{other.id}/messages", status=400, code=code)
    route(farm, routes={"critical": str(other.id)})
    await farm.env.settle()
    farm.engine.happen(make_event(1, FAILED))
    await farm.env.settle()

    assert any(text[0] == "❌" for text in farm.told())


async def test_a_main_channel_without_texts_is_waited_for(farm, make_event, caplog):
    path = f"/channels/{farm.alerts.id}/messages"
    farm.env.inject_error("POST", path, status=400, code=50008)
    farm.engine.happen(make_event(1, FAILED))
    await farm.env.settle()
    assert farm.engine.told == []
    await farm.env.advance_time(700)

    assert [text[0] for text in farm.told()] == ["❌"]
    assert "closed to the bot" in caplog.text


async def test_news_for_a_webhook_with_a_wrong_token_goes_to_the_main_channel(farm, make_event):
    farm.env.inject_error("POST", "/webhooks/77/wrong*", status=401, code=50027, times=None)
    route(farm, routes={"critical": "webhook:NIGHT"}, webhooks={"NIGHT": (77, "wrong")})
    await farm.env.settle()
    farm.engine.happen(make_event(1, FAILED))
    await farm.env.settle()

    assert any(text[0] == "❌" for text in farm.told())


class TestDamagedNotes:
    @pytest.fixture(params=["alerts.snoozed", "alerts.begun", "alerts.closed", "board"])
    def engine(self, engine, request):
        engine.kept[request.param] = '[{"x'
        return engine

    async def test_count_as_none(self, farm, make_event):
        farm.engine.happen(make_event(1, FAILED))
        await farm.env.settle()

        assert [text[0] for text in farm.told()] == ["❌"]
