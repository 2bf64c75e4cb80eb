"""The bot dies, plots go on: the next life takes them up, and nothing happens or is told twice."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psutil

from plotobot.engine.models import JobState
from tests.app.live import LiveFarm, eventually
from tests.loopback import LoopbackDiscord


async def test_kill_9_with_plots_running_then_each_is_adopted_and_told_once(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(k=20)
    bot = await farm.start()
    live = await farm.plotting(2)
    await farm.told("plot started", times=2)
    await bot.kill()
    assert {job.id for job in farm.jobs() if job.state.live} == {job.id for job in live}

    await farm.start()
    await loopback.identified(2)
    back = await farm.told("Plotobot is back")
    assert "2 plots went on meanwhile" in back[0].content
    farm.signal_plotters(live, signal.SIGCONT)
    await farm.told("plot finished", times=2)
    await farm.all_told()

    made = await farm.made(2)
    assert [job.id for job in made] == [job.id for job in live]
    assert {(job.state, job.exit_code) for job in made} == {(JobState.COMPLETED, 0)}
    for job in made:
        assert len(farm.about(job, "plot started")) == len(farm.about(job, "plot finished")) == 1
    assert len(list((farm.root / "out").glob("*.plot"))) == 2


async def test_plots_that_end_while_the_bot_is_dead_are_told_of_once(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(k=20)
    bot = await farm.start()
    live = await farm.plotting(2)
    await farm.told("plot started", times=2)
    await bot.kill()
    farm.signal_plotters(live, signal.SIGCONT)
    await farm.made(2)

    for life in (2, 3):
        bot = await farm.start()
        await loopback.identified(life)
        await farm.told("Plotobot is back", times=life - 1)
        await farm.all_told()
        assert len(await farm.told("plot finished")) == 2
        await bot.kill()
    assert len(farm.jobs()) == 2


async def test_a_bot_killed_amid_a_stop_goes_on_with_it(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(k=22)
    bot = await farm.start()
    await loopback.connected()
    job, other = await farm.plotting(2)
    asked = await loopback.slash("stop", user=loopback.operator, options={"job": job.id})
    await loopback.click(await asked.settled(), "Stop it")
    while job.id not in farm.noted("stops"):
        await asyncio.sleep(0)
    await bot.kill()
    assert job.id in farm.noted("stops")  # it was killed before it was through

    await farm.start()
    (alert,) = await farm.told("plot stopped")
    assert "by operator" in alert.content
    await eventually(lambda: list(Path(job.temp).iterdir()) == [])
    assert not psutil.pid_exists(job.pid or 0)
    assert list(Path(other.temp).iterdir())
    assert len([one for one in farm.jobs() if one.state is JobState.STOPPED]) == 1


async def test_a_bot_killed_again_and_again_makes_and_tells_each_plot_once(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    """Killed at moments from before its first plot to the midst of its alerts."""
    farm.set_up(count=3)
    for moment in (0.45, 0.55, 0.65, 0.75, 0.9, 1.1, 1.4):
        bot = await farm.start()
        await asyncio.sleep(moment)
        await bot.kill()
    await farm.start()
    await farm.made(3)
    await farm.told("plot finished", times=3)
    await eventually(lambda: None not in farm.events().values())
    await asyncio.sleep(1)

    jobs = farm.jobs()
    assert len(jobs) == 3
    assert {job.state for job in jobs} == {JobState.COMPLETED}
    for job in jobs:
        assert len(farm.about(job, "plot started")) == len(farm.about(job, "plot finished")) == 1
    assert len(list((farm.root / "out").glob("*.plot"))) == 3
