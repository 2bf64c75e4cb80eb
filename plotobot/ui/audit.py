"""The audit: what is put down of each interaction, and how owners see it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import discord

from plotobot.engine.models import AuditEntry, AuditView, Deed, Outcome
from plotobot.ui.client import Interaction
from plotobot.ui.text import MESSAGE_LIMIT, clip, fit, plain, plural, stamp

log = logging.getLogger(__name__)

ROWS = 8
"""Entries on a page."""
SIGNS: Mapping[Outcome, str] = {
    Outcome.ALLOWED: "▷",
    Outcome.REFUSED: "🚫",
    Outcome.DONE: "✔",
    Outcome.FAILED: "✖",
}


async def note(interaction: Interaction, outcome: Outcome, result: str = "") -> None:
    """Put an interaction down, beforehand or afterwards.

    Autocomplete is left out: it comes with each key, does nothing, and tells strangers nothing.
    """
    if interaction.type is not discord.InteractionType.autocomplete:
        await interaction.client.engine.note(deed_of(interaction, outcome, result))


async def note_after(interaction: Interaction, outcome: Outcome, result: str = "") -> None:
    """Put down how it went; what was done stays done if that cannot be written."""
    try:
        await note(interaction, outcome, result)
    except Exception:  # the last frame: the person has had the answer
        log.exception("what came of an interaction could not be put down")


def deed_of(interaction: Interaction, outcome: Outcome, result: str = "") -> Deed:
    """An interaction as it is put down: who, from where, and what they asked for."""
    person = interaction.user
    door = f"Discord, channel {interaction.channel_id} of server {interaction.guild_id}"
    return Deed(f"{person.name} ({person.id})", asked(interaction), outcome, door, result)


def asked(interaction: Interaction) -> str:
    """What was typed or pressed: a command with its options, or a button by its id."""
    data: Mapping[str, Any] = interaction.data or {}
    if command := interaction.command:
        return " ".join([f"/{command.qualified_name}", *_options(data)])
    pressed = str(data.get("custom_id", "?")).split(":")[:3]  # what follows may be a ticket
    chosen = [str(value) for value in data.get("values", ())]
    return " ".join([clip(":".join(pressed), 100), *(clip(value, 60) for value in chosen[:5])])


def _options(data: Mapping[str, Any]) -> Iterator[str]:
    for option in data.get("options", ()):
        if "value" in option:
            yield f"{option.get('name')}={clip(str(option['value']), 100)}"
        yield from _options(option)


def audit_text(view: AuditView) -> str:
    """A page of the audit."""
    if view.broken is None:
        head = f"**{plural(view.newest, 'entry', 'entries')}**, all as they were written"
    else:
        head = (
            f"⚠️ **The audit was tampered with**: entry {view.broken} is not what was written, "
            f"or was removed ({plural(view.newest, 'entry', 'entries')} in all)"
        )
    return fit([head, *(_line(one) for one in view.entries)], MESSAGE_LIMIT)


def _line(one: AuditEntry) -> str:
    deed = one.deed
    when = stamp(deed.at, "f") if deed.at else "?"
    via = "" if deed.door.startswith(("Discord", "engine")) else f", {plain(deed.door, 30)}"
    text = f"`{one.id}` {SIGNS[deed.outcome]} {when} {plain(deed.who, 40)}{via}: "
    text += plain(deed.what, 80) + (f" — {plain(deed.result, 70)}" if deed.result else "")
    return f"{clip(text, 230)} `{one.hash[:6]}`"
