"""The buttons below a job, which go on working after a restart, and the one that stops it."""

from __future__ import annotations

from typing import Any

import discord

from plotobot.access import Level
from plotobot.engine.models import Job, StopResult
from plotobot.errors import Refusal
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.jobs import log_text, loss_text, name
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.text import MESSAGE_LIMIT, clip, fit, gib, plain, plural

LOG_LINES = 20


class StopButton(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"job:(?P<job_id>[^:]{1,60}):stop",
):
    """Asks whether a job shall be stopped."""

    def __init__(self, job_id: str) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(
            discord.ui.Button(label="Stop", style=style, custom_id=f"job:{job_id}:stop")
        )
        self.job_id = job_id

    @guarded(Level.OPERATOR)
    async def callback(self, interaction: Interaction) -> None:
        """Tell what would be lost."""
        await ask_to_stop(interaction, await interaction.client.engine.job(self.job_id))


class LogButton(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"job:(?P<job_id>[^:]{1,60}):log",
):
    """Shows the end of a job's log."""

    def __init__(self, job_id: str) -> None:
        super().__init__(discord.ui.Button(label="Log", custom_id=f"job:{job_id}:log"))
        self.job_id = job_id

    @guarded(Level.VIEWER)
    async def callback(self, interaction: Interaction) -> None:
        """Read the log, which may lie on a slow drive, and show its end."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        engine = interaction.client.engine
        job = await engine.job(self.job_id)
        lines = await engine.log_tail(job.id, LOG_LINES)
        await interaction.followup.send(log_text(job, lines), ephemeral=True)


class ConfirmStop(
    Rebuilt, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"stop:(?P<ticket>.{1,95})"
):
    """The second press: it ends the job."""

    def __init__(self, ticket: str) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(
            discord.ui.Button(label="Stop it", style=style, custom_id=f"stop:{ticket}")
        )
        self.ticket = ticket

    @guarded(Level.OPERATOR)
    async def callback(self, interaction: Interaction) -> None:
        """Take the ticket, end the job, tell the channel."""
        person, bot = interaction.user, interaction.client
        job_id = bot.seals.redeem(self.ticket, person.id, discord.utils.utcnow(), "/stop")
        # The question goes away at once; ending processes takes longer than the 3 s of an answer.
        await interaction.response.edit_message(content="Stopping; the result follows.", view=None)
        result = await bot.engine.stop(job_id, by=f"{person.name} ({person.id})")
        await interaction.followup.send(stopped_text(result, person.display_name))


async def ask_to_stop(interaction: Interaction, job: Job) -> None:
    """The first press: say what would be lost, and offer the second.

    Raises:
        Refusal: the job has ended.
    """
    if not job.state.live:
        raise Refusal(f"{plain(name(job))} has ended already ({plain(job.status)}).")
    now = discord.utils.utcnow()
    view = discord.ui.View(timeout=None)
    view.add_item(ConfirmStop(interaction.client.seals.issue(job.id, interaction.user.id, now)))
    await interaction.response.send_message(loss_text(job, now), view=view, ephemeral=True)


def stopped_text(result: StopResult, who: str) -> str:
    """What stopping did, for the channel."""
    if result.job.foreign:
        return (
            f"🛑 {plain(who, 60)} stopped **{plain(name(result.job))}**, which Plotobot had not "
            f"started: {plural(result.processes, 'process', 'processes')} ended. Its temp files "
            f"are still there; `/clean` lists them."
        )
    head = (
        f"🛑 {plain(who, 60)} stopped **{plain(name(result.job))}**: "
        f"{plural(result.processes, 'process', 'processes')} ended, "
        f"{plural(result.files, 'temp file')} removed ({gib(result.bytes)})."
    )
    left = [f"⚠️ still there: {plain(file)}" for file in result.left]
    return clip(fit([head, *left], MESSAGE_LIMIT), MESSAGE_LIMIT)


def job_buttons(job: Job) -> discord.ui.View:
    """The buttons below one job: Stop while it lives, and Log."""
    view = discord.ui.View(timeout=None)
    if job.state.live:
        view.add_item(StopButton(job.id))
    view.add_item(LogButton(job.id))
    return view


def register(bot: FarmClient) -> None:
    """Let the bot know these buttons."""
    bot.add_dynamic_items(StopButton, LogButton, ConfirmStop)
