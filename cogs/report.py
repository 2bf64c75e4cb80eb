"""`/report`: what the farm has done, when it tells so by itself, and what it told."""

from __future__ import annotations

from datetime import timedelta

import discord
from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.pages import history_page
from plotobot.ui.report_buttons import enclosed
from plotobot.ui.report_plan import show_plan, times_typed


@app_commands.guild_only()
@app_commands.default_permissions(use_application_commands=True)
class Report(commands.GroupCog, name="report", description="What the farm has done"):
    """Summaries of what was plotted."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.describe(hours="How far back; left out, a day")
    async def now(
        self, interaction: Interaction, hours: app_commands.Range[float, 0.1, 8760.0] = 24.0
    ) -> None:
        """Sum up the last 24 hours, or so many as you say."""
        await interaction.response.defer(ephemeral=True)  # it reads the history, and draws
        since = discord.utils.utcnow() - timedelta(hours=hours)
        enclosure = await enclosed(self.engine, await self.engine.summary(since))
        await interaction.followup.send(**enclosure.parts(), ephemeral=True)

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.describe(
        hours="From one summary to the next; 0 is none by the hour",
        at="Times of day, such as 07:30 19:00; `none` takes them away",
    )
    async def every(
        self,
        interaction: Interaction,
        hours: app_commands.Range[float, 0.0, 8760.0] | None = None,
        at: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        """Show when summaries are told, or change it until the next start or for good."""
        if hours is None and at is None:
            await show_plan(interaction, await self.engine.report_plan(), changed=False)
            return
        plan = await self.engine.change_report_plan(hours, times_typed(at))
        await show_plan(interaction, plan, changed=True)

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.describe(number="The summary to show again; left out, all are listed")
    async def history(
        self, interaction: Interaction, number: app_commands.Range[int, 1, 999_999] | None = None
    ) -> None:
        """List the summaries that were told, or show one again."""
        if number is None:
            page = await history_page(self.engine)
            await interaction.response.send_message(page.content, view=page.view, ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True)
        enclosure = await enclosed(self.engine, await self.engine.past_summary(number))
        await interaction.followup.send(**enclosure.parts(), ephemeral=True)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Report(bot.engine))
