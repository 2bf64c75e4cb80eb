"""The limits on Discord, and the button that writes changed ones into the settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from plotobot.access import Level
from plotobot.engine.limits import KNOBS
from plotobot.engine.models import LimitView
from plotobot.errors import Refusal
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.text import plain

CHOICES = [app_commands.Choice(name=name, value=name) for name in KNOBS]
"""Every limit there is, as an option offers them."""
_WHAT = "limits"
_COMMAND = "/spawn limits"
_OPTIONAL = re.compile(r"max_phase_\d|start_early|wait_")
"""Limits that say nothing while they are 0."""


class KeepButton(
    Rebuilt, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"limits:(?P<ticket>.{1,93})"
):
    """The second press: it writes the limits into the settings."""

    def __init__(self, ticket: str) -> None:
        super().__init__(discord.ui.Button(label="Keep for good", custom_id=f"limits:{ticket}"))
        self.ticket = ticket

    @guarded(Level.OWNER)
    async def callback(self, interaction: Interaction) -> None:
        """Take the ticket, write the settings, tell the channel."""
        person, bot = interaction.user, interaction.client
        now = discord.utils.utcnow()
        if bot.seals.redeem(self.ticket, person.id, now, _COMMAND) != _WHAT:
            raise Refusal(f"This button is not one for limits; use `{_COMMAND}`.")
        views = await bot.engine.keep_limits()
        text = f"📌 {plain(person.display_name, 60)} wrote the limits into the settings.\n"
        await interaction.response.send_message(text + limits_text(views))


async def show_limits(
    interaction: Interaction, views: Sequence[LimitView], changed: str | None = None
) -> None:
    """Answer, once deferred, with the limits; with the button, where some differ from the file."""
    text = limits_text(views)
    if changed:
        [new] = [view for view in views if view.name == changed]
        text = f"🎚️ `{changed}` is {_shown(new.value)} until the next start.\n{text}"
    view = discord.ui.View(timeout=None)
    if _differ(views):
        now = discord.utils.utcnow()
        view.add_item(KeepButton(interaction.client.seals.issue(_WHAT, interaction.user.id, now)))
    await interaction.followup.send(text, view=view)


def limits_text(views: Sequence[LimitView]) -> str:
    """One line for each limit that is set or changed."""
    lines = [
        f"• `{view.name}`: **{_shown(view.value)}**"
        + (f" (the settings say {_shown(view.written)})" if view.value != view.written else "")
        for view in views
        if view.value or view.written or not _OPTIONAL.match(view.name)
    ]
    return "\n".join(lines)


def register(bot: FarmClient) -> None:
    """Let the bot know the button."""
    bot.add_dynamic_items(KeepButton)


def _differ(views: Sequence[LimitView]) -> bool:
    return any(view.value != view.written for view in views)


def _shown(value: float) -> str:
    return f"{value:g}"
