"""`/replot`: which old plots would go, let them go, stop that, and see where it stands."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.replot import plan_text
from plotobot.ui.replot_buttons import ask_to_arm
from plotobot.ui.replotting import disarmed_text, status_text


@app_commands.guild_only()
@app_commands.default_permissions(use_application_commands=True)
class Replot(commands.GroupCog, name="replot", description="Old plots make room for new ones"):
    """Replotting."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    async def plan(self, interaction: Interaction) -> None:
        """Show which plots are old, in which order they would go, and until when."""
        await interaction.response.defer(ephemeral=True)  # it looks at every drive
        shown = await self.engine.replot_plan()
        text = plan_text(shown.plan, shown.rule, shown.fork)
        await interaction.followup.send(text, ephemeral=True)

    @needs(Level.VIEWER)
    @app_commands.command()
    async def status(self, interaction: Interaction) -> None:
        """Show whether it is armed, how far it is, and what it waits for."""
        status = await self.engine.replot_status()
        await interaction.response.send_message(status_text(status), ephemeral=True)

    @needs(Level.OWNER)
    @app_commands.command()
    async def arm(self, interaction: Interaction) -> None:
        """Let old plots go for new ones; a second press confirms the numbers."""
        await ask_to_arm(interaction)

    @needs(Level.OPERATOR)
    @app_commands.command()
    async def disarm(self, interaction: Interaction) -> None:
        """Let no old plot go any more, at once."""
        person = interaction.user
        status = await self.engine.disarm_replot(by=f"{person.name} ({person.id})")
        await interaction.response.send_message(disarmed_text(status, person.display_name))


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Replot(bot.engine))
