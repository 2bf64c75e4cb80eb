"""What messages, buttons and cogs may use of the bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from plotobot.access import Access
from plotobot.engine.protocol import Engine
from plotobot.ui.listings import Listings
from plotobot.ui.seals import Seals

if TYPE_CHECKING:
    from plotobot.ui.snooze import Snoozes  # its buttons need this module


class FarmClient(commands.Bot):
    """A bot that speaks for one farm; `plotobot.bot.PlotoBot` is the one that runs."""

    engine: Engine
    access: Access
    seals: Seals
    listings: Listings
    snoozes: Snoozes
    command_ids: Mapping[str, int]
    """Discord's ids of the outermost commands, by name; empty until they are known."""


Interaction = discord.Interaction[FarmClient]
