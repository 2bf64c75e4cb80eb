from __future__ import annotations

from datetime import timedelta

import pytest

from plotobot.engine.models import JobState
from tests.cogs.scripted import NOW

HOSTILE = "/mnt/@everyone <@&1> ```x``` [x](http://evil) \u202egnp.exe \x1b[31mred\x00\u200b"


async def test_no_jobs_is_an_answer(farm):
    result = await farm.slash("viewer", "jobs")

    assert "No such jobs" in result.response.content


async def test_the_table_reads_well_on_a_phone(farm, make_job):
    farm.engine.all_jobs = [make_job(), make_job(2, status="Completed", fraction=1.0)]

    result = await farm.slash("viewer", "jobs")

    lines = result.response.content.splitlines()
    assert lines[1:4] == [
        "```",
        "id    status       % time temp",
        "#0001 3.2        42% 3h05 ssd1",
    ]
    assert all(len(line) <= 42 for line in lines)
    assert result.ephemeral


async def test_two_drives_never_read_the_same(farm, make_job):
    temps = ["/mnt/ssd1/chia", "/mnt/ssd2/chia", "/mnt/ssd1/chia", "/mnt/nvme"]
    farm.engine.all_jobs = [make_job(n, temp=temp) for n, temp in enumerate(temps)]

    result = await farm.slash("viewer", "jobs")

    told = [line.split()[-1] for line in result.response.content.splitlines()[3:7]]
    assert sorted(told) == ["/mnt/ssd1/chia", "/mnt/ssd1/chia", "/mnt/ssd2/chia", "nvme"]


async def test_two_hundred_jobs_are_twenty_pages(farm, make_job):
    farm.engine.all_jobs = [make_job(n, temp="/mnt/" + "x" * 300) for n in range(200)]

    shown = await farm.slash("viewer", "jobs")
    turned = await farm.viewer.click(shown.response, label="▶")

    assert "page 1 of 20" not in turned.response.content
    assert "page 2 of 20" in turned.response.content
    assert len(turned.response.content) <= 2000


async def test_a_page_that_is_gone_becomes_the_last_one(farm, make_job):
    farm.engine.all_jobs = [make_job(n) for n in range(30)]
    shown = await farm.slash("viewer", "jobs")
    farm.engine.all_jobs = [make_job(1)]

    turned = await farm.viewer.click(shown.response, label="▶")

    assert "**1 job**" in turned.response.content
    assert "#0001" in turned.response.content


async def test_a_state_filters_and_turning_the_page_keeps_it(farm, make_job):
    bad = [make_job(n, state=JobState.FAILED, status="Failed") for n in range(12)]
    farm.engine.all_jobs = [make_job(100), *bad]

    shown = await farm.slash("viewer", "jobs", status="failed")
    turned = await farm.viewer.click(shown.response, label="▶")

    assert "#0064" not in shown.response.content
    assert "**12 jobs**, 0 running · page 2 of 2" in turned.response.content


@pytest.mark.parametrize("typed", ["20260101-0001", "#0001", "0001", " 0001 "])
async def test_a_job_is_found_by_the_end_of_its_id(farm, make_job, typed):
    farm.engine.all_jobs = [make_job(1), make_job(2)]

    result = await farm.slash("viewer", "job", job=typed)

    assert r"**#0001**" in result.response.content


@pytest.mark.parametrize(
    "typed", ["9999", "1", "; rm -rf /", "--help", "../x", "\u202e", "@everyone"]
)
async def test_what_is_no_job_is_refused(farm, make_job, typed):
    farm.engine.all_jobs = [make_job(1)]

    result = await farm.slash("viewer", "job", job=typed)

    assert result.response.content == "There is no such job."
    assert result.ephemeral


async def test_an_ending_that_fits_several_names_them(farm, make_job):
    farm.engine.all_jobs = [make_job(1, id="a-0001"), make_job(1, id="b-0001")]

    result = await farm.slash("viewer", "job", job="0001")

    assert "Several jobs end in `0001`: a-0001, b-0001" in result.response.content


async def test_autocomplete_offers_live_jobs_first_within_the_limits(farm, make_job):
    done = [make_job(n, state=JobState.COMPLETED, temp="/" + "y" * 200) for n in range(100)]
    farm.engine.all_jobs = [*done, make_job(200)]

    choices = await farm.viewer.autocomplete(farm.channel, "job", "job", "")

    assert len(choices) == 25
    assert choices[0]["value"] == "20260101-00c8"
    assert all(len(choice["name"]) <= 100 for choice in choices)


async def test_autocomplete_narrows_by_drive(farm, make_job):
    farm.engine.all_jobs = [make_job(1), make_job(2)]

    choices = await farm.operator.autocomplete(farm.channel, "stop", "job", "SSD2")

    assert [choice["value"] for choice in choices] == ["20260101-0002"]


async def test_one_job_in_full(farm, make_job):
    farm.engine.all_jobs = [make_job()]

    text = (await farm.slash("viewer", "job", job="0001")).response.content

    assert "████░░░░░░ 42%" in text
    assert "phases 1 h 06 m · 33 m 20 s · … · …" in text
    assert "temp files now 180 GiB of 239 GiB" in text


async def test_an_ended_job_offers_no_stop(farm, make_job):
    farm.engine.all_jobs = [make_job(state=JobState.COMPLETED)]

    shown = await farm.slash("owner", "job", job="0001")

    labels = [b["label"] for b in shown.response.components[0]["components"]]
    assert labels == ["Log"]


async def test_the_log_button_shows_the_end_of_the_log(farm, make_job):
    farm.engine.all_jobs = [make_job()]
    farm.engine.log = [f"line {n} " + "z" * 500 for n in range(50)]
    shown = await farm.slash("viewer", "job", job="0001")

    result = await farm.viewer.click(shown.response, label="Log")

    assert "line 49" in result.response.content
    assert len(result.response.content) <= 2000
    assert result.ephemeral


async def test_hostile_names_stay_words(farm, make_job):
    reason = "died\n" + "\n".join([HOSTILE * 50] * 200)
    farm.engine.all_jobs = [make_job(temp=HOSTILE, out=HOSTILE, stuck=HOSTILE, reason=reason)]
    farm.engine.log = [HOSTILE] * 20

    for command, options in (("jobs", {}), ("job", {"job": "0001"}), ("stop", {"job": "0001"})):
        result = await farm.slash("operator", command, **options)
        text = result.response.content
        assert len(text) <= 2000
        assert not set(text) & {"\u202e", "\x1b", "\x00", "\u200b"}
        assert text.count("```") % 2 == 0
        message = result.response.message
        assert not message.mentions
        assert not message.role_mentions
        assert not message.mention_everyone


async def test_an_engine_that_breaks_gives_a_code(farm, caplog):
    farm.engine.broken = RuntimeError("/secret/place")

    result = await farm.slash("viewer", "jobs")

    assert "not through your doing" in result.response.content
    assert "/secret/place" not in result.response.content
    assert "/secret/place" in caplog.text
    assert len(farm.env.errors) == 1  # seen by the tree's one handler


async def test_running_jobs_say_when_they_are_done(farm, make_job):
    """Below the table, where Discord counts down; one that is due is never in the past."""
    soon = make_job(1, eta=NOW + timedelta(hours=2), eta_basis="from 12 plots on this drive")
    farm.engine.all_jobs = [soon, make_job(2, eta=NOW - timedelta(hours=1)), make_job(3)]

    table = await farm.slash("viewer", "jobs")
    job = await farm.slash("viewer", "job", job="0001")
    due = await farm.slash("viewer", "job", job="0002")
    unknown = await farm.slash("viewer", "job", job="0003")

    when = f"<t:{int((NOW + timedelta(hours=2)).timestamp())}:R>"
    last = table.response.content.splitlines()[-1]
    assert last == f"Done: #0001 {when} · #0002 at any moment"
    assert f"done {when} (from 12 plots on this drive)" in job.response.content
    assert "done at any moment" in due.response.content
    assert "done" not in unknown.response.content


async def test_a_page_full_of_ends_is_within_the_limit(farm, make_job):
    farm.engine.all_jobs = [
        make_job(n, temp="/mnt/" + "x" * 300, eta=NOW + timedelta(days=n + 1)) for n in range(200)
    ]

    shown = await farm.slash("viewer", "jobs")

    assert len(shown.response.content) <= 2000
    assert shown.response.content.splitlines()[-1].count("<t:") == 10


async def test_a_stalled_job_shows_that_it_is(farm, make_job):
    farm.engine.all_jobs = [make_job(1, stalled=NOW - timedelta(hours=1))]

    table = await farm.slash("viewer", "jobs")
    job = await farm.slash("viewer", "job", job="0001")

    assert "#0001 3.2!" in table.response.content
    assert "🐌 no sign of work since <t:" in job.response.content


async def test_a_job_held_still_says_by_whom(farm, make_job):
    farm.engine.all_jobs = [make_job(1, paused=NOW - timedelta(minutes=5))]

    job = await farm.slash("viewer", "job", job="0001")

    assert "⏸️ held still by Plotobot since <t:" in job.response.content
