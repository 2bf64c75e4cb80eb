"""Keeps the page true: the clock goes with the real one, and what the bot did is shown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from plotobot.demo.unseen import outside

if TYPE_CHECKING:
    import simcord

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
_CLOCK_SECONDS = 1.0
_IDLE_REFRESH_SECONDS = 10.0
_LONGEST_REST_SECONDS = 1.2
"""Between two publications; with the page's own half second it keeps news under two."""


def behind(env: simcord.Env) -> float:
    """Seconds by which SimCord's clock is behind the real one."""
    return max(0.0, (datetime.now(UTC) - env.now()).total_seconds())


@contextlib.contextmanager
def kept_true(env: simcord.Env, preview: simcord.Preview) -> Iterator[None]:
    """Keep the clock and the page up, while inside."""
    turn = asyncio.Lock()
    _take_turns(preview, turn)
    keeper = outside(Keeper(env, preview, turn).run())
    try:
        yield
    finally:
        keeper.cancel()


class Keeper:
    """Moves SimCord's clock and publishes what the bot did."""

    def __init__(self, env: simcord.Env, preview: simcord.Preview, turn: asyncio.Lock) -> None:
        self._env = env
        self._preview = preview
        self._turn = turn
        self._published = time.perf_counter()
        self._rest = 0.0
        self._news = False

    async def run(self) -> None:
        """Until cancelled, or until the session was ended in the page."""
        import simcord

        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._look()
            except TimeoutError as error:
                _log.debug("A command is still at work, and the page waits for it: %s", error)
            except simcord.SetupError as error:
                _log.debug("The page is not kept up any more: %s", error)
                return

    async def _look(self) -> None:
        if self._env.http_requests:
            self._env.http_requests.clear()
            self._news = True
        since = time.perf_counter() - self._published
        publish = since > (self._rest if self._news else _IDLE_REFRESH_SECONDS)
        if publish or behind(self._env) > _CLOCK_SECONDS:
            async with self._turn:
                await self._env.advance_time(behind(self._env))
                if publish:
                    await self._publish()

    async def _publish(self) -> None:
        begun = time.perf_counter()
        await self._preview.refresh()
        self._news = False
        self._published = time.perf_counter()
        # SimCord builds all messages anew, in this loop, at 2 ms each: keep that under a fifth.
        self._rest = min(4 * (self._published - begun), _LONGEST_REST_SECONDS)


def _take_turns(preview: simcord.Preview, turn: asyncio.Lock) -> None:
    """Let what people do in the page and the keeping of the clock wait for each other.

    SimCord refuses an action that meets its clock moving, and one that was made on a page half a
    second old; Discord does neither. It offers no public place to say so, hence its own method.
    """
    act = preview._action

    async def action(context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        async with turn:
            page = preview._pages.get(context_id or "")
            if page is not None and isinstance(body, Mapping) and "published_revision" in body:
                body = {**body, "published_revision": page.revision}
            return await act(context_id, body)

    preview._action = action  # type: ignore[method-assign]
