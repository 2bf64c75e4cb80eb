"""A day at the farm: commands, plots, alerts, stops, and who may what."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import psutil

from plotobot.engine.models import Job, JobState
from tests.app.live import PATIENCE, PUTS, LiveFarm, eventually
from tests.loopback import Answer, LoopbackDiscord

ALERT_SECONDS = 2.0  # from the event to the message, for the quicker one of two plots


async def asked(discord: LoopbackDiscord, command: str, who: str, **options: object) -> Answer:
    answer = await discord.slash(command, user=getattr(discord, who), options=options)
    return await answer.settled()


async def shown_with(discord: LoopbackDiscord, job: Job, words: str) -> Answer:
    """Ask for a job until the bot has read so far in its log."""
    async with asyncio.timeout(PATIENCE):
        while words not in (shown := await asked(discord, "job", "viewer", job=job.id)).content:
            await asyncio.sleep(0.1)
    return shown


async def jobs_as_json(farm: LiveFarm) -> dict[str, dict[str, str]]:
    """What `plotobot jobs --json` prints, by job."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plotobot", "jobs", "--state", str(farm.state), "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return {job["id"]: job for job in json.loads(out)}


def places_of_token(farm: LiveFarm) -> list[Path]:
    """The farm's files that hold the token, whatever they are."""
    token = farm.discord.token.encode()
    return [file for file in farm.root.rglob("*") if file.is_file() and token in file.read_bytes()]


async def test_plots_are_told_of_as_they_start_and_finish(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False)
    bot = await farm.start()
    await loopback.connected()
    assert farm.jobs() == []

    started = await asked(loopback, "spawn start", "operator", count=2)
    assert "Spawning is **on**: 2 of 2 plots started" in started.content
    await farm.told("plot finished", times=2)
    await farm.all_told()

    rows = await jobs_as_json(farm)
    jobs, late = await farm.made(2), []
    for job in jobs:
        assert job.state is JobState.COMPLETED
        assert job.started_at
        assert job.ended_at
        assert rows[job.id]["ended_at"].startswith(f"{job.ended_at:%Y-%m-%dT%H:%M:%S}")
        (spawned,), (done,) = farm.about(job, "plot started"), farm.about(job, "plot finished")
        late += [spawned.sent_at - job.started_at, done.sent_at - job.ended_at]
        assert "\nphases " in done.content
        phases = next(line for line in done.content.splitlines() if line.startswith("phases"))
        assert "…" not in phases  # a phase whose time is not known
        assert f"-{job.plot_id and job.plot_id[:8]}….plot" in done.content
    assert min(late).total_seconds() < ALERT_SECONDS
    assert len(await farm.told("all plots that were ordered have been started")) == 1

    assert await bot.terminate() == (0, bot.stderr.read_text())
    assert " WARNING " not in bot.stderr.read_text()
    assert "Traceback" not in bot.stderr.read_text()
    assert places_of_token(farm) == []


async def test_people_see_and_do_what_their_circle_may(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(enabled=False, k=20)
    await farm.start()
    await loopback.connected()

    once = await asked(loopback, "spawn once", "operator")
    assert "2 plots started" in once.content
    job, _ = await farm.plotting(2)

    name = f"#{job.id[-4:]}"
    assert name in (await asked(loopback, "jobs", "viewer")).content
    (choice, *_) = await loopback.autocomplete(
        "job", option="job", value=name, user=loopback.viewer
    )
    assert choice["value"] == job.id
    shown = await shown_with(loopback, job, f"plot id `{job.plot_id}`")
    drives = (await asked(loopback, "drives", "viewer")).content
    assert all(f"/{name}" in drives for name in ("temp1", "temp2", "out"))
    why = (await asked(loopback, "spawn why", "viewer")).content
    assert "paused" in why
    report = await asked(loopback, "report now", "viewer")
    assert name in report.text
    help_text = (await asked(loopback, "help", "viewer")).content
    assert "</jobs:" in help_text
    assert "</stop:" not in help_text

    for who, command in (("stranger", "jobs"), ("viewer", "spawn pause"), ("viewer", "stop")):
        options = {"job": job.id} if command == "stop" else {}
        refused = await asked(loopback, command, who, **options)
        assert refused.ephemeral
        assert refused.content.startswith("Only ")
    pressed = await loopback.click(shown, "Stop", user=loopback.viewer)
    assert (await pressed.settled()).content == "Only the farm's operators may do that."
    for place in (loopback.foreign_channel, loopback.direct(loopback.owner)):
        elsewhere = await loopback.slash("jobs", user=loopback.owner, channel=place)
        said = (await elsewhere.settled()).content
        assert said == "Plotobot answers only in its farm's own server."

    paused = await asked(loopback, "spawn pause", "operator")
    assert "paused" in paused.content
    assert all(job.state.live for job in farm.jobs())


async def test_two_presses_by_an_operator_end_a_plot_and_its_files(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    farm.set_up(k=22)
    await farm.start()
    await loopback.connected()
    job, other = await farm.plotting(2)
    pid = job.pid or 0
    assert list(Path(job.temp).iterdir())

    question = await asked(loopback, "stop", "operator", job=job.id)
    assert "loses" in question.content
    assert psutil.pid_exists(pid)
    farm.signal_plotters([job], signal.SIGCONT)
    press = await loopback.click(question, "Stop it")
    await press.until(lambda answer: bool(answer.followups), timeout=30)

    (result,) = press.followups
    assert "Operator stopped" in result.content
    assert not result.ephemeral
    assert not psutil.pid_exists(pid)
    assert list(Path(job.temp).iterdir()) == []
    assert list(Path(other.temp).iterdir())
    (alert,) = await farm.told("plot stopped")
    assert "by operator" in alert.content
    again = await asked(loopback, "stop", "operator", job=job.id)
    assert "has ended already" in again.content


async def test_sigterm_ends_the_bot_alone_and_the_next_one_goes_on(
    farm: LiveFarm, loopback: LoopbackDiscord
) -> None:
    """The next one publishes no commands, since they are the same; nor does the token spread."""
    farm.set_up(k=20)
    bot = await farm.start()
    await loopback.connected()
    live = await farm.plotting(2)
    await farm.told("plot started", times=2)
    token = loopback.token.encode()
    others = [one for one in farm.processes() if one.pid != bot.process.pid]
    assert {job.pid for job in live} < {one.pid for one in others}
    assert not [one for one in others if token in Path(f"/proc/{one.pid}/environ").read_bytes()]

    code, said = await bot.terminate()
    assert code == 0
    assert "Traceback" not in said
    assert {one.pid for one in farm.processes()} == {one.pid for one in others}
    await loopback.disconnected()

    bot = await farm.start()
    await loopback.identified(2)
    assert (await asked(loopback, "help", "viewer")).content.count("</") > 3
    assert len(loopback.asked("PUT", PUTS)) == 1
    farm.signal_plotters(live, signal.SIGCONT)
    await farm.told("plot finished", times=2)
    await farm.told("Plotobot is back")
    await farm.all_told()
    assert {job.state for job in await farm.made(2)} == {JobState.COMPLETED}
    assert len(await farm.told("plot started")) == 2
    await bot.terminate()
    await eventually(lambda: farm.processes() == [])
    assert places_of_token(farm) == []
