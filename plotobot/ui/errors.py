"""One answer to every failure."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from typing import Any

import aiohttp
import discord
from discord import app_commands

from plotobot.engine.models import Outcome
from plotobot.errors import Refusal
from plotobot.ui.client import Interaction
from plotobot.ui.text import MESSAGE_LIMIT, clip

log = logging.getLogger(__name__)

WRAPPERS = (app_commands.CommandInvokeError, app_commands.TransformerError)
UNREACHED = (discord.HTTPException, aiohttp.ClientError, OSError, asyncio.TimeoutError)
"""What an answer can die of on its way."""


async def answer_error(interaction: Interaction, error: Exception) -> tuple[Outcome, str]:
    """Tell the person what they can use, and the log the rest.

    A refusal is shown as it is. Anything else gets a code that stands in the log beside the
    traceback; the text of the exception stays out of Discord, since it may hold a path or a key.

    Returns:
        What it was, and what the person was told.
    """
    outcome, text = _words(interaction, error)
    await answer_no(interaction, text)
    return outcome, text


def _words(interaction: Interaction, error: Exception) -> tuple[Outcome, str]:
    cause = error.__cause__ if isinstance(error, WRAPPERS) and error.__cause__ else error
    if isinstance(cause, Refusal):
        return Outcome.REFUSED, str(cause)
    if isinstance(cause, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return Outcome.REFUSED, "This command has changed. Reload Discord and try again."
    number = secrets.token_hex(3)
    log.error("error %s in %s", number, where(interaction), exc_info=cause)
    text = f"That failed, and not through your doing. The log has it as `{number}`."
    return Outcome.FAILED, text


async def answer_no(interaction: Interaction, text: str) -> None:
    """Tell one person, and nobody else, why nothing happens."""
    text = clip(text, MESSAGE_LIMIT)
    try:
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])  # it takes no message
        elif interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except (*UNREACHED, discord.InteractionResponded) as failed:
        log.warning("could not answer %s: %s", where(interaction), failed)


def where(interaction: Interaction) -> str:
    """An interaction in the log: what was asked, and by whom; none of the words they typed."""
    data: Mapping[str, Any] = interaction.data or {}
    command = interaction.command
    button = ":".join(
        str(data.get("custom_id", "?")).split(":")[:3]
    )  # what follows may be a ticket
    name = f"/{command.qualified_name}" if command else button[:100]
    return f"{name!r} by user {interaction.user.id} in guild {interaction.guild_id}"
