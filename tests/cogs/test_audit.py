"""Each interaction leaves its entries, and owners see them."""

from __future__ import annotations

import pytest

from plotobot.engine.models import AuditView, Deed, Outcome
from plotobot.ui.audit import audit_text
from plotobot.ui.audit_pages import buttons
from plotobot.ui.buttons import job_buttons
from tests.cogs.scripted import NOW


def noted(farm):
    """Who, what, and what became of it."""
    return [(n.who.split()[0], n.what, n.outcome.value, n.result) for n in farm.engine.notes]


async def test_a_deed_is_put_down_before_and_after(farm):
    await farm.slash("operator", "spawn limits", limit="max_parallel", value=3)

    what = "/spawn limits limit=max_parallel value=3"
    assert noted(farm) == [("op", what, "allowed", "as operator"), ("op", what, "done", "")]
    assert farm.engine.notes[0].door == (
        f"Discord, channel {farm.channel.id} of server {farm.guild.id}"
    )


async def test_the_entry_is_there_before_anything_is_done(farm):
    at_the_time = []
    pause = farm.engine.pause_spawning

    async def watched(**how):
        at_the_time.extend(noted(farm))
        return await pause(**how)

    farm.engine.pause_spawning = watched
    await farm.slash("owner", "spawn pause")

    assert at_the_time == [("owner", "/spawn pause", "allowed", "as owner")]


async def test_what_only_looks_is_put_down_once(farm):
    await farm.slash("viewer", "jobs")

    assert noted(farm) == [("viewer", "/jobs", "done", "")]


async def test_a_no_is_put_down_with_its_reason(farm):
    await farm.slash("viewer", "spawn pause")
    await farm.slash("stranger", "jobs")

    assert [(what, outcome) for _, what, outcome, _ in noted(farm)] == [
        ("/spawn pause", "refused"),
        ("/jobs", "refused"),
    ]
    assert all(result.startswith("Only ") for *_, result in noted(farm))


async def test_what_breaks_is_put_down_with_its_number_in_the_log(farm, caplog):
    farm.engine.broken = RuntimeError("the disk /secret/path is gone")
    result = await farm.slash("owner", "spawn pause")

    *_, (_, what, outcome, text) = noted(farm)
    assert (what, outcome, text) == ("/spawn pause", "failed", result.response.content)
    assert "secret" not in text
    assert len(farm.env.errors) == 1


async def test_a_refusal_of_the_engine_is_one_of_ours(farm):
    await farm.slash("operator", "stop", job="20990101-0001")

    assert [outcome for *_, outcome, _ in noted(farm)][-1] == "refused"


@pytest.mark.parametrize(
    ("person", "outcomes"),
    [("operator", ["allowed", "done", "allowed", "done"]), ("stranger", ["refused"])],
)
async def test_buttons_are_put_down_without_their_tickets(farm, make_job, person, outcomes):
    farm.engine.all_jobs = [make_job()]
    channel = farm.bot.get_channel(farm.channel.id)
    message = await channel.send("look", view=job_buttons(make_job()))

    asked = await farm.who(person)[0].click(message, label="Stop")
    if person == "operator":
        await farm.operator.click(asked.response, label="Stop it")

    assert [outcome for *_, outcome, _ in noted(farm)] == outcomes
    pressed = [what for _, what, _, _ in noted(farm)]
    assert pressed[0] == "job:20260101-0001:stop"
    assert pressed[2:] == [f"stop:20260101-0001:{farm.operator.id}"] * len(pressed[2:])


async def test_keys_pressed_in_an_autocomplete_are_no_deeds(farm, make_job):
    farm.engine.all_jobs = [make_job()]
    await farm.viewer.autocomplete(farm.channel, "job", "job", "")
    await farm.stranger.autocomplete(farm.channel, "job", "job", "")

    assert farm.engine.notes == []


async def test_an_owner_turns_the_pages(farm):
    farm.engine.notes = [Deed("anna (1)", f"deed {n}", Outcome.DONE, at=NOW) for n in range(1, 31)]
    page = await farm.slash("owner", "audit")
    first = page.response
    assert "31 entries**, all as they were written" in first.content
    assert "deed 30" in first.content
    assert page.ephemeral

    first = (await farm.owner.click(first, label="◀ Older")).response
    assert "deed 23" in first.content
    assert "deed 24" not in first.content


async def test_no_one_else_turns_them(farm):
    channel = farm.bot.get_channel(farm.channel.id)
    message = await channel.send("look", view=buttons(AuditView((), 0)))

    refused = await farm.operator.click(message, label="Latest")

    assert refused.response.content == "Only the farm's owners may do that."


def test_a_broken_chain_is_the_first_thing_said():
    text = audit_text(AuditView((), 30, broken=7))
    assert text.startswith("⚠️ **The audit was tampered with**: entry 7")
