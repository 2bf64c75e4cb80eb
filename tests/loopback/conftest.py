"""The sample bot, connected, and its view of the farm's channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import pytest

from tests.loopback.running import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.loopback import LoopbackDiscord
    from tests.loopback.sample_bot import SampleBot


@pytest.fixture
async def bot(loopback: LoopbackDiscord, point_at_loopback: None) -> AsyncIterator[SampleBot]:
    async with running(loopback) as running_bot:
        yield running_bot


@pytest.fixture
def channel(loopback: LoopbackDiscord, bot: SampleBot) -> discord.TextChannel:
    found = bot.get_channel(loopback.channel.id)
    assert isinstance(found, discord.TextChannel)
    return found
