"""What messages, buttons and cogs may use of the bot."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord.ext import commands

from plotobot.access import Access
from plotobot.engine.protocol import Engine
from plotobot.ui.listings import Listings
from plotobot.ui.seals import Seals


class FarmClient(commands.Bot):
    """A bot that speaks for one farm; `plotobot.bot.PlotoBot` is the one that runs."""

    engine: Engine
    access: Access
    seals: Seals
    listings: Listings
    command_ids: Mapping[str, int]
    """Discord's ids of the outermost commands, by name; empty until they are known."""


Interaction = discord.Interaction[FarmClient]
