"""Keeps the live board: one message for a machine, changed in place and only when it looks new."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import discord

from plotobot.alerts import AWAY, LATER, is_shut
from plotobot.engine.models import EventKind
from plotobot.engine.notes import noted
from plotobot.engine.protocol import Engine
from plotobot.ui.board import Face, Scene, board_view, face

log = logging.getLogger(__name__)

NOTE = "board"
"""The note of where the board is."""
LOST = frozenset({10008, 50005})
"""Discord's codes for a message that is gone, and for one of another bot, as after a new token."""
FAREWELL = 5.0
"""Seconds that taking leave may take, on a machine busy with plots; then the bot goes without."""


class Wall(Protocol):
    """Where a board hangs: what the keeper asks of the link to Discord."""

    async def hang(self, channel: int, view: discord.ui.LayoutView, nonce: str) -> int:
        """Send the board as a new message; its id."""
        ...

    async def repaint(self, channel: int, message: int, view: discord.ui.LayoutView) -> None:
        """Change the board in place."""
        ...

    async def take_down(self, channel: int, message: int) -> None:
        """Remove a board."""
        ...


@dataclass(frozen=True, slots=True)
class BoardPace:
    """How long the keeper waits, in seconds."""

    every: float = 15.0
    """From one edit to the next; for older messages Discord takes 3 in 6 s for a channel."""
    gather: float = 1.0
    """From a look that showed nothing new to the next."""
    first: float = 15.0
    """After a failure; doubled each time."""
    longest: float = 300.0
    shut: float = 600.0
    """After Discord said that the channel is closed to us: 10,000 such answers mean a ban."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the board is, as it is kept over restarts."""

    channel: int
    message: int | None = None
    nonce: str = ""
    """Under which it was sent: what a death between the sending and the noting left is found."""
    shut: bool = False
    """Whether it was told that the channel is closed."""


class BoardKeeper:
    """Shows an engine on one board.

    Args:
        engine: what is shown.
        wall: where.
        channel: the board's channel; None has none.
        main: the farm's channel, where trouble with the board's own is told.
        pace: how long it waits between things.
    """

    def __init__(
        self,
        engine: Engine,
        wall: Wall,
        *,
        channel: int | None,
        main: int,
        pace: BoardPace | None = None,
    ) -> None:
        self._engine, self._wall = engine, wall
        self._channel, self._main = channel, main
        self._pace = pace or BoardPace()
        self._delay = self._pace.first
        self._place: Place | None = None
        self._shown: Face | None = None
        self._moved = False
        self._waiting: asyncio.Future[None] | None = None

    def move_to(self, channel: int | None, main: int) -> None:
        """Hang in another channel from now on; None takes the board away."""
        if channel != self._channel:
            self._channel, self._main, self._moved = channel, main, True
            if self._waiting is not None:
                self._waiting.cancel()

    async def run(self) -> None:
        """Keep the board until cancelled."""
        while True:
            changed = asyncio.ensure_future(self._engine.changed())  # ask first: none slips between
            try:
                self._moved = False
                rest = await self._look()
                await self._wait(asyncio.ensure_future(asyncio.sleep(rest)))
                if self._shown is not None or self._channel is None:
                    await self._wait(changed)
            finally:
                changed.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await changed

    async def farewell(self) -> None:
        """Say once that the bot stops and the plots go on; never takes long, never fails."""
        if self._channel is None:
            return
        try:
            async with asyncio.timeout(FAREWELL):
                place = await self._known_place()
                if place.channel != self._channel:
                    return
                if place.message is None and place.nonce:  # it was sent, but never noted
                    await self._hang(place, face(await self._scene()))
                    place = await self._known_place()
                if place.message is not None:
                    shown = face(await self._scene(), stopped=True)
                    await self._wall.repaint(place.channel, place.message, _view(shown))
        except Exception as error:  # the last frame: nothing holds up the shutdown
            log.info("the board could not be told of the stop: %r", error)

    async def show(self) -> bool:
        """Bring the board up to date; whether Discord had to be asked."""
        place = await self._known_place()
        if place.channel != (self._channel or 0):
            place = await self._move(place)
        if self._channel is None:
            return False
        shown = face(await self._scene())
        if shown == self._shown and place.message is not None:
            return False
        self._shown = shown if await self._paint(place, shown) else None
        return True

    async def _look(self) -> float:
        """Show what there is; the seconds to rest at least."""
        try:
            asked = await self.show()
        except Exception as error:  # the last frame: a board that fails must not end the bot
            self._shown = None
            return await self._after(error)
        if asked:
            await self._note_open()
            self._delay = self._pace.first
        if self._channel is None:
            return 0.0
        return self._pace.every if asked else self._pace.gather

    async def _after(self, error: Exception) -> float:
        """The seconds to wait after a failure, by whose it was."""
        if is_shut(error):
            await self._note_shut(error)
            return self._pace.shut
        if not isinstance(error, (*AWAY, discord.HTTPException)):
            log.error("the board cannot be drawn", exc_info=error)
            return self._pace.longest
        status = getattr(error, "status", 503)
        if status < 500 and status not in LATER:
            log.error("Discord refused the board: %s", error)
            return self._pace.longest
        log.warning("the board did not get through: %s", error)
        if status == 401:
            return self._pace.shut
        delay, self._delay = self._delay, min(self._delay * 2, self._pace.longest)
        return max(delay, getattr(error, "retry_after", 0.0))

    async def _paint(self, place: Place, shown: Face) -> bool:
        """Change the message, or make one; whether it looks as asked now."""
        if place.message is not None:
            try:
                await self._wall.repaint(place.channel, place.message, _view(shown))
            except (discord.NotFound, discord.Forbidden) as error:
                if error.code not in LOST:
                    raise
                log.info("the board's message is gone, or another bot's; making a new one")
                place = replace(place, message=None, nonce="")
            else:
                return True
        return await self._hang(place, shown)

    async def _hang(self, place: Place, shown: Face) -> bool:
        again = bool(place.nonce)
        if not again:
            place = replace(place, message=None, nonce=secrets.token_hex(12))
            await self._keep(place)
        message = await self._wall.hang(place.channel, _view(shown), place.nonce)
        await self._keep(replace(place, message=message))
        return not again  # under a known nonce Discord may have given an older one

    async def _move(self, place: Place) -> Place:
        """Leave the channel where it was; the old board would go stale."""
        if place.message is not None:
            try:
                await self._wall.take_down(place.channel, place.message)
            except (*AWAY, discord.HTTPException) as error:
                log.warning("the old board could not be removed: %s", error)
        place = Place(self._channel or 0)
        await self._keep(place)
        self._shown = None
        return place

    async def _scene(self) -> Scene:
        engine = self._engine
        return Scene(
            machine=engine.machine,
            now=discord.utils.utcnow(),
            spawner=await engine.spawner(),
            mover=await engine.mover(),
            jobs=await engine.jobs(),
            drives=await engine.drives(),
        )

    async def _known_place(self) -> Place:
        if self._place is None:
            kept = await self._engine.recall(NOTE)
            self._place = noted(kept, Place, Place(self._channel or 0))
        return self._place

    async def _keep(self, place: Place) -> None:
        self._place = place
        await self._engine.remember(NOTE, json.dumps(asdict(place)))

    async def _note_shut(self, error: Exception) -> None:
        place = await self._known_place()
        if place.shut:
            return
        log.error("the board's channel is closed to the bot (%s); trying again", error)
        await self._keep(replace(place, shut=True))
        if self._channel != self._main:
            what = f"the board cannot be shown in channel {self._channel}: {error}"
            await self._engine.tell(EventKind.TROUBLE, what)

    async def _note_open(self) -> None:
        place = await self._known_place()
        if place.shut:
            log.info("the board's channel is open again")
            await self._keep(replace(place, shut=False))

    async def _wait(self, what: asyncio.Future[None]) -> None:
        """Wait, unless the board is to go elsewhere."""
        if self._moved:
            what.cancel()
        self._waiting = what
        try:
            await asyncio.wait([what])
        finally:
            self._waiting = None
            what.cancel()


def _view(shown: Face) -> discord.ui.LayoutView:
    return board_view(shown, discord.utils.utcnow())
