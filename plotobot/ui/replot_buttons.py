"""The second press that lets old plots go, and the question before it."""

from __future__ import annotations

from typing import Any

import discord

from plotobot.access import Level
from plotobot.errors import Refusal
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.replotting import armed_text, question_text

COMMAND = "/replot arm"
_SEALED = "replot-"
"""What a ticket's words begin with, so that one for something else arms nothing."""


class ConfirmArm(
    Rebuilt, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"replot:(?P<ticket>.{1,90})"
):
    """Arms the plan whose numbers the message above it names."""

    def __init__(self, ticket: str) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(
            discord.ui.Button(label="Arm it", style=style, custom_id=f"replot:{ticket}")
        )
        self.ticket = ticket

    @guarded(Level.OWNER)
    async def callback(self, interaction: Interaction) -> None:
        """Take the ticket, arm exactly the plan that was shown, tell the channel."""
        bot, person = interaction.client, interaction.user
        words = bot.seals.redeem(self.ticket, person.id, discord.utils.utcnow(), COMMAND)
        if not words.startswith(_SEALED):
            raise Refusal(f"This button is not one for replotting; use `{COMMAND}`.")
        await interaction.response.edit_message(content="Looking again; just a moment.", view=None)
        by = f"{person.name} ({person.id})"
        status = await bot.engine.arm_replot(words.removeprefix(_SEALED), by)
        await interaction.followup.send(armed_text(status, person.display_name))


async def ask_to_arm(interaction: Interaction) -> None:
    """The first press: name the numbers, and offer the second.

    Raises:
        Refusal: the plan may not be carried out.
    """
    await interaction.response.defer(ephemeral=True, thinking=True)  # it looks at every drive
    bot = interaction.client
    shown = await bot.engine.replot_plan()
    if shown.refusal:
        raise Refusal(shown.refusal)
    view = discord.ui.View(timeout=None)
    sealed, now = f"{_SEALED}{shown.fingerprint}", discord.utils.utcnow()
    view.add_item(ConfirmArm(bot.seals.issue(sealed, interaction.user.id, now)))
    await interaction.followup.send(question_text(shown), view=view, ephemeral=True)


def register(bot: FarmClient) -> None:
    """Let the bot know the button."""
    bot.add_dynamic_items(ConfirmArm)
