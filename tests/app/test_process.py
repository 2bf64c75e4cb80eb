"""The whole bot as its own process: real HTTP, a real gateway, real plots, and real deaths."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.app.process import BotProcess
from tests.loopback import LoopbackDiscord, Message

SPAWNED, FINISHED, BACK = "plot started", "plot finished", "Plotobot is back"
ALERTS = r"/channels/\d+/messages$"


def told(loopback: LoopbackDiscord) -> Counter[str]:
    """How often each kind of alert stands in the channel, digests taken apart."""
    words = re.compile("|".join((SPAWNED, FINISHED, BACK, "plot stopped")))
    return Counter(word for one in loopback.messages for word in words.findall(one.text))


async def has_told(loopback: LoopbackDiscord, word: str, number: int, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while told(loopback)[word] < number:
            await asyncio.sleep(0.05)


def at(message: Message) -> datetime:
    """When Discord got it; its id tells."""
    return datetime.fromtimestamp(((message.id >> 22) + 1420070400000) / 1000).astimezone()


async def test_alerts_come_within_two_seconds_and_commands_are_answered_to_those_who_may(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    await bot.start()
    await loopback.connected()
    await has_told(loopback, FINISHED, 2)
    jobs = await bot.jobs()
    finished = [one for one in loopback.messages if FINISHED in one.text]
    ends = sorted(datetime.fromisoformat(job["ended_at"]) for job in jobs)
    late = [at(message) - end for message, end in zip(finished, ends, strict=True)]
    assert max(late) < timedelta(seconds=2)
    assert all("phase" in one.text.lower() or "1:" in one.text for one in finished)

    for command in ("jobs", "drives", "spawn why", "report now", "help"):
        answer = await (await loopback.slash(command, user=loopback.viewer)).settled()
        assert answer.text, command
        refused = await (await loopback.slash(command, user=loopback.stranger)).settled()
        assert "Only people named" in refused.text, command
        assert refused.ephemeral
    pause = await (await loopback.slash("spawn pause", user=loopback.viewer)).settled()
    assert "operators" in pause.text
    pause = await (await loopback.slash("spawn pause", user=loopback.operator)).settled()
    assert "operators" not in pause.text

    code, said = await bot.stop()
    assert code == 0, said


async def test_two_presses_stop_a_plot_and_remove_its_temp_files_alone(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    bot.configure(count=2, k=20)
    await bot.start()
    await loopback.connected()
    await has_told(loopback, SPAWNED, 2)
    async with asyncio.timeout(30):
        while not all(job["plot_id"] for job in await bot.jobs()):
            await asyncio.sleep(0.1)
    (job, other) = await bot.jobs()
    choices = await loopback.autocomplete(
        "stop", option="job", value=job["id"][-4:], user=loopback.operator
    )
    options = {"job": choices[0]["value"]}
    asked = await (await loopback.slash("stop", options=options, user=loopback.operator)).settled()
    result = await loopback.click(asked, asked.message.buttons[0], user=loopback.operator)
    await result.settled(timeout=20)
    await has_told(loopback, "plot stopped", 1, 20)

    assert not psutil.pid_exists(job["pid"])
    left = [path.name for path in bot.root.glob("temp*/*") if job["plot_id"] in path.name]
    assert left == []
    by_id = {one["id"]: one for one in await bot.jobs()}
    assert by_id[job["id"]]["status"] == "Stopped"
    assert by_id[other["id"]]["status"] != "Stopped"


async def test_plots_are_made_while_discord_is_down_and_told_once_it_is_there(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    await loopback.refuse_connections()
    await bot.start()
    await bot.jobs_when({"Completed"}, 2)
    await loopback.listen_again()
    await has_told(loopback, FINISHED, 2, 60)
    assert told(loopback) == {SPAWNED: 2, FINISHED: 2}


async def test_lost_lines_come_back_and_commands_are_answered_after_each(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    bot.configure(enabled=False)
    await bot.start()
    await loopback.connected()
    await loopback.drop_gateway()
    await loopback.resumed(1)
    assert (await (await loopback.slash("jobs")).settled()).text
    loopback.reconnect()
    await loopback.resumed(2)
    assert (await (await loopback.slash("jobs")).settled()).text
    loopback.invalidate_session(resumable=False)
    await loopback.identified(2)
    await loopback.connected()
    assert (await (await loopback.slash("jobs")).settled()).text


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 429, "retry_after": 0.5}, id="429"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 503}, id="503"),
        pytest.param({"status": 502, "after": True}, id="taken-but-the-answer-lost"),
        pytest.param({"reset": True}, id="reset"),
    ],
)
async def test_each_alert_comes_exactly_once_through_faults(
    bot: BotProcess, loopback: LoopbackDiscord, fault: dict[str, object]
) -> None:
    bot.configure(count=1)
    loopback.fail_next("POST", ALERTS, times=2, **fault)
    await bot.start()
    await has_told(loopback, FINISHED, 1, 60)
    await asyncio.sleep(1.5)
    assert told(loopback) == {SPAWNED: 1, FINISHED: 1}
    assert len(loopback.asked("POST", ALERTS)) >= 4  # two that failed, and two that did not


async def test_kill_9_with_plots_running_then_all_are_adopted_and_told_once(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    bot.configure(count=3, parallel=3, k=20)
    await bot.start()
    await has_told(loopback, SPAWNED, 3)
    await bot.kill()
    before = {job["id"]: job["pid"] for job in await bot.jobs()}
    assert all(psutil.pid_exists(pid) for pid in before.values())
    syncs = len(loopback.asked("PUT", ".*/commands"))

    await bot.start()
    await has_told(loopback, FINISHED, 3, 120)

    assert {job["id"]: job["exit_code"] for job in await bot.jobs()} == dict.fromkeys(before, 0)
    assert told(loopback) == {SPAWNED: 3, FINISHED: 3, BACK: 1}
    assert len(loopback.asked("PUT", ".*/commands")) == syncs == 1  # unchanged ones are not synced


async def test_alerts_that_waited_at_a_kill_9_come_once_after_it(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    loopback.fail_next("POST", ALERTS, times=0, status=503)
    await bot.start()
    await bot.jobs_when({"Completed"}, 2)
    await bot.kill()
    assert told(loopback) == {}
    loopback.heal()
    await bot.start()
    await has_told(loopback, FINISHED, 2, 60)
    await asyncio.sleep(1.5)
    assert told(loopback) == {SPAWNED: 2, FINISHED: 2, BACK: 1}


async def test_a_wrong_token_ends_with_3_and_one_sentence_and_plots_go_on(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    bot.token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.canary.this-token-is-not-Discords-own-at-all"
    bot.configure(count=2, k=20)
    await bot.start()
    code, said = await bot.ended(60)
    assert code == 3
    assert "Discord does not take the bot token" in said
    assert "Traceback" not in said
    assert "canary" not in said
    jobs = await bot.jobs()
    assert all(psutil.pid_exists(job["pid"]) for job in jobs if job["pid"])
    await bot.jobs_when({"Completed"}, len(jobs))


async def test_a_missing_token_and_a_second_bot_are_refused_in_one_sentence(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    bot.configure(enabled=False)
    await bot.start(DISCORD_TOKEN="")
    code, said = await bot.ended()
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith("plotobot: DISCORD_TOKEN is not set")

    await bot.start()
    await loopback.connected()
    second = BotProcess(bot.root, loopback)
    await second.start()
    code, said = await second.ended()
    assert code == 3
    assert f"another Plotobot uses {bot.state}" in said
    assert bot.process is not None
    assert str(bot.process.pid) in said


async def test_the_token_is_nowhere_but_in_the_bots_own_environment(
    bot: BotProcess, loopback: LoopbackDiscord
) -> None:
    bot.configure(count=1, k=20)
    await bot.start("--verbose")
    await has_told(loopback, SPAWNED, 1)
    (job,) = await bot.jobs()
    plotter = psutil.Process(job["pid"])
    shim = plotter.parent()
    assert shim is not None
    for process in (plotter, shim):
        assert loopback.token not in str(process.environ())
        assert loopback.token not in " ".join(process.cmdline())
    _, said = await bot.stop()
    assert loopback.token not in said
    holding = [path for path in bot.root.rglob("*") if _holds(path, loopback.token)]
    assert holding == []
    assert psutil.pid_exists(job["pid"])  # SIGTERM to the bot is nothing to the plot


def _holds(path: Path, secret: str) -> bool:
    return path.is_file() and secret.encode() in path.read_bytes()
