"""`/audit`: who did what, from where, and what came of it."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.ui.audit_pages import show_audit
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs


class Audit(commands.Cog):
    """What has been asked of the farm, and by whom."""

    @needs(Level.OWNER)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    async def audit(self, interaction: Interaction) -> None:
        """Show who did what, from where, and what came of it."""
        await show_audit(interaction)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Audit())
