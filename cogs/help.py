"""`/help`: what there is to type."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import level_of, needs
from plotobot.ui.help import help_text


class Help(commands.Cog):
    """What each command does."""

    def __init__(self, bot: FarmClient) -> None:
        self.bot = bot

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    async def help(self, interaction: Interaction) -> None:
        """Show what each command does, as far as you may use it."""
        tree, ids = self.bot.tree, self.bot.command_ids
        known = tree.walk_commands(guild=discord.Object(self.bot.access.guild))
        text = help_text(known, ids, level_of(interaction))
        await interaction.response.send_message(text, ephemeral=True)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Help(bot))
