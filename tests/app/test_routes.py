"""News of the whole bot in several places: channels and webhooks, in order, once."""

from __future__ import annotations

import re
import signal
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.app.live import LiveFarm, eventually
from tests.loopback import LoopbackDiscord, Message


def within(farm: LiveFarm, channel: object) -> list[Message]:
    return [one for one in farm.discord.messages if one.channel == channel and one.content]


async def test_a_webhook_gets_its_kind_and_its_secret_is_nowhere(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    number, secret = loopback.world.webhook(loopback.other_channel)
    address = f"{loopback.api_base}/webhooks/{number}/{secret}"
    path = rf"/webhooks/{number}/.+"
    loopback.fail_next("POST", path, status=429, retry_after=0.2)
    farm.set_up(count=1, more='[alerts.routes]\njob_finished = "webhook:night"')
    bot = await farm.start(PLOTOBOT_WEBHOOK_NIGHT=address)
    await eventually(lambda: within(farm, loopback.other_channel))
    await eventually(lambda: None not in farm.events().values())

    (finished,) = within(farm, loopback.other_channel)
    assert "plot finished" in finished.content
    assert not [one for one in within(farm, loopback.channel) if "plot finished" in one.content]
    loopback.fail_next("POST", path, status=404, code=10015, times=0)
    await loopback.slash("spawn start", user=loopback.operator, options={"count": 1})
    await farm.told("alerts for webhook:NIGHT cannot be written there")
    await farm.told("plot finished")
    code, said = await bot.terminate()
    assert code == 0
    assert secret not in said
    assert secret not in "".join(one.text for one in loopback.messages)
    assert "Traceback" not in said


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
async def test_in_the_quiet_hours_of_the_machine_only_critical_news_comes(
    farm: LiveFarm, loopback: LoopbackDiscord, zone: str
) -> None:
    now = datetime.now(ZoneInfo(zone))
    hours = [(now + timedelta(hours=n)).strftime("%H:%M") for n in (-1, 1)]
    farm.set_up(count=1, more=f'[alerts]\nquiet = "{hours[0]}-{hours[1]}"')
    await farm.start(TZ=zone)
    (job,) = await farm.plotting(1)
    answer = await loopback.slash("stop", user=loopback.operator, options={"job": job.id})
    press = await loopback.click(await answer.settled(), "Stop it")
    await press.settled()
    await farm.made(1)
    assert farm.alerts() == []

    text = farm.settings.read_text().replace(f'quiet = "{hours[0]}-{hours[1]}"', 'quiet = ""')
    farm.settings.write_text(text)
    await farm.told("pieces of news") if len(farm.events()) > 5 else await farm.told("plot stopped")
    await eventually(lambda: None not in farm.events().values())


async def test_what_ended_meanwhile_is_told_with_the_return(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up()
    bot = await farm.start()
    first, second = await farm.plotting(2)
    await bot.kill()
    farm.signal_plotters([first], signal.SIGCONT)
    await farm.made(1)
    await farm.start()
    (back,) = await farm.told("Plotobot is back")
    assert "1 plot went on meanwhile" in back.content
    assert "1 plot finished meanwhile" in back.content
    away = re.search(r"away (\d+) s", back.content)
    assert away
    assert int(away[1]) >= 1
    farm.signal_plotters([second], signal.SIGCONT)
    await farm.made(2)
    await farm.all_told()
