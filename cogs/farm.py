"""`/farmlog`: what the farm's log says, Ploto's Get-PlotoFarmLog."""

from __future__ import annotations

from typing import Literal

from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.pages import farmlog_page

Kind = Literal["EligiblePlots", "Error", "Warning"]


class Farm(commands.Cog):
    """The farm that the plots are made for."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    @app_commands.describe(level="Which lines of the log to show")
    async def farmlog(self, interaction: Interaction, level: Kind) -> None:
        """Show the farm's last 24 hours: plots eligible, lookup times, errors."""
        await interaction.response.defer(ephemeral=True)  # it reads a long file
        page = await farmlog_page(self.engine, level.lower())
        await interaction.followup.send(page.content, view=page.view, ephemeral=True)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Farm(bot.engine))
