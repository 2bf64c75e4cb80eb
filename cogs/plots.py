"""`/plots`: the finished plots on the drives, by what their headers say, and what is in them."""

from __future__ import annotations

import asyncio
import io

import discord
from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.pages import plots_page
from plotobot.ui.plots import (
    check_text,
    choice_name,
    choice_value,
    choose,
    choose_drive,
    drive_choices,
    matching,
    overview_text,
    plots_file,
)

MAX_CHOICES = 25  # Discord's limit; discord.py does not cut
MAX_CHALLENGES = 40  # so that the longest check ends before Discord forgets who asked, in 15 min


class DriveOption(app_commands.Transformer[FarmClient]):
    """Lets a person pick a drive by any part of its path."""

    async def transform(self, interaction: Interaction, value: str, /) -> str:
        """Find the drive's token."""
        return choose_drive(await interaction.client.engine.plots(), value)

    async def autocomplete(  # type: ignore[override]
        self, interaction: Interaction, current: str, /
    ) -> list[app_commands.Choice[str]]:
        """Offer the drives that have plots."""
        found = drive_choices(await interaction.client.engine.plots(), current)
        return [app_commands.Choice(name=n, value=v) for n, v in found[:MAX_CHOICES]]


async def plot_choices(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Offer the plots that match."""
    stock = await interaction.client.engine.plots()
    found = matching(stock.plots, current, MAX_CHOICES)
    return [app_commands.Choice(name=choice_name(p), value=choice_value(p)) for p in found]


@app_commands.guild_only()
@app_commands.default_permissions(use_application_commands=True)
class Plots(commands.GroupCog, name="plots", description="The finished plots on the drives"):
    """The inventory."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.describe(drive="Only the plots on this drive")
    async def show(
        self,
        interaction: Interaction,
        drive: app_commands.Transform[str, DriveOption] | None = None,
    ) -> None:
        """Show the plots: how many of which kind, on which drive, and each of them."""
        page = await plots_page(self.engine, drive or "all")
        await interaction.response.send_message(page.content, view=page.view, ephemeral=True)

    @needs(Level.VIEWER)
    @app_commands.command()
    async def csv(self, interaction: Interaction) -> None:
        """Get a file with all plots, for a spreadsheet; keys without their middle."""
        await interaction.response.defer(ephemeral=True)  # there may be many
        stock = await self.engine.plots()
        name, content = await asyncio.to_thread(plots_file, stock)
        await interaction.followup.send(
            file=discord.File(io.BytesIO(content), name), ephemeral=True
        )

    @needs(Level.VIEWER)
    @app_commands.command()
    async def rescan(self, interaction: Interaction) -> None:
        """Look through the drives for plots now."""
        await interaction.response.defer(ephemeral=True)
        stock = await self.engine.rescan()
        await interaction.followup.send(overview_text(stock), ephemeral=True)

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.describe(plot="The plot, by its id", challenges="How many to ask; default: 30")
    @app_commands.autocomplete(plot=plot_choices)
    async def check(
        self,
        interaction: Interaction,
        plot: str,
        challenges: app_commands.Range[int, 1, MAX_CHALLENGES] = 30,
    ) -> None:
        """Check a plot's content: ask it for proofs, as a farmer would."""
        chosen = choose((await self.engine.plots()).plots, plot)
        await interaction.response.defer(ephemeral=True)  # it reads much, on a slow drive
        check = await self.engine.check_plot(chosen.path, challenges)
        await interaction.followup.send(check_text(chosen, check), ephemeral=True)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Plots(bot.engine))
