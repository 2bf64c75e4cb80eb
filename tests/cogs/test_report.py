from __future__ import annotations

from plotobot.engine.models import GIB, JobState


async def test_the_summary_tells_what_was_made_and_what_failed(farm, make_job, make_drive):
    done = [
        make_job(n, state=JobState.COMPLETED, total_seconds=20000.0 + n, final_size=101 * GIB)
        for n in range(3)
    ]
    bad = make_job(9, state=JobState.FAILED, status="Failed", reason="No space left\nlog")
    farm.engine.all_jobs = [make_job(10), *done, bad]
    farm.engine.all_drives = [make_drive()]

    result = await farm.slash("viewer", "report now")

    embed = result.response.embeds[0]
    fields = {field.name: field.value for field in embed.fields}
    assert embed.title == "rig1: 3 plots finished"
    assert "3 plots, 303 GiB" in fields["Finished"]
    assert "5 h 33 m each" in fields["Finished"]
    assert "No space left" in fields["Ended without a plot"]
    assert "42% in 3 h 05 m" in fields["Running"]
    assert "350 GiB free, takes 2" in fields["Drives"]
    assert result.ephemeral


async def test_the_largest_farm_fits(farm, make_job, make_drive):
    for state in JobState:
        farm.engine.all_jobs += [
            make_job(n, state=state, temp="/" + "@*_`" * 99, reason="\\" * 900, total_seconds=9e9)
            for n in range(200)
        ]
    farm.engine.all_drives = [make_drive(n, path="/" + "`" * 400) for n in range(200)]

    result = await farm.slash("viewer", "report now")

    embed = result.response.embeds[0]
    assert len(embed) <= 6000
    assert all(len(field.value) <= 1024 for field in embed.fields)


async def test_an_idle_farm_has_a_report(farm):
    result = await farm.slash("viewer", "report now")

    assert result.response.embeds[0].title == "rig1: 0 plots finished"
