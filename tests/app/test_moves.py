"""The whole way of a plot: made, moved, proven, while the bot is killed again and again."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from tests.app.live import LiveFarm, eventually
from tests.loopback import LoopbackDiscord
from tests.proofs import prove

PLOTS = 10
MOVE = """
[move]
enabled = true
choice = "round_robin"
reserve_gib = 0.001
bandwidth_mib = {rate}
[alerts]
plot_moved = true
"""


def moved(folders: list[Path]) -> list[Path]:
    return [path for folder in folders for path in folder.glob("*.plot")]


async def test_ten_plots_end_on_two_destinations_though_the_bot_is_killed(
    farm: LiveFarm, loopback: LoopbackDiscord, far: Path
) -> None:
    folders = [far / "farm1", far / "farm2"]
    for folder in folders:
        folder.mkdir()
    # Slow enough for each kill to hit a plot on its way, which is of some 4 MiB.
    farm.set_up(count=PLOTS, destinations=folders, more=MOVE.format(rate=2))
    chance = random.Random(5)
    for kill in range(3):
        bot = await farm.start()
        await eventually(lambda: len(moved(folders)) >= 2 * kill)  # noqa: B023 - awaited at once
        parts = [part for folder in folders for part in folder.glob(".*plotobot-part")]
        await eventually(lambda: parts or list((farm.state / "moves").glob("*")))  # noqa: B023
        await asyncio.sleep(chance.random())
        await bot.kill()
    farm.set_up(count=PLOTS, destinations=folders, more=MOVE.format(rate=0))
    await farm.start()
    await loopback.connected()
    await farm.made(PLOTS)
    await eventually(lambda: len(moved(folders)) == PLOTS and not farm.finished_on_out())
    await farm.told("plot moved")

    plots = moved(folders)
    assert len({path.name for path in plots}) == PLOTS
    assert {path.parent for path in plots} == set(folders)
    assert {path.name for path in plots} == {
        Path(job.final_path or "").name for job in farm.jobs() if job.final_path
    }
    assert [part for folder in folders for part in folder.glob(".*part")] == []
    for path in plots:
        prove(path)


async def test_moves_are_asked_for_by_command(
    farm: LiveFarm, loopback: LoopbackDiscord, far: Path
) -> None:
    folder = far / "farm1"
    folder.mkdir()
    farm.set_up(count=1, destinations=[folder])
    await farm.start()
    await loopback.connected()
    [job] = await farm.made(1)
    async with asyncio.timeout(30):
        while "1 plot waits" not in await asked(loopback, "move status", loopback.viewer):
            await asyncio.sleep(0.2)
    await asked(loopback, "move once", loopback.operator)
    await eventually(lambda: moved([folder]) and not farm.finished_on_out())
    async with asyncio.timeout(30):
        while "✅" not in (text := await asked(loopback, "move status", loopback.viewer)):
            await asyncio.sleep(0.2)

    assert f"…{Path(job.final_path or '').suffix}" in text


async def asked(loopback: LoopbackDiscord, command: str, who: object) -> str:
    answer = await loopback.slash(command, user=who)  # type: ignore[arg-type]
    return (await answer.settled()).content
