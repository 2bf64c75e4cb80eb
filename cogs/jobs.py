"""`/jobs`, `/job` and `/stop`: see the plots in the making, and end one."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from plotobot.access import Level
from plotobot.engine.models import Job
from plotobot.engine.protocol import Engine
from plotobot.ui.buttons import ask_to_stop, job_buttons
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import needs
from plotobot.ui.jobs import choice_name, choose, job_text, matching
from plotobot.ui.pages import jobs_page, perf_page

MAX_CHOICES = 25  # Discord's limit; discord.py does not cut
State = Literal["all", "starting", "running", "completed", "failed", "stopped", "lost"]


class JobOption(app_commands.Transformer[FarmClient]):
    """Lets a person pick a job by any part of its label."""

    async def transform(self, interaction: Interaction, value: str, /) -> Job:
        """Find the job; free text is allowed, so it may be any."""
        engine = interaction.client.engine
        return choose(await engine.jobs(), value) or await engine.job(value.strip().lstrip("#"))

    async def autocomplete(  # type: ignore[override]
        self, interaction: Interaction, current: str, /
    ) -> list[app_commands.Choice[str]]:
        """Offer the jobs that match, live ones first."""
        jobs = matching(await interaction.client.engine.jobs(), current)
        return [app_commands.Choice(name=choice_name(j), value=j.id) for j in jobs[:MAX_CHOICES]]


class Jobs(commands.Cog):
    """The plots in the making, and those that ended lately."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    @app_commands.describe(
        status="Only the jobs in this state", perf="What they take: CPU, memory, disk"
    )
    async def jobs(
        self, interaction: Interaction, status: State = "all", perf: bool = False
    ) -> None:
        """Show the table of plotting jobs."""
        page = await (perf_page if perf else jobs_page)(self.engine, status)
        await interaction.response.send_message(page.content, view=page.view, ephemeral=True)

    @needs(Level.VIEWER)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    @app_commands.describe(job="The job to show")
    async def job(
        self, interaction: Interaction, job: app_commands.Transform[Job, JobOption]
    ) -> None:
        """Show one plotting job in full."""
        text = job_text(job, discord.utils.utcnow())
        await interaction.response.send_message(text, view=job_buttons(job), ephemeral=True)

    @needs(Level.OPERATOR)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(use_application_commands=True)
    @app_commands.describe(job="The job to stop")
    async def stop(
        self, interaction: Interaction, job: app_commands.Transform[Job, JobOption]
    ) -> None:
        """Stop a plotting job, after telling what would be lost."""
        await ask_to_stop(interaction, job)


async def setup(bot: FarmClient) -> None:
    """Load the cog."""
    await bot.add_cog(Jobs(bot.engine))
