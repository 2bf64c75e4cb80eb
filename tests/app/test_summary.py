"""The regular summary of a whole bot: over a real socket, with its chart, over a kill."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from tests.app.live import LiveFarm, eventually
from tests.loopback import LoopbackDiscord


def numbers(farm: LiveFarm) -> list[int]:
    """How many plots each told summary counts."""
    with closing(sqlite3.connect(f"file:{farm.state}/plotobot.db?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT data FROM events WHERE kind = 'summary'").fetchall()
    return [json.loads(data)["finished"] for (data,) in rows]


async def test_a_summary_comes_with_its_chart_and_counts_each_plot_once_over_a_kill(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(count=2)
    with farm.settings.open("a", encoding="utf-8") as file:
        file.write("[report]\nevery_hours = 0.001\n")
    bot = await farm.start()
    await loopback.connected()
    await farm.made(2)
    await bot.kill()
    again = await farm.start()
    await eventually(lambda: sum(numbers(farm)) == 2)
    [message] = (await farm.told("2 plots finished"))[:1]
    assert [file.name for file in message.files] == ["summary.png"]
    assert message.embeds[0]["title"] == "testfarm: 2 plots finished"
    assert sum(numbers(farm)) == 2
    code, words = await again.terminate()
    assert code == 0, words
