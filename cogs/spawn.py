"""`/spawn`: run the spawner, hold it, make one pass, ask why nothing starts."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.spawner import once_text, state_text, why_text


@app_commands.guild_only()
@app_commands.default_permissions(use_application_commands=True)
class Spawn(commands.GroupCog, name="spawn", description="Start plots, hold them, ask why"):
    """The spawner's handles."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.describe(count="How many plots to start; leave it out to go on without end")
    async def start(
        self, interaction: Interaction, count: app_commands.Range[int, 1, 9999] | None = None
    ) -> None:
        """Start plots as the rules allow."""
        view = await self.engine.start_spawning(count)
        await interaction.response.send_message(state_text(view))

    @needs(Level.OPERATOR)
    @app_commands.command()
    async def pause(self, interaction: Interaction) -> None:
        """Start no more plots; the running ones go on."""
        view = await self.engine.pause_spawning()
        await interaction.response.send_message(state_text(view))

    @needs(Level.OPERATOR)
    @app_commands.command()
    async def once(self, interaction: Interaction) -> None:
        """Make one pass now, also while paused."""
        await interaction.response.defer()  # a pass looks at every drive
        jobs = await self.engine.spawn_once()
        await interaction.followup.send(once_text(jobs))

    @needs(Level.VIEWER)
    @app_commands.command()
    async def why(self, interaction: Interaction) -> None:
        """Show which rule holds each drive, and until when."""
        view = await self.engine.spawner()
        await interaction.response.send_message(why_text(view), ephemeral=True)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Spawn(bot.engine))
