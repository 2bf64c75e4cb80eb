"""The audit a page at a time; a page is named by its newest entry, so that it stays the same."""

from __future__ import annotations

from typing import Any

import discord

from plotobot.access import Level
from plotobot.engine.models import AuditView
from plotobot.ui.audit import ROWS, audit_text
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt

LATEST = 0
"""Names the page with the newest entry there is."""


class AuditButton(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"audit:(?P<way>older|newer|latest):(?P<last>[0-9]{1,12})",
):
    """Shows other entries in place of the present ones."""

    NUMBERS = frozenset({"last"})

    def __init__(self, way: str, last: int) -> None:
        label = {"older": "◀ Older", "newer": "Newer ▶", "latest": "Latest"}[way]
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label, custom_id=f"audit:{way}:{last}"
        )
        super().__init__(button)
        self.way, self.last = way, last

    @guarded(Level.OWNER)
    async def callback(self, interaction: Interaction) -> None:
        """Show that page."""
        await interaction.response.defer()  # the whole chain is proved
        view = await interaction.client.engine.audit(self.last or None, ROWS)
        await interaction.edit_original_response(content=audit_text(view), view=buttons(view))


async def show_audit(interaction: Interaction) -> None:
    """Show the newest entries, to the one who asked."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    view = await interaction.client.engine.audit(None, ROWS)
    await interaction.followup.send(audit_text(view), view=buttons(view), ephemeral=True)


def buttons(view: AuditView) -> discord.ui.View:
    """The ways on from a page."""
    below = discord.ui.View(timeout=None)
    if view.entries and view.entries[-1].id > 1:
        below.add_item(AuditButton("older", view.entries[-1].id - 1))
    if view.entries and view.entries[0].id < view.newest:
        below.add_item(AuditButton("newer", min(view.entries[0].id + ROWS, view.newest)))
    below.add_item(AuditButton("latest", LATEST))
    return below


def register(bot: FarmClient) -> None:
    """Let the bot know these buttons."""
    bot.add_dynamic_items(AuditButton)
