"""A small bot that does what the real one does, for showing what the page does with it."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from plotobot.demo.page import BotFactory, Place


@dataclass
class SmallEngine:
    """Works with subprocesses, threads, sqlite and sleeps, and notes how long they took."""

    plots: list[str] = field(default_factory=lambda: ["alpha", "beta", "gamma"])
    beats: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.2)
            self.beats.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            await self._subprocess()
            await asyncio.to_thread(self._database)
            self.work.append(time.perf_counter() - begun)

    async def _subprocess(self, seconds: float = 0.1) -> None:
        script = f"import time; time.sleep({seconds})"
        process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", script)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _database(self) -> None:
        connection = sqlite3.connect(":memory:")
        connection.execute("select 1").fetchone()
        connection.close()

    async def names(self) -> list[str]:
        return list(self.plots)

    async def stop(self, name: str, seconds: float) -> str:
        await self._subprocess(seconds)
        return name


class Confirm(discord.ui.View):
    def __init__(self, engine: SmallEngine, name: str, seconds: float) -> None:
        super().__init__(timeout=60)
        self.engine = engine
        self.name = name
        self.seconds = seconds
        self.pressed = 0

    @discord.ui.button(label="Stop", style=discord.ButtonStyle.danger)
    async def stop_it(self, interaction: discord.Interaction, button: Any) -> None:
        self.pressed += 1
        if self.pressed == 1:
            await interaction.response.edit_message(content=f"Press again to stop {self.name}.")
            return
        await interaction.response.defer()
        name = await self.engine.stop(self.name, self.seconds)
        await interaction.edit_original_response(content=f"{name} is stopped.", view=None)


class SmallBot(commands.Bot):
    def __init__(self, place: Place, engine: SmallEngine, stop_seconds: float) -> None:
        super().__init__("!", intents=discord.Intents.default())
        self.place = place
        self.engine = engine
        self.stop_seconds = stop_seconds
        self.alert = asyncio.Event()
        self.alerts = 0

    async def setup_hook(self) -> None:
        self.tree.add_command(self._job_command())
        await self.tree.sync()
        self._alerting = asyncio.create_task(self._send_alerts())

    async def close(self) -> None:
        self._alerting.cancel()
        await super().close()

    async def _send_alerts(self) -> None:
        await self.wait_until_ready()
        channel = self.get_partial_messageable(self.place.channel_id)
        while True:
            await self.alert.wait()
            self.alert.clear()
            self.alerts += 1
            soon = datetime.now(UTC) + timedelta(minutes=5)
            when = discord.utils.format_dt(soon, "R")
            await channel.send(f"Alert {self.alerts}: next look {when}")

    def _job_command(self) -> app_commands.Command[Any, Any, Any]:
        @app_commands.command(name="job", description="One job")
        @app_commands.describe(job="which one")
        async def job(interaction: discord.Interaction, job: str) -> None:
            view = Confirm(self.engine, job, self.stop_seconds)
            await interaction.response.send_message(f"Job {job} is running.", view=view)

        @job.autocomplete("job")
        async def names(
            interaction: discord.Interaction, current: str
        ) -> list[app_commands.Choice[str]]:
            found = await self.engine.names()
            return [app_commands.Choice(name=n, value=n) for n in found if current in n]

        return job


@pytest.fixture
async def engine() -> Any:
    """An engine at work since before the page was opened."""
    engine = SmallEngine()
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    await asyncio.wait({running})


@pytest.fixture
def make_bot(engine: SmallEngine) -> Callable[[float], BotFactory]:
    """Factories of the small bot, by how many seconds its engine takes to stop something."""

    def with_stop_seconds(seconds: float = 6.0) -> BotFactory:
        return lambda place: SmallBot(place, place.beside(engine), seconds)

    return with_stop_seconds
