"""Tells the farm's channel what happened: each event once, in order, however long Discord is away.

Needs Discord's REST interface only, not the gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import aiohttp
import discord

from plotobot.engine.models import Event, EventKind
from plotobot.engine.notes import noted
from plotobot.engine.protocol import Engine
from plotobot.errors import PlotobotError
from plotobot.telling import Hush
from plotobot.ui.alerts import CRITICAL, alert_text, digest_holds, digest_text
from plotobot.ui.report_buttons import Enclosure, enclosed

log = logging.getLogger(__name__)

SINGLY = 5
"""Up to so many waiting events get a message each; more become one digest."""
AT_ONCE = 200
"""Events read at a time."""
BEGUN = "alerts.begun"
"""The note of what the letter tells that was sent last, or is on its way."""
SHUT = (discord.Forbidden, discord.NotFound)
NO_PLACE = frozenset({50008, 50083, 160005, 220001, 220003, 50027})
"""Discord's codes for places where nobody writes: no text channel, an archived or locked thread, a
forum that wants a title from a webhook, a webhook's wrong token (Discord's developer documentation,
"JSON error codes")."""
AWAY = (discord.DiscordServerError, aiohttp.ClientError, OSError, asyncio.TimeoutError)
UNWANTED = frozenset({400, 403, 413})
"""Statuses that may mean the enclosure: too large, or a channel where files are forbidden."""
LATER = frozenset({401, 408, 429})
"""Statuses that say nothing against the message."""
LOOK_AGAIN = 60.0
"""Seconds after which it is asked again whether what was held back may be told."""


def is_shut(error: BaseException) -> bool:
    """Whether Discord said that nothing of ours is taken in that place, whatever it is."""
    return isinstance(error, SHUT) or getattr(error, "code", 0) in NO_PLACE


class PlaceClosed(PlotobotError):  # noqa: N818 - it reads as what it is
    """Discord lets nobody of ours write in a place that is not the main one."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the courier waits, in seconds."""

    gather: float = 0.2
    """After a change, so that what comes in a burst is read at once."""
    rest: float = 1.0
    """After sending: Discord takes 5 messages in 5 s for a channel, and a flood makes digests."""
    first: float = 1.0
    """After a failure; doubled each time."""
    longest: float = 60.0
    shut: float = 600.0
    """After Discord said that the channel is closed to us: 10,000 such answers mean a ban."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, and the events it tells of."""

    text: str
    nonce: str
    ids: tuple[int, ...]
    urgent: tuple[EventKind, ...] = ()
    """The critical kinds it tells of."""
    summary: int = 0
    """The number of the summary that it tells, which goes with it in full; 0 for other news."""
    enclosure: Enclosure | None = None
    """What goes with it, once that was drawn."""


Send = Callable[[Letter], Awaitable[object]]
"""Sends a letter under its nonce; one that Discord saw in the last minutes makes no new message."""


def letters(
    events: Sequence[Event],
    machine: str,
    begun: Collection[int] = frozenset(),
    held: Callable[[Event], bool] = lambda _: False,
) -> list[Letter]:
    """Turn waiting events into messages: few of them one by one, many as one digest.

    A digest takes only so many that each critical one has its line; the rest wait for the next.
    Summaries are in none: they come with charts and buttons.

    Args:
        events: those that wait, oldest first.
        machine: who tells.
        begun: what the last letter told of, which Discord may have taken. It is told again just
            so, under the same nonce, and by itself: within other words it would be told twice.
        held: whether an event was held back for a while; such ones come as one digest.
    """
    if again := [event for event in events if event.id in begun]:
        return [_letter(again, machine)]
    waited = [place for place, event in enumerate(events) if held(event)]
    if len(waited) > 1:  # those between them go along: nothing overtakes
        return _digest(events[: waited[-1] + 1], machine)
    if len(events) <= SINGLY:
        return [_letter([event], machine) for event in events]
    return _digest(events, machine)


def _digest(events: Sequence[Event], machine: str) -> list[Letter]:
    """One letter for as many as it holds, and one for each summary."""
    told = [event for event in events if event.kind is not EventKind.SUMMARY]
    apart = [event for event in events if event.kind is EventKind.SUMMARY]
    rest = [_letter([event], machine) for event in apart[:SINGLY]]
    return [_letter(_that_fit(told, machine), machine), *rest] if told else rest


def _that_fit(events: Sequence[Event], machine: str) -> Sequence[Event]:
    """The first of them, as many as a digest holds."""
    told = events
    while len(told) > SINGLY and not digest_holds(told, machine):
        told = told[: len(told) * 2 // 3]
    return told


def _letter(events: Sequence[Event], machine: str) -> Letter:
    urgent = tuple(dict.fromkeys(event.kind for event in events if event.kind in CRITICAL))
    ids = tuple(event.id for event in events)
    if len(events) == 1:
        (one,) = events
        number = one.data.get("number", 0) if one.kind is EventKind.SUMMARY else 0
        text = _told(one, machine, discord.utils.utcnow())
        return Letter(text, one.nonce, ids, urgent, number)
    nonce = digest_nonce([event.nonce for event in events])
    return Letter(digest_text(events, machine), nonce, ids, urgent)


def _told(event: Event, machine: str, now: datetime) -> str:
    try:
        return alert_text(event, machine, now)
    except Exception:  # the last frame: an event that has no words must not hold up the others
        log.exception("event %d has no words", event.id)
        return f"⚠️ {event.kind.replace('_', ' ')}; the log tells more."


def digest_nonce(nonces: Sequence[str]) -> str:
    """The nonce of a digest: the same rows give the same one, any other rows another.

    With the first row's nonce alone, a digest that grew while the bot was down would pass for the
    one already sent, and the news it gained would be lost.
    """
    joined = "\n".join(nonces)
    return hashlib.blake2b(joined.encode(), digest_size=12).hexdigest()  # Discord takes 25 at most


class Courier:
    """Carries events of some kinds from the engine to one place, each after the other.

    Args:
        engine: where they come from.
        send: brings a letter to the place.
        carries: the kinds that are told there.
        silent: the kinds that nobody is told of; they count as told.
        hush: asked each time what is held back at present.
        pace: how long it waits between things.
        note: where it keeps what it tells; each courier has its own.
        patient: whether to wait for a place that is closed; else that ends `run`.
    """

    def __init__(
        self,
        engine: Engine,
        send: Send,
        *,
        carries: Collection[EventKind] = frozenset(EventKind),
        silent: Collection[EventKind] = frozenset(),
        hush: Callable[[], Hush] = Hush,
        pace: Pace | None = None,
        note: str = BEGUN,
        patient: bool = True,
    ) -> None:
        self._engine = engine
        self._send = send
        self._carries, self._silent = frozenset(carries), frozenset(silent)
        self._hush = hush
        self._pace = pace or Pace()
        self._note = note
        self._patient = patient
        self._begun: frozenset[int] | None = None
        self._shut = False

    async def run(self) -> None:
        """Carry until cancelled.

        Raises:
            PlaceClosed: the place is, and this courier does not wait for it.
        """
        while True:
            try:
                await self._watch()
            except PlaceClosed:
                raise
            except Exception:  # the last frame: one broken event must not silence the farm
                log.exception("telling the news failed; trying again")
                await asyncio.sleep(self._pace.longest)

    async def _watch(self) -> None:
        while True:
            changed = asyncio.ensure_future(self._engine.changed())  # ask first: none slips between
            try:
                if await self.deliver():
                    await asyncio.sleep(self._pace.rest)
                else:
                    # Not wait_for: what is held back may be told though nothing changes.
                    await asyncio.wait([changed], timeout=self._until_released())
                    await asyncio.sleep(self._pace.gather)
            finally:
                changed.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await changed

    async def deliver(self) -> bool:
        """Tell what waits now and is not held back; whether there was anything."""
        if self._begun is None:
            kept = await self._engine.recall(self._note)
            self._begun = noted(kept, frozenset[int], frozenset())
        begun = self._begun
        kinds = self._carries if begun else self._carries - self._held()
        events = await self._engine.undelivered(AT_ONCE, kinds | self._silent)
        if silent := [event.id for event in events if event.kind in self._silent]:
            await self._engine.delivered(silent)
        waiting = [event for event in events if event.kind in kinds]
        if begun:  # what else there is may have to wait
            waiting = [event for event in waiting if event.id in begun]
        for letter in letters(waiting, self._engine.machine, begun, self._was_held):
            await self._tell(letter)
        self._begun = frozenset()
        return bool(events or begun)

    async def _tell(self, letter: Letter) -> None:
        self._begun = frozenset(letter.ids)
        await self._engine.remember(self._note, json.dumps(letter.ids))
        await self._carry(letter)
        await self._engine.delivered(letter.ids)

    def _held(self) -> frozenset[EventKind]:
        return frozenset(self._releases())

    def _releases(self) -> dict[EventKind, datetime]:
        hush, now = self._hush(), discord.utils.utcnow()
        ends = {
            kind: hush.held_until(kind, now, critical=kind in CRITICAL) for kind in self._carries
        }
        return {kind: end for kind, end in ends.items() if end}

    def _until_released(self) -> float | None:
        """Seconds until something held back may be told, at most those to look again."""
        ends = self._releases().values()
        if not ends:
            return None
        left = (min(ends) - discord.utils.utcnow()).total_seconds()
        return min(LOOK_AGAIN, max(left, 0.1))

    def _was_held(self, event: Event) -> bool:
        held = self._hush().held_until(event.kind, event.at, critical=event.kind in CRITICAL)
        return held is not None

    async def _carry(self, letter: Letter) -> None:
        """Send one letter, as often as it takes, always under the same nonce."""
        delay = self._pace.first
        enclosure = await self._enclosure(letter)
        while (wait := await self._try(letter, enclosure)) is not None:
            await asyncio.sleep(max(wait, delay))
            delay = min(delay * 2, self._pace.longest)

    async def _enclosure(self, letter: Letter) -> Enclosure | None:
        """What goes with a letter, drawn once; a summary comes in words rather than not at all."""
        if not letter.summary:
            return None
        try:
            summary = await self._engine.past_summary(letter.summary)
            return await enclosed(self._engine, summary)
        except Exception:  # the last frame: the news itself must get through
            log.exception("summary %d goes in words alone", letter.summary)
            return None

    async def _hand_over(self, letter: Letter, enclosure: Enclosure | None) -> None:
        """Send a letter; what goes with it stays behind where Discord does not take that."""
        if enclosure is not None:
            try:
                await self._send(replace(letter, enclosure=enclosure))
            except discord.HTTPException as error:
                if error.status not in UNWANTED:
                    raise
                log.warning("a summary goes in words alone, for Discord refused: %s", error)
            else:
                return
        await self._send(letter)

    async def _try(self, letter: Letter, enclosure: Enclosure | None) -> float | None:
        """None once the letter is done with, else the seconds to wait at least."""
        try:
            await self._hand_over(letter, enclosure)
        except AWAY as error:
            log.warning("an alert did not get through: %s", error)
            return 0.0
        except discord.HTTPException as error:
            return self._after_status(error, letter)
        if self._shut:
            log.info("the alert channel is open again")
        self._shut = False
        return None

    def _after_status(self, error: discord.HTTPException, letter: Letter) -> float | None:
        if is_shut(error):
            return self._closed(error)
        if error.status == 401:
            log.error("Discord does not take the bot's token any more; alerts wait")
            return self._pace.shut
        if error.status >= 500 or error.status in LATER:
            log.warning("an alert did not get through: %s", error)
            return getattr(error, "retry_after", 0.0)
        log.error("Discord refused alert %s for good: %s", letter.ids, error)
        return None

    def _closed(self, error: discord.HTTPException) -> float:
        """The seconds to wait for a place that takes nothing."""
        if not self._patient:
            raise PlaceClosed(str(error)) from None
        if not self._shut:
            log.error("the alert channel is closed to the bot (%s); alerts wait", error)
        self._shut = True
        return self._pace.shut


__all__ = ["CRITICAL", "Courier", "Letter", "Pace", "PlaceClosed", "digest_nonce", "letters"]
