"""The sample bot in this process, for the tests of the loopback itself."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import discord
import pytest

from tests.loopback.sample_bot import SampleBot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.loopback import LoopbackDiscord

MESSAGES = r"/channels/\d+/messages"


@contextlib.asynccontextmanager
async def running(loopback: LoopbackDiscord) -> AsyncIterator[SampleBot]:
    """Run the bot, connected and ready; its own error comes out if it never gets there."""
    async with SampleBot(loopback.guild.id) as bot:
        task = asyncio.create_task(bot.start(loopback.token))
        try:
            ready = asyncio.create_task(loopback.connected())
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            await bot.wait_until_ready()
            yield bot
        finally:
            await bot.close()
            await task


async def refused(awaitable: Any) -> tuple[int, int]:
    """Return status and code of the refusal that a request must meet."""
    with pytest.raises(discord.HTTPException) as caught:
        await awaitable
    return caught.value.status, caught.value.code
