"""What `plotobot run` ends with where it cannot go on: one clear sentence, and its exit code."""

from __future__ import annotations

import signal

import pytest

from plotobot.engine.models import JobState
from tests.app.live import PATIENCE, LiveFarm, eventually
from tests.loopback import LoopbackDiscord

WRONG = "wrong.CANARY-8b1f0c"


def sentences(said: str) -> list[str]:
    """What the command line itself said, without the log's lines."""
    assert "Traceback" not in said
    return [line for line in said.splitlines() if line.startswith("plotobot: ")]


async def test_a_wrong_token_ends_it_with_3_and_plots_go_on(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up()
    right = await farm.start()
    await loopback.connected()
    live = await farm.plotting(2)
    await right.kill()

    code, said = await (await farm.start(DISCORD_TOKEN=WRONG)).ended()
    assert code == 3
    assert sentences(said) == ["plotobot: Discord does not take the bot token. Set a valid one."]
    assert WRONG not in said
    assert WRONG not in (farm.state / "plotobot.log").read_text()
    assert len([one for one in loopback.requests if one.status == 401]) == 1
    assert len(farm.processes()) == 4  # two plotters and their shims
    farm.signal_plotters(live, signal.SIGCONT)
    assert {job.state for job in await farm.made(2)} == {JobState.COMPLETED}


async def test_a_token_withdrawn_while_it_runs_ends_it_with_3(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False)
    bot = await farm.start()
    await loopback.connected()
    await loopback.drop_gateway(4004)
    code, said = await bot.ended()
    assert code == 3
    assert sentences(said) == ["plotobot: Discord does not take the bot token any more."]


@pytest.mark.parametrize("token", [None, ""], ids=["unset", "empty"])
async def test_a_missing_token_ends_it_with_2(farm: LiveFarm, token: str | None) -> None:
    farm.set_up()
    code, said = await (await farm.start(DISCORD_TOKEN=token)).ended()
    assert code == 2
    (sentence,) = sentences(said)
    assert "DISCORD_TOKEN is not set" in sentence
    assert farm.jobs() == []


async def test_broken_settings_end_it_with_2_and_name_the_line(farm: LiveFarm) -> None:
    farm.set_up()
    broken = farm.settings.read_text().replace("k = 18", 'k = "big"')
    farm.settings.write_text(broken)
    code, said = await (await farm.start()).ended()
    assert code == 2
    (sentence,) = sentences(said)
    assert f"{farm.settings} line 9: plot.k" in sentence


async def test_a_state_folder_that_is_none_ends_it_with_2(farm: LiveFarm) -> None:
    farm.set_up()
    farm.state.write_text("a file")
    code, said = await (await farm.start()).ended()
    assert code == 2
    (sentence,) = sentences(said)
    assert f"the state folder {farm.state} cannot be used: File exists;" in sentence


async def test_a_second_bot_ends_with_3_and_names_the_first(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False)
    first = await farm.start()
    await loopback.connected()
    code, said = await (await farm.start()).ended()
    assert code == 3
    (sentence,) = sentences(said)
    assert f"pid {first.process.pid} on " in sentence
    assert first.process.returncode is None


async def test_without_discord_it_needs_no_token(farm: LiveFarm) -> None:
    farm.set_up()
    bot = await farm.start("--no-discord", DISCORD_TOKEN=None)
    await farm.made(2)
    await eventually(lambda: (farm.state / "plotobot.log").stat().st_size, PATIENCE)
    code, said = await bot.terminate()
    assert (code, sentences(said)) == (0, [])
