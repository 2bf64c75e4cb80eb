"""The settings file is changed while the bot runs."""

from __future__ import annotations

import asyncio

from tests.app.live import PATIENCE, LiveFarm
from tests.loopback import LoopbackDiscord
from tests.loopback.world import User


async def limits(loopback: LoopbackDiscord, who: User) -> str:
    answer = await loopback.slash("spawn limits", user=who)
    return (await answer.settled()).content


async def test_good_settings_are_taken_up_and_bad_ones_are_told(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False)
    await farm.start()
    await loopback.connected()
    good = farm.settings.read_text()
    assert "`max_parallel`: **2**" in await limits(loopback, loopback.operator)

    farm.settings.write_text(good.replace("count = 2", "count = 2\nmax_paralel = 9"))
    await farm.told("the old ones go on: ")
    assert "`max_parallel`: **2**" in await limits(loopback, loopback.operator)

    role = f'roles = ["{loopback.operator_role.id}"]'
    assert role in good
    farm.settings.write_text(good.replace(role, "").replace("count = 2", "max_parallel = 9"))
    await farm.told(r"spawn.max\_parallel = 9")
    assert "`max_parallel`: **9**" in await limits(loopback, loopback.owner)
    assert await limits(loopback, loopback.operator) == "Only the farm's operators may do that."


async def test_limits_kept_for_good_stand_in_the_file_with_every_comment(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False)
    farm.settings.write_text("# my farm\n" + farm.settings.read_text())
    before = farm.settings.read_text()
    await farm.start()
    await loopback.connected()
    answer = await loopback.slash(
        "spawn limits", user=loopback.owner, options={"limit": "max_phase_1", "value": 3}
    )
    shown = await answer.settled()
    kept = await loopback.click(shown, "Keep for good", user=loopback.owner)
    await kept.settled()

    async with asyncio.timeout(PATIENCE):
        while "max_phase_1 = 3" not in farm.settings.read_text():
            await asyncio.sleep(0.1)
    assert [line for line in before.splitlines() if line not in farm.settings.read_text()] == []


async def test_settings_without_discord_are_not_taken_up_by_a_bot_that_is_linked(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False)
    await farm.start()
    await loopback.connected()
    good = farm.settings.read_text()
    farm.settings.write_text(good[: good.index("[discord]")])

    await farm.told("discord.guild and discord.channel are not set")
    assert "`max_parallel`: **2**" in await limits(loopback, loopback.operator)
