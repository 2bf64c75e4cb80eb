"""When summaries are told, and the button that writes it into the settings."""

from __future__ import annotations

import re
from typing import Any

import discord

from plotobot.access import Level
from plotobot.engine.summary import ReportPlan
from plotobot.errors import Refusal
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.text import plain, plural, stamp

_WHAT = "report"
_COMMAND = "/report every"
NONE = frozenset({"none", "never", "off", "-"})
"""What people type to take all times away."""


class KeepPlanButton(
    Rebuilt, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"plan:(?P<ticket>.{1,94})"
):
    """The second press: it writes the plan into the settings."""

    def __init__(self, ticket: str) -> None:
        super().__init__(discord.ui.Button(label="Keep for good", custom_id=f"plan:{ticket}"))
        self.ticket = ticket

    @guarded(Level.OWNER)
    async def callback(self, interaction: Interaction) -> None:
        """Take the ticket, write the settings, tell the channel."""
        person, bot = interaction.user, interaction.client
        now = discord.utils.utcnow()
        if bot.seals.redeem(self.ticket, person.id, now, _COMMAND) != _WHAT:
            raise Refusal(f"This button is not one for summaries; use `{_COMMAND}`.")
        plan = await bot.engine.keep_report_plan()
        text = f"📌 {plain(person.display_name, 60)} wrote it into the settings. "
        await interaction.response.send_message(text + plan_text(plan))


async def show_plan(interaction: Interaction, plan: ReportPlan, *, changed: bool) -> None:
    """Answer with the plan; with the button, where it differs from the settings."""
    view = discord.ui.View(timeout=None)
    if (plan.hours, plan.at) != (plan.written_hours, plan.written_at):
        ticket = interaction.client.seals.issue(_WHAT, interaction.user.id, discord.utils.utcnow())
        view.add_item(KeepPlanButton(ticket))
    await interaction.response.send_message(plan_text(plan), view=view, ephemeral=not changed)


def plan_text(plan: ReportPlan) -> str:
    """When summaries are told, in a sentence or two."""
    text = f"📊 {_when(plan.hours, plan.at)}"
    if (plan.hours, plan.at) != (plan.written_hours, plan.written_at):
        written = _when(plan.written_hours, plan.written_at)
        text += f" This holds until the next start; the settings say: {written}"
    return text + (f" The next one comes {stamp(plan.next)}." if plan.next else "")


def _when(hours: float, at: tuple[str, ...]) -> str:
    ways = [f"every {plural(int(hours), 'hour')}" if hours == int(hours) else f"every {hours:g} h"]
    ways = ways if hours else []
    ways += [f"at {', '.join(at)}"] if at else []
    return f"A summary is told {' and '.join(ways)}." if ways else "No summary is told."


def times_typed(text: str | None) -> list[str] | None:
    """Times as people type them: apart by spaces or commas; `none` takes them all away."""
    if text is None:
        return None
    words = re.split(r"[\s,;]+", text.strip())
    return [] if words[0].lower() in NONE else [word for word in words if word]


def register(bot: FarmClient) -> None:
    """Let the bot know the button."""
    bot.add_dynamic_items(KeepPlanButton)
