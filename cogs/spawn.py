"""`/spawn`: run the spawner, hold it, make one pass, ask why nothing starts, change limits."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.advice import show_advice
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.limits import CHOICES, show_limits
from plotobot.ui.spawner import once_text, state_text, why_text
from plotobot.ui.times import moment


@app_commands.guild_only()
@app_commands.default_permissions(use_application_commands=True)
class Spawn(commands.GroupCog, name="spawn", description="Start plots, hold them, ask why"):
    """The spawner's handles."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.describe(
        count="How many plots to start; leave it out to go on without end",
        until="When to start no more: 18:30, 8h, or 2026-12-01 06:00",
    )
    async def start(
        self,
        interaction: Interaction,
        count: app_commands.Range[int, 1, 9999] | None = None,
        until: app_commands.Range[str, 1, 40] | None = None,
    ) -> None:
        """Start plots as the rules allow."""
        end = moment(until, discord.utils.utcnow()) if until else None
        await interaction.response.defer()  # a pass looks at every drive, and one may hang
        view = await self.engine.start_spawning(count, end)
        await interaction.followup.send(state_text(view))

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.describe(drain="Tell here when the last running plot is done")
    async def pause(self, interaction: Interaction, drain: bool = False) -> None:
        """Start no more plots; the running ones go on."""
        await interaction.response.defer()  # as for start
        view = await self.engine.pause_spawning(drain=drain)
        await interaction.followup.send(state_text(view))

    @needs(Level.OPERATOR)
    @app_commands.command()
    async def once(self, interaction: Interaction) -> None:
        """Make one pass now, also while paused."""
        await interaction.response.defer()  # as for start
        jobs = await self.engine.spawn_once()
        await interaction.followup.send(once_text(jobs))

    @needs(Level.VIEWER)
    @app_commands.command()
    async def why(self, interaction: Interaction) -> None:
        """Show which rule holds each drive, and until when."""
        view = await self.engine.spawner()
        await interaction.response.send_message(why_text(view), ephemeral=True)

    @needs(Level.VIEWER)
    @app_commands.command()
    async def advise(self, interaction: Interaction) -> None:
        """Simulate days of plotting: your limits beside auto mode."""
        await interaction.response.defer(ephemeral=True)  # a simulation takes a while
        await show_advice(interaction, await self.engine.advise())

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.describe(
        limit="The limit to change; leave it out to see them all",
        value="What it is to be; for caps on phases, 0 is no cap",
    )
    @app_commands.choices(limit=CHOICES)
    async def limits(
        self,
        interaction: Interaction,
        limit: str | None = None,
        value: app_commands.Range[float, 0, 1440] | None = None,
    ) -> None:
        """Show the limits, or change one until the next start or for good."""
        if limit is None or value is None:
            await interaction.response.defer(ephemeral=True)
            await show_limits(interaction, await self.engine.limits())
            return
        await interaction.response.defer()  # as for start
        views = await self.engine.change_limits({limit: value})
        await show_limits(interaction, views, changed=limit)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Spawn(bot.engine))
