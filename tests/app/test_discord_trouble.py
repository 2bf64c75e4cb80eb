"""Discord is away, slow or wrong: plots are made all the same, and news comes once."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from tests.app.live import POSTS, LiveFarm
from tests.loopback import LoopbackDiscord


async def answers(loopback: LoopbackDiscord) -> bool:
    """Whether the bot answers a command."""
    shown = await loopback.slash("spawn why", user=loopback.viewer)
    return "Spawning is" in (await shown.settled(timeout=30)).content


async def test_plots_are_made_without_discord_and_told_of_when_it_comes(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    await loopback.refuse_connections()
    farm.set_up()
    bot = await farm.start()
    jobs = await farm.made(2)
    assert bot.process.returncode is None
    assert farm.alerts() == []

    await loopback.listen_again()
    await loopback.connected()
    await farm.told("plot finished", times=2)
    await farm.all_told()
    for job in jobs:
        assert len(farm.about(job, "plot started")) == len(farm.about(job, "plot finished")) == 1
    assert await answers(loopback)
    said = bot.stderr.read_text()
    assert "no link to Discord" in said
    assert "Traceback" not in said


async def test_the_gateway_is_lost_in_every_way_and_commands_are_answered_after_each(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False)
    bot = await farm.start()
    await loopback.connected()
    assert await answers(loopback)

    await loopback.drop_gateway()
    missed = await loopback.slash("spawn why", user=loopback.viewer, wait=False)
    await loopback.resumed(1)
    assert "Spawning is" in (await missed.settled()).content
    loopback.reconnect()
    await loopback.resumed(2)
    assert await answers(loopback)
    assert loopback.gateway.identified == 1

    loopback.invalidate_session(resumable=False)
    await loopback.identified(2)
    assert await answers(loopback)

    await loopback.refuse_connections()
    await asyncio.sleep(1)
    await loopback.listen_again()
    await loopback.connected(timeout=30)
    assert await answers(loopback)
    assert "Traceback" not in bot.stderr.read_text()


WAYS: dict[str, list[dict[str, Any]]] = {
    "429": [{"status": 429, "retry_after": 0.3}],
    "500-and-503": [{"status": 500}, {"status": 503, "body": b"<html>oops</html>"}],
    "taken-but-502": [{"status": 502, "after": True, "times": 2}],
    "taken-but-503-then-cut": [{"status": 503, "after": True}, {"reset": True}],
}
"""What goes wrong with the first alerts, one after the other."""


async def test_each_alert_arrives_once_whatever_discord_answers(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False, count=1)
    bot = await farm.start()
    await loopback.connected()
    for number, (way, faults) in enumerate(WAYS.items(), 1):
        for fault in faults:
            loopback.fail_next("POST", POSTS, **fault)
        await loopback.slash("spawn start", user=loopback.operator, options={"count": 1})
        await farm.told("plot finished", times=number)
        await farm.all_told()
        failed = sum(one.status != 200 for one in loopback.asked("POST", POSTS))
        assert failed == sum(fault.get("times", 1) for fault in faults), way
        loopback.requests.clear()
    assert "Traceback" not in bot.stderr.read_text()


async def test_a_closed_channel_is_not_hammered(farm: LiveFarm, loopback: LoopbackDiscord) -> None:
    """10,000 answers of 403 in ten minutes are a ban; the commands go on."""
    loopback.fail_next("POST", POSTS, status=403, code=50001, times=0)
    farm.set_up()
    bot = await farm.start()
    await loopback.connected()
    await farm.made(2)
    assert await answers(loopback)
    assert len(loopback.asked("POST", POSTS)) == 1
    assert "the alert channel is closed to the bot" in bot.stderr.read_text()


async def test_the_bot_killed_while_alerts_wait_tells_each_once_in_its_next_life(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    """The first alert was taken before the end, though the bot never heard of it."""
    farm.set_up()
    loopback.fail_next("POST", POSTS, status=503, after=True, body=b"taken")
    loopback.fail_next("POST", POSTS, status=503, body=b"no", times=0)
    bot = await farm.start()
    live = await farm.plotting(2)
    farm.signal_plotters(live, signal.SIGCONT)
    await farm.made(2)
    await loopback.asked_for("POST", POSTS, timeout=20)
    await bot.kill()
    assert len(farm.alerts()) == 1

    loopback.heal()
    await farm.start()
    await farm.told("Plotobot is back")
    await farm.all_told()
    for job in live:
        assert len(farm.about(job, "plot started")) == len(farm.about(job, "plot finished")) == 1
