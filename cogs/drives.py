"""`/drives`: free space, plots in progress, and how many more a drive can take."""

from __future__ import annotations

from typing import Literal

from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.pages import drives_page

Kind = Literal["all", "temp", "temp2", "out", "replot", "destination"]


class Drives(commands.Cog):
    """The drives that plots are made on and kept on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    @app_commands.describe(kind="Only the drives used for this")
    async def drives(self, interaction: Interaction, kind: Kind = "all") -> None:
        """Show the drives: free space, plots on them, plots they can still take."""
        page = await drives_page(self.engine, kind)
        await interaction.response.send_message(page.content, view=page.view, ephemeral=True)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Drives(bot.engine))
