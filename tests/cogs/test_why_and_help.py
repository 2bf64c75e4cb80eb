from __future__ import annotations

from datetime import UTC, datetime

from plotobot.engine.models import Hold, SpawnerView

UNTIL = datetime(2026, 1, 1, 1, tzinfo=UTC)


async def test_each_drive_has_its_rule_its_reason_and_its_end(farm):
    hold = Hold("/mnt/ssd1", "stagger", "the last plot started 10 m ago", UNTIL)
    farm.engine.view = SpawnerView(True, 2, 5, (hold,), next_look=UNTIL)

    result = await farm.slash("viewer", "spawn why")

    text = result.response.content
    assert "2 of 5 plots started" in text
    seconds = int(UNTIL.timestamp())
    assert "`/mnt/ssd1`: the last plot started 10 m ago" in text
    assert f"(rule `stagger`, until <t:{seconds}:R>)" in text
    assert result.ephemeral


async def test_a_rule_for_all_drives_says_every_drive(farm):
    farm.engine.view = SpawnerView(False, 0, None, (Hold("", "paused", "paused by a person"),))

    assert (
        "every drive: paused by a person"
        in (await farm.slash("viewer", "spawn why")).response.content
    )


async def test_many_drives_are_cut_with_their_number(farm):
    holds = tuple(Hold(f"/mnt/{n}" * 9, "space", "no room " * 20) for n in range(100))
    farm.engine.view = SpawnerView(True, 0, None, holds)

    text = (await farm.slash("viewer", "spawn why")).response.content

    assert len(text) <= 2000
    assert text.splitlines()[-1].startswith("… and ")


async def test_help_names_what_a_person_may_use_with_clickable_commands(farm):
    viewer = (await farm.slash("viewer", "help")).response.content
    operator = (await farm.slash("operator", "help")).response.content

    number = farm.bot.command_ids["jobs"]
    assert f"</jobs:{number}> Show the table of plotting jobs." in viewer
    assert "spawn start" not in viewer
    assert "</spawn start:" in operator
