"""Keeps work out of SimCord's sight, so that it runs in real time and holds up nothing.

SimCord tracks every task, timer and thread call that begins in a context with its mark, which its
gateway sets and every child inherits. It waits for all of them before it lets the page go on, a
timer among them may fire late, and one that waits for something unknown makes it give up. So:

* What the bot starts for good in `setup_hook`, and in the `cog_load` of its cogs, is started in a
  context without the mark.
* What a command asks of the engine runs in such a context too. The command itself stays tracked,
  which is how the page learns that it answered; when it waits for longer than a blink, that is
  declared to SimCord as a wait for something outside.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

from discord.ext import commands

if TYPE_CHECKING:
    import simcord

T = TypeVar("T")

_GRACE_SECONDS = 0.4
"""A call to the engine that is faster than this is part of the command that made it."""


def unseen() -> contextvars.Context:
    """This context without SimCord's marks: what starts in it is nobody's business but its own.

    The rest is kept, above all the adapter through which discord.py answers interactions.
    """
    fresh = contextvars.Context()
    for variable, value in contextvars.copy_context().items():
        if not variable.name.startswith("simcord_"):
            fresh.run(variable.set, value)
    return fresh


def outside(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a task that SimCord does not see."""
    return unseen().run(asyncio.create_task, work)


def set_up_outside(bot: commands.Bot) -> None:
    """Have the bot's set-up, and with it all tasks that it starts, run in real time."""
    set_up = bot.setup_hook

    async def setup_hook() -> None:
        await outside(set_up())

    bot.setup_hook = setup_hook  # type: ignore[method-assign]


class Beside:
    """Stands for an engine and calls it out of SimCord's sight."""

    def __init__(self, engine: object, env: simcord.Env) -> None:
        self._engine = engine
        self._env = env

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return self._called(found) if callable(found) else found

    def _called(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = unseen().run(method, *args, **kwargs)
            return self._waited(result) if inspect.iscoroutine(result) else result

        return call

    async def _waited(self, work: Coroutine[Any, Any, T]) -> T:
        task = outside(work)
        try:
            await outside(_glance(task))
            if task.done():
                return task.result()
            return await self._wait_long(task)
        finally:
            task.cancel()

    async def _wait_long(self, task: asyncio.Task[T]) -> T:
        import simcord

        try:
            return cast(T, await self._env.external_wait(task, reason="the engine is at work"))
        except simcord.SetupError:
            return await task  # not called by a command: SimCord does not wait for this anyway


async def _glance(task: asyncio.Task[Any]) -> None:
    await asyncio.wait({task}, timeout=_GRACE_SECONDS)
