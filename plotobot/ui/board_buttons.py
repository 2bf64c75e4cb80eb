"""The buttons below the board. They name their machine: one token may serve several."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import discord

from plotobot.access import Level
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.report import report_embed
from plotobot.ui.spawner import state_text, why_text
from plotobot.ui.text import plain

SPAN = timedelta(days=1)
"""What the report covers, as that of `/report now`."""


def mark_of(machine: str) -> str:
    """What tells a machine in a button's id: 8 hexadecimal digits."""
    return hashlib.blake2b(machine.encode(), digest_size=4).hexdigest()


class SpawnSwitch(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"board:(?P<machine>[0-9a-f]{8}):(?P<act>start|pause)",
):
    """Lets plots start, or no more of them."""

    def __init__(self, machine: str, act: str) -> None:
        start = act == "start"
        super().__init__(
            discord.ui.Button(
                label="Start" if start else "Pause",
                emoji="▶️" if start else "⏸️",
                style=discord.ButtonStyle.success if start else discord.ButtonStyle.secondary,
                custom_id=f"board:{machine}:{act}",
            )
        )
        self.machine, self.act = machine, act

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Leave another machine's button to that machine's bot."""
        return self.machine == mark_of(interaction.client.engine.machine)

    @guarded(Level.OPERATOR)
    async def callback(self, interaction: Interaction) -> None:
        """Do it, and tell the channel who wanted it."""
        await interaction.response.defer(thinking=True)  # a start makes a pass, which may take long
        engine = interaction.client.engine
        start = self.act == "start"
        view = await (engine.start_spawning() if start else engine.pause_spawning())
        who = plain(interaction.user.display_name, 60)
        did = "let plots start" if start else "paused spawning"
        await interaction.followup.send(
            f"{who} {did} on {plain(engine.machine)}.\n{state_text(view)}"
        )


class BoardLook(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"board:(?P<machine>[0-9a-f]{8}):(?P<what>report|why)",
):
    """Shows the one who presses more than the board has room for."""

    def __init__(self, machine: str, what: str) -> None:
        label, emoji = ("Report", "📊") if what == "report" else ("Why", "❔")
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, custom_id=f"board:{machine}:{what}")
        )
        self.machine, self.what = machine, what

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Leave another machine's button to that machine's bot."""
        return self.machine == mark_of(interaction.client.engine.machine)

    @guarded(Level.VIEWER)
    async def callback(self, interaction: Interaction) -> None:
        """Answer as `/report now` and `/spawn why` do."""
        engine = interaction.client.engine
        if self.what == "why":
            text = why_text(await engine.spawner())
            await interaction.response.send_message(text, ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)  # it reads the history
        summary = await engine.summary(discord.utils.utcnow() - SPAN)
        await interaction.followup.send(embed=report_embed(summary), ephemeral=True)


def board_buttons(machine: str, *, spawning: bool) -> discord.ui.ActionRow[Any]:
    """The row below the board."""
    mark = mark_of(machine)
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()
    row.add_item(SpawnSwitch(mark, "pause" if spawning else "start"))
    row.add_item(BoardLook(mark, "report"))
    row.add_item(BoardLook(mark, "why"))
    return row


def register(bot: FarmClient) -> None:
    """Let the bot know the buttons."""
    bot.add_dynamic_items(SpawnSwitch, BoardLook)
