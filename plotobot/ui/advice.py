"""`/spawn advise` on Discord: what the simulator says, and the button that does it."""

from __future__ import annotations

from typing import Any

import discord

from plotobot.access import Level
from plotobot.engine.models import Advice
from plotobot.errors import Refusal
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.text import plain

_WHAT = "advice"
_COMMAND = "/spawn advise"
WORTH = 1.02
"""How many times as many plots make a change worth offering."""


class TakeAdviceButton(
    Rebuilt, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"advice:(?P<ticket>.{1,93})"
):
    """The second press: it writes auto mode into the settings."""

    def __init__(self, ticket: str) -> None:
        super().__init__(
            discord.ui.Button(label="Switch to auto", custom_id=f"advice:{ticket}", emoji="🧭")
        )
        self.ticket = ticket

    @guarded(Level.OWNER)
    async def callback(self, interaction: Interaction) -> None:
        """Take the ticket, write the settings, tell the channel."""
        person, bot = interaction.user, interaction.client
        now = discord.utils.utcnow()
        if bot.seals.redeem(self.ticket, person.id, now, _COMMAND) != _WHAT:
            raise Refusal(f"This button is not one for advice; use `{_COMMAND}`.")
        await bot.engine.take_advice()
        await interaction.response.send_message(
            f"🧭 {plain(person.display_name, 60)} switched spawning to auto mode."
        )


async def show_advice(interaction: Interaction, advice: Advice) -> None:
    """Answer with the advice, and with the button where the change is worth it."""
    view = discord.ui.View(timeout=None)
    if worth(advice):
        now = discord.utils.utcnow()
        view.add_item(
            TakeAdviceButton(interaction.client.seals.issue(_WHAT, interaction.user.id, now))
        )
    await interaction.followup.send(advice_text(advice), view=view, ephemeral=True)


def worth(advice: Advice) -> bool:
    """Whether auto mode is to be offered."""
    return advice.mode != "auto" and advice.auto > WORTH * advice.rules


def advice_text(advice: Advice) -> str:
    """The advice in words."""
    rates = (
        f"Your limits: **{advice.rules:.1f}** plots a day; auto mode: **{advice.auto:.1f}**; "
        f"no schedule makes more than {advice.bound:.1f} here ({plain(advice.binds)} binds)."
    )
    lines = [rates, f"Simulated, from: {plain(advice.basis)}"]
    if worth(advice):
        lines.append(
            'The button writes `mode = "auto"` into the settings and lifts `max_parallel` and '
            "`max_parallel_per_drive`; all other limits stay."
        )
    elif advice.mode == "auto":
        lines.append("Auto mode is on.")
    else:
        lines.append("A change is not worth it.")
    return "\n".join(lines)


def register(bot: FarmClient) -> None:
    """Let the bot know the button."""
    bot.add_dynamic_items(TakeAdviceButton)
