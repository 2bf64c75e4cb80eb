"""The second presses below a list of orphans: one removes what was listed, one rescues plots."""

from __future__ import annotations

from typing import Any

import discord

from plotobot.access import Level
from plotobot.engine.models import Orphan
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.orphans import (
    cleaned_text,
    orphans_text,
    removable,
    rescuable,
    rescued_text,
)
from plotobot.ui.rebuilt import Rebuilt

COMMAND = "/clean"


class ConfirmClean(
    Rebuilt, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"clean:(?P<ticket>.{1,90})"
):
    """Removes exactly what the list above it shows."""

    def __init__(self, ticket: str) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(
            discord.ui.Button(label="Remove", style=style, custom_id=f"clean:{ticket}")
        )
        self.ticket = ticket

    @guarded(Level.OPERATOR)
    async def callback(self, interaction: Interaction) -> None:
        """Take the ticket, remove the files, tell the channel."""
        listed = _redeem(interaction, self.ticket)
        await interaction.response.edit_message(content="Removing; the result follows.", view=None)
        person = interaction.user
        result = await interaction.client.engine.clean(listed, by=f"{person.name} ({person.id})")
        await interaction.followup.send(cleaned_text(result, person.display_name))


class ConfirmRescue(
    Rebuilt, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"rescue:(?P<ticket>.{1,90})"
):
    """Gives the whole plots of the list above it their final names."""

    def __init__(self, ticket: str) -> None:
        style = discord.ButtonStyle.success
        super().__init__(
            discord.ui.Button(label="Rescue", style=style, custom_id=f"rescue:{ticket}")
        )
        self.ticket = ticket

    @guarded(Level.OPERATOR)
    async def callback(self, interaction: Interaction) -> None:
        """Take the ticket, rename the plots, tell the channel."""
        plots = [orphan.plot_id for orphan in _redeem(interaction, self.ticket)]
        await interaction.response.defer()
        person = interaction.user
        result = await interaction.client.engine.rescue(plots, by=f"{person.name} ({person.id})")
        await interaction.followup.send(rescued_text(result, person.display_name))


def _redeem(interaction: Interaction, ticket: str) -> tuple[Orphan, ...]:
    bot, now = interaction.client, discord.utils.utcnow()
    return bot.listings.take(bot.seals.redeem(ticket, interaction.user.id, now, COMMAND))


async def ask_to_clean(interaction: Interaction) -> None:
    """The first press: list what is left, and offer to remove or rescue it."""
    await interaction.response.defer(ephemeral=True, thinking=True)  # it looks at every drive
    bot, now = interaction.client, discord.utils.utcnow()
    orphans = await bot.engine.orphans()
    view = discord.ui.View(timeout=None)
    for listed, button in ((removable(orphans), ConfirmClean), (rescuable(orphans), ConfirmRescue)):
        if listed:
            name = bot.listings.keep(listed)
            view.add_item(button(bot.seals.issue(name, interaction.user.id, now)))
    await interaction.followup.send(orphans_text(orphans, now), view=view, ephemeral=True)


def register(bot: FarmClient) -> None:
    """Let the bot know these buttons."""
    bot.add_dynamic_items(ConfirmClean, ConfirmRescue)
