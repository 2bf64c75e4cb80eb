"""Hearing nothing of one kind of event for a while: the buttons below critical alerts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import discord

from plotobot.access import Level
from plotobot.engine.models import EventKind
from plotobot.engine.notes import noted
from plotobot.engine.protocol import Engine
from plotobot.errors import Refusal
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.text import plain, stamp

NOTE = "alerts.snoozed"
"""The note of what is snoozed until when."""
HOURS = (1, 8)
KEPT = timedelta(days=1)
"""So long an ended snooze is known: what it held back comes as one digest."""


class Snoozes:
    """What people want to hear nothing of, and until when."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.until: dict[EventKind, datetime] = {}

    async def load(self) -> None:
        """Take up what was snoozed before a restart."""
        written = noted(await self._engine.recall(NOTE), dict[str, datetime], {})
        known = {kind.value: kind for kind in EventKind}
        self.until = {known[name]: end for name, end in written.items() if name in known}

    async def snooze(self, kind: EventKind, now: datetime, span: timedelta) -> datetime:
        """Hear nothing of a kind for so long; none ends a snooze.

        Returns:
            When it is over.
        """
        end = now + span
        self.until = {k: t for k, t in self.until.items() if now - t < KEPT} | {kind: end}
        kept = {k.value: t.isoformat() for k, t in self.until.items()}
        await self._engine.remember(NOTE, json.dumps(kept))
        return end


class SnoozeButton(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"snooze:(?P<kind>[a-z_]{1,40}):(?P<hours>[0-9]{1,2})",
):
    """Holds one kind of event back for some hours; for none, ends that."""

    NUMBERS = frozenset({"hours"})

    def __init__(self, kind: str, hours: int) -> None:
        label = f"Snooze {hours} h" if hours else "Tell again"
        custom_id = f"snooze:{kind}:{hours}"
        emoji = "🔕" if hours else "🔔"
        super().__init__(discord.ui.Button(label=label, emoji=emoji, custom_id=custom_id))
        self.kind, self.hours = kind, hours

    @guarded(Level.OPERATOR)
    async def callback(self, interaction: Interaction) -> None:
        """Hold the kind back, or no more, and tell the channel who wanted it."""
        if self.kind not in {kind.value for kind in EventKind}:
            raise Refusal("This kind of news does not exist any more.")
        kind, now = EventKind(self.kind), discord.utils.utcnow()
        end = await interaction.client.snoozes.snooze(kind, now, timedelta(hours=self.hours))
        who, words = plain(interaction.user.display_name, 60), kind.value.replace("_", " ")
        if not self.hours:
            await interaction.response.send_message(f"🔔 {who}: news of *{words}* is told again.")
            return
        view = discord.ui.View(timeout=None)
        view.add_item(SnoozeButton(self.kind, 0))
        text = f"🔕 {who} snoozed *{words}*: such news waits until {stamp(end, 't')}."
        await interaction.response.send_message(text, view=view)


def snooze_buttons(kinds: Sequence[EventKind]) -> discord.ui.View | None:
    """The buttons below an alert that tells of one critical kind; below others there are none."""
    if len(kinds) != 1:
        return None
    view = discord.ui.View(timeout=None)
    for hours in HOURS:
        view.add_item(SnoozeButton(kinds[0].value, hours))
    return view


def register(bot: FarmClient) -> None:
    """Let the bot know the buttons."""
    bot.add_dynamic_items(SnoozeButton)
