"""One courier for each place that news is told in; a place that is closed falls to the main one."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from plotobot.alerts import BEGUN, Courier, Letter, Pace
from plotobot.engine.models import EventKind
from plotobot.engine.notes import noted
from plotobot.engine.protocol import Engine
from plotobot.telling import MAIN, WEBHOOK, Hush, Telling
from plotobot.ui.alerts import CRITICAL
from plotobot.ui.snooze import Snoozes

log = logging.getLogger(__name__)

CLOSED = "alerts.closed"
"""The note of the closed places that were told of."""

Post = Callable[[str, Letter], Awaitable[object]]
"""Brings a letter to a place: the main one, a channel by its id, a webhook by its name."""


class Couriers:
    """Tells each kind of event in its place; each has its own queue, so none waits for another.

    Args:
        engine: where the events come from.
        post: brings a letter to its place.
        telling: which kinds are told, and how.
        snoozes: what people want to hear nothing of for a while.
        pace: how long each courier waits between things.
    """

    def __init__(
        self,
        engine: Engine,
        post: Post,
        *,
        telling: Telling,
        snoozes: Snoozes,
        pace: Pace | None = None,
    ) -> None:
        self._engine, self._post = engine, post
        self._telling, self._snoozes = telling, snoozes
        self._pace = pace
        self._closed: set[str] = set()
        self._told: set[str] = set()
        self._carrying: list[asyncio.Task[None]] = []

    def obey(self, telling: Telling) -> None:
        """Tell other kinds, or in another manner, from now on."""
        self._telling = telling
        self._closed.clear()
        for task in self._carrying:  # others take over
            task.cancel()

    async def run(self) -> None:
        """Carry until cancelled."""
        while True:
            try:
                await self._snoozes.load()
                self._told = noted(await self._engine.recall(CLOSED), set[str], set())
                await self._carry_until_changed()
            except Exception:  # the last frame: whatever it was must not silence the farm
                log.exception("the couriers failed; trying again")
                await asyncio.sleep((self._pace or Pace()).longest)

    async def _carry_until_changed(self) -> None:
        """Let all carry, until they are to do so in another way or a place turns out closed."""
        places = self._couriers()
        self._carrying = [
            asyncio.create_task(courier.run(), name=f"courier {place}")
            for place, courier in places.items()
        ]
        try:
            await asyncio.wait(self._carrying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in self._carrying:
                task.cancel()
            results = await asyncio.gather(*self._carrying, return_exceptions=True)
        for place, result in zip(places, results, strict=True):
            if isinstance(result, Exception):
                await self._close(place, result)

    async def _close(self, place: str, error: Exception) -> None:
        """Let the main channel have what was for a closed place, and say so there."""
        self._closed.add(place)
        name = place if place.startswith(WEBHOOK) else f"channel {place}"
        what = (
            f"alerts for {name} cannot be written there ({error}), so they come here; "
            "mend [alerts.routes] or the bot's permissions and start Plotobot anew"
        )
        log.error(what)
        if place not in self._told:
            await self._engine.tell(EventKind.TROUBLE, what)
            await self._note(self._told | {place})

    async def _bring(self, place: str, letter: Letter) -> None:
        await self._post(place, letter)
        if place in self._told:  # it is open again
            await self._note(self._told - {place})

    async def _note(self, told: set[str]) -> None:
        """Put down which closed places were told of, so that no new start tells it again."""
        self._told = told
        await self._engine.remember(CLOSED, json.dumps(sorted(told)))

    def _couriers(self) -> dict[str, Courier]:
        kinds = self._kinds_by_place()
        return {
            place: Courier(
                self._engine,
                partial(self._bring, place),
                carries=carried,
                silent=frozenset(EventKind) - self._telling.kinds if place == MAIN else (),
                hush=self._hush,
                pace=self._pace,
                note=BEGUN if place == MAIN else f"{BEGUN}.{place}",
                patient=place == MAIN,
            )
            for place, carried in kinds.items()
        }

    def _kinds_by_place(self) -> dict[str, tuple[EventKind, ...]]:
        places: dict[str, list[EventKind]] = {MAIN: []}
        for kind in self._telling.kinds:
            place = self._telling.manner.place(kind, critical=kind in CRITICAL)
            places.setdefault(MAIN if place in self._closed else place, []).append(kind)
        return {place: tuple(kinds) for place, kinds in places.items()}

    def _hush(self) -> Hush:
        return Hush(self._telling.manner.quiet, self._snoozes.until)
