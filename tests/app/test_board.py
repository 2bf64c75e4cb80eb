"""The board of the whole bot: one message through restarts, deaths and stops."""

from __future__ import annotations

import signal

from tests.app.live import LiveFarm, eventually
from tests.loopback import LoopbackDiscord, Message

QUICK = 25.0
"""Seconds until the board shows a change: it is changed every 15 s at most."""


def boards(loopback: LoopbackDiscord) -> list[Message]:
    return [one for one in loopback.messages if one.components and not one.content]


async def shows(loopback: LoopbackDiscord, words: str) -> Message:
    await eventually(lambda: any(words in one.text for one in boards(loopback)), QUICK)
    (board,) = boards(loopback)
    return board


async def test_the_board_lives_through_a_kill_and_a_stop_and_says_that_plots_go_on(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(board=True, k=20)
    bot = await farm.start()
    live = await farm.plotting(2)
    board = await shows(loopback, "**2 plots in the making**")
    assert board.channel == loopback.other_channel
    assert "`temp1`" in board.text or "temp1" in board.text
    await bot.kill()

    bot = await farm.start()
    await loopback.identified(2)
    code, said = await bot.terminate()
    assert code == 0
    assert "Traceback" not in said
    assert await shows(loopback, "**Plotobot stopped** at <t:") == board
    assert "running plots go on" in board.text
    assert "**2 plots in the making**" in board.text
    assert board.buttons == []

    await farm.start()
    await shows(loopback, "Spawning is **on**")
    assert boards(loopback) == [board]
    assert board.buttons == ["Pause", "Report", "Why"]
    farm.signal_plotters(live, signal.SIGCONT)
    await farm.made(2)
    assert await shows(loopback, "✅ 2 plots") == board


async def test_the_stop_is_not_held_up_by_a_discord_that_hangs(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(board=True, enabled=False)
    bot = await farm.start()
    await shows(loopback, "Spawning is **paused**")
    loopback.fail_next("PATCH", r"/channels/\d+/messages/\d+", delay=30, times=0)
    bot.process.send_signal(signal.SIGTERM)
    await eventually(lambda: bot.process.returncode is not None, 12)
    assert bot.process.returncode == 0


async def test_a_closed_board_channel_is_asked_once_and_told_in_the_farms_channel(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    board = rf"/channels/{loopback.other_channel.id}/messages"
    loopback.fail_next("POST", board, status=403, code=50001, times=0)
    farm.set_up(board=True, count=1)
    bot = await farm.start()
    await farm.told("the board cannot be shown in channel")
    await farm.told("plot finished")
    await farm.all_told()
    assert len(loopback.asked("POST", board)) == 1
    assert bot.stderr.read_text().count("board's channel is closed") == 1
