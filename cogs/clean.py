"""`/clean`: temp files that dead plots left behind, and whole plots that never arrived."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.ui.clean_buttons import ask_to_clean
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs


class Clean(commands.Cog):
    """What dead plots left behind."""

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    async def clean(self, interaction: Interaction) -> None:
        """List temp files that no plotter works on; a second press removes them."""
        await ask_to_clean(interaction)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Clean())
