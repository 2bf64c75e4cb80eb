"""`/report`: the summary of a day."""

from __future__ import annotations

from datetime import timedelta

import discord
from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.report import report_embed

SPAN = timedelta(days=1)


@app_commands.guild_only()
@app_commands.default_permissions(use_application_commands=True)
class Report(commands.GroupCog, name="report", description="What the farm has done"):
    """Summaries of what was plotted."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    async def now(self, interaction: Interaction) -> None:
        """Sum up the last 24 hours."""
        await interaction.response.defer(ephemeral=True)  # it reads the history
        summary = await self.engine.summary(discord.utils.utcnow() - SPAN)
        await interaction.followup.send(embed=report_embed(summary), ephemeral=True)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Report(bot.engine))
