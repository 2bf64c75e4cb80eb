"""The mover: sees finished plots, decides where they go, and carries them there, over restarts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter

from plotobot.engine.config import EngineConfig
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.models import (
    DestinationView,
    Drive,
    DriveKind,
    Event,
    EventKind,
    Job,
    Move,
    MoverView,
    MoveState,
)
from plotobot.engine.moving.base import Ident, Step
from plotobot.engine.moving.dispatch import Candidate, Place, Underway, dispatch, full_places
from plotobot.engine.moving.fleet import Fleet
from plotobot.engine.moving.folder import PATIENCE
from plotobot.engine.moving.harbour import Harbour
from plotobot.engine.moving.news import Alarm, destination_events, full_events, nowhere_alarm
from plotobot.engine.moving.shelf import MoveShelf
from plotobot.engine.moving.sources import finished_plots, judged, without
from plotobot.engine.notes import noted
from plotobot.engine.store import Store
from plotobot.engine.tending import tended
from plotobot.errors import Refusal

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0
"""Seconds between two looks for plots to move; the end of a plot or of a move wakes it as well."""
SCAN_PATIENCE = 10.0
"""Seconds that an out drive gets to list its plots."""
AWAY_REST = 30.0
"""Seconds until a destination that went away amid a move is tried again."""
NOTE = "mover"
"""The note of whether it is on, and of the paused destinations."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What was said by command, as it is kept over restarts."""

    running: bool = False
    set: bool | None = None
    """`move.enabled` as it was then; a changed one has the last word at a start."""
    paused: frozenset[str] = frozenset()


class Mover:
    """Moves the out drives' finished plots, inside `async with`."""

    def __init__(
        self,
        config: EngineConfig,
        store: Store,
        drives: Callable[[], Sequence[Drive]],
        changed: Callable[[], None],
        now: Callable[[], datetime],
        *,
        away_rest: float = AWAY_REST,
        patience: float = PATIENCE,
        halted: Callable[[], str | None] = lambda: None,
        live: Callable[[], Sequence[Job]] = lambda: (),
    ) -> None:
        """Prepare; nothing is moved before `async with`.

        Args:
            config: the drives and the rules.
            store: keeps moves and events.
            drives: gives the drives as of the last look.
            changed: called when there is something new to see.
            now: the clock.
            away_rest: seconds until a destination that went away is tried again.
            patience: seconds without progress until a destination counts as hung.
            halted: gives the reason why no journal can be kept; while there is one, none is begun.
            live: gives our jobs that are not judged yet; their plots stay where they are so long.
        """
        self._config = config
        self._store = store
        self._drives, self._changed, self._now = drives, changed, now
        self._halted, self._live = halted, live
        self._harbour = Harbour(config, patience)
        self._shelf = MoveShelf(store)
        self._fleet = Fleet(
            self._shelf,
            lambda: self._config.move,
            self._fleet_changed,
            now,
            away_rest,
            config.state_dir,
        )
        self._running = config.move.enabled
        self._paused: set[str] = set()
        self._ordered: dict[str, str | None] = {}
        """Plots that a person ordered to be moved, each with the destination he named.

        They stay here until they are moved, or cannot be: one place may refuse, another take them.
        """
        self._candidates: list[Candidate] = []
        self._underway_then: frozenset[str] = frozenset()
        """The plots that were on their way when the candidates were listed; they may be gone."""
        self._places: list[Place] = []
        self._holds: tuple[str, ...] = ()
        self._nowhere = False
        self._took_again = False
        """Whether a destination that had refused took a plot since the last look."""
        self._problems: Mapping[str, str] = {}
        self._alarm = Alarm()
        self._full: frozenset[str] = frozenset()
        self._last: str | None = None
        self._carried_before = 0
        self._listing: Patience[str, list[Candidate]] = Patience(SCAN_PATIENCE)
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._load()
        self._task = asyncio.create_task(
            tended("the mover", self._run, self._tell_trouble), name="mover"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._fleet.close()

    # --- what people ask ---

    def view(self) -> MoverView:
        """What it is doing, as of the last look."""
        waiting = self._left(self._candidates)
        return MoverView(
            running=self._running,
            moves=tuple(self._fleet.all()),
            destinations=tuple(self._seen(place) for place in self._places),
            waiting=len(waiting),
            waiting_bytes=sum(plot.ident.size for plot in waiting),
            holds=self._holds,
        )

    async def seen_now(self) -> MoverView:
        """What it is doing, as of a look that is taken now."""
        await self._look(needed=False)
        return self.view()

    async def start(self) -> MoverView:
        """Move plots as they come, from now on."""
        self._running = True
        await self._note()
        await self._look()
        return self.view()

    async def stop(self) -> MoverView:
        """Begin no more moves; those that have begun go on."""
        self._running = False
        self._ordered.clear()
        await self._note()
        self._changed()
        return self.view()

    async def once(self, source: str | None = None, destination: str | None = None) -> MoverView:
        """Move the plots that are finished now, also while stopped.

        Args:
            source: an out drive, as its path; None takes all of them.
            destination: where they are to go; None chooses as the rules say.

        Raises:
            Refusal: there is no such drive or destination.
        """
        await self._look(needed=True)
        if source is not None and source not in {d.path for d in self._sources()}:
            raise Refusal(f"{source} is no out drive; `/drives out` lists them.")
        self._require(destination)
        wanted = [c for c in self._candidates if source in (None, str(Path(c.source).parent))]
        self._ordered |= {candidate.source: destination for candidate in wanted}
        for candidate in wanted:
            self._fleet.resting.pop(candidate.source, None)
        self._harbour.lift(destination)
        await self._look()
        return self.view()

    async def pause(self, destination: str, *, paused: bool) -> MoverView:
        """Let nothing go to a destination, or again; what is on its way there waits meanwhile.

        Raises:
            Refusal: there is no such destination.
        """
        await self._look(needed=False)
        self._require(destination)
        (self._paused.add if paused else self._paused.discard)(destination)
        await self._note()
        if paused:
            await self._fleet.halt(destination)
        else:
            self._harbour.lift(destination)
        await self._look()
        return self.view()

    def reconfigure(self, config: EngineConfig) -> None:
        """Go on with other settings."""
        if config.move.enabled != self._config.move.enabled:
            self._running = config.move.enabled
        self._config = config
        self._harbour.reconfigure(config)
        self.wake()

    def _fleet_changed(self) -> None:
        """A move went on or ended; its end makes room for the next."""
        if len(self._fleet.carried()) < self._carried_before:
            self.wake()
        self._carried_before = len(self._fleet.carried())
        self._changed()

    def wake(self) -> None:
        """Look soon: a plot is done, or a drive is back."""
        self._wake.set()

    @property
    def busy(self) -> bool:
        """Whether something is on its way, or waits for nothing but its turn."""
        ordered = any(candidate.source in self._ordered for candidate in self._candidates)
        waits = ordered or bool(self._wanted(self._candidates))
        return bool(self._fleet.live()) or (waits and not self._nowhere)

    @property
    def sources_in_use(self) -> frozenset[str]:
        """The plots that are on their way, by their old paths."""
        return frozenset(move.source for move in self._fleet.live())

    # --- the one task ---

    async def _run(self) -> None:
        while True:
            await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()
            self._wake.clear()

    async def _tell_trouble(self, what: str) -> None:
        await self._tell(Event(EventKind.TROUBLE, self._now(), None, {"what": what}))

    async def _look(self, *, needed: bool | None = None) -> None:
        await self._shelf.flush()
        async with self._looking:
            if halted := self._halted():
                self._holds = (halted,)
                self._changed()
                return
            self._underway_then = self.sources_in_use
            found = await asyncio.to_thread(self._find)
            self._candidates = judged(found, self._live())  # whoever ended before needs none of it
            self._take_word_of_places()
            busy = bool(self._fleet.live() or self._wanted(self._candidates))
            needed = busy if needed is None else needed
            drives = self._drives()
            places = await self._harbour.look(drives, needed=needed)
            await self._tell_of_places(places)
            self._places = [self._with_pause(self._with_word(place)) for place in places]
            problems = {place.name: place.problem for place in self._places}
            await self._fleet.go_on(
                self._harbour.get, problems, lambda name: self._harbour.may_return(name, drives)
            )
            await self._begin()
            await self._tell_of_full_places()
            self._changed()

    def _take_word_of_places(self) -> None:
        """Learn from the moves which destinations are not well, and which are again."""
        self._take_word_of_refusals()
        for name, reason in self._fleet.came_away.items():
            self._harbour.away(name, reason)
        used = {move.destination for move in self._fleet.live()}
        for name in self._fleet.got_on | (self._harbour.suspects - used):
            self._harbour.proven(name)
        self._fleet.came_away.clear()
        self._fleet.got_on.clear()

    def _take_word_of_refusals(self) -> None:
        for name in self._fleet.took:
            self._took_again |= self._harbour.took(name)
        for name, (refusal, size) in self._fleet.refused_by.items():
            self._harbour.refused(name, refusal, size)
        for source in self._fleet.settled:
            self._ordered.pop(source, None)
        for known in (self._fleet.took, self._fleet.refused_by, self._fleet.settled):
            known.clear()

    def _find(self) -> list[Candidate]:
        """The finished plots of all out drives that answer. Blocks."""
        if not self._goes_anywhere():
            return []
        exclude, at = self._config.move.exclude, time.time()
        known = {candidate.source: candidate.ident for candidate in self._candidates}
        questions = {
            drive.path: _listing(drive, exclude, at, known)
            for drive in self._sources()
            if not drive.missing
        }
        answers = self._listing.ask(questions)
        found = [answer for answer in answers.values() if not isinstance(answer, OSError)]
        return [candidate for one in found for candidate in one]

    def _goes_anywhere(self) -> bool:
        kinds = {drive.kind for drive in self._drives()}
        return DriveKind.DESTINATION in kinds or bool(self._config.move.remote)

    def _sources(self) -> list[Drive]:
        return [drive for drive in self._drives() if drive.kind is DriveKind.OUT]

    def _wanted(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The plots that may be moved now, in order: those that were ordered come first.

        What a place refused comes after the others, in case it was the plot after all.
        """
        now = self._now()
        rested = [
            candidate
            for candidate in self._left(candidates)
            if self._fleet.resting.get(candidate.source, now) <= now
        ]
        rested.sort(key=lambda one: self._fleet.passed_on[one.source])
        ordered = [one for one in rested if one.source in self._ordered]
        rest = [one for one in rested if one.source not in self._ordered]
        return ordered + (rest if self._running else [])

    def _left(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        return without(candidates, self.sources_in_use | self._underway_then)

    async def _begin(self) -> None:
        """Begin what may begin now; orders for one place are decided by that place alone."""
        begun, holds, nowhere = 0, dict[str, None](), None
        refusing = {place.name for place in self._places if place.refusal}
        wanted = self._wanted(self._candidates)
        for destination in dict.fromkeys(self._ordered.get(one.source) for one in wanted):
            group = [one for one in wanted if self._ordered.get(one.source) == destination]
            places = [p for p in self._roomy() if destination in (None, p.name)]
            decided = dispatch(group, places, self._underway(), self._config.move, self._last)
            for candidate, name in decided.starts:
                await self._start(candidate, name)
            begun += sum(name not in refusing for _, name in decided.starts)
            holds |= dict.fromkeys(decided.holds)
            nowhere = decided.holds[0] if decided.nowhere else nowhere
        self._holds, self._nowhere = tuple(holds), nowhere is not None
        # That a place which refused is tried again is no news; that it took the plot is.
        moved, self._took_again = begun > 0 or self._took_again, False
        self._alarm, event = nowhere_alarm(self._alarm, nowhere, moved=moved, now=self._now())
        if event:
            await self._tell(event)

    async def _start(self, candidate: Candidate, name: str) -> None:
        self._last = name
        if destination := self._harbour.get(name):
            await self._fleet.begin(candidate, destination)

    def _underway(self) -> list[Underway]:
        return [
            Underway(
                self._disk_of_source(move.source),
                move.destination,
                self._disk_of(move.destination),
                _left(move, step := self._fleet.step(move)),
                told=step is not None,
            )
            for move in self._fleet.carried()
        ]

    def _roomy(self) -> list[Place]:
        """The destinations with the room that the moves there found: drives are seen less often.

        To be asked for together with `_underway`: what a move has taken is no more in the room.
        """
        steps = [(move.destination, self._fleet.step(move)) for move in self._fleet.carried()]
        told = [(name, step.free) for name, step in steps if step and step.free is not None]
        return [
            _with_room(place, [free for name, free in told if name == place.name])
            for place in self._places
        ]

    def _disk_of(self, name: str) -> str:
        destination = self._harbour.get(name)
        return destination.disk if destination else name

    def _disk_of_source(self, source: str) -> str:
        folder = str(Path(source).parent)
        return next((d.filesystem for d in self._sources() if d.path == folder), folder)

    # --- what is kept ---

    async def _load(self) -> None:
        note = noted(await self._store.recall(NOTE), _Order, _Order())
        if note.set == self._config.move.enabled:
            self._running = note.running
        self._paused = set(note.paused)
        await self._fleet.load()

    async def _note(self) -> None:
        """Keep the order given by command."""
        note = _Order(self._running, self._config.move.enabled, frozenset(self._paused))
        await self._store.remember(NOTE, TypeAdapter(_Order).dump_json(note).decode())

    async def _tell(self, *events: Event) -> None:
        await self._shelf.put(None, events)
        self._changed()

    async def _tell_of_places(self, places: Sequence[Place]) -> None:
        problems = {place.name: place.complaint for place in places if place.complaint}
        known = {place.name for place in places}
        before = {name: why for name, why in self._problems.items() if name in known}
        if events := destination_events(before, problems, self._now()):
            await self._tell(*events)
        self._problems = problems

    async def _tell_of_full_places(self) -> None:
        """Tell of each destination that the plots there are do not fit on any more."""
        sizes = [plot.ident.size for plot in self._candidates]
        sizes += [move.size for move in self._fleet.all()]
        if not sizes:  # how large a plot is, only plots tell
            return
        rules, underway = self._config.move, self._underway()
        full = full_places(self._roomy(), underway, min(sizes), rules)
        full |= self._full & {one.place for one in underway if not one.told}
        if events := full_events(self._full, full, self._now()):
            await self._tell(*events)
        self._full = full

    def _require(self, destination: str | None) -> None:
        names = [place.name for place in self._places]
        if destination is not None and destination not in names:
            known = ", ".join(names) or "none is configured"
            raise Refusal(f"{destination} is no destination; known: {known}.")

    def _with_word(self, place: Place) -> Place:
        """A destination with what a move has said of it while it was looked at."""
        if said := self._fleet.refused_by.get(place.name):
            refusal, _ = said
            place = replace(place, refusal=str(refusal), full=refusal.full, rests=True)
        return replace(place, suspect=self._fleet.came_away.get(place.name, place.suspect))

    def _with_pause(self, place: Place) -> Place:
        return replace(place, problem="paused") if place.name in self._paused else place

    def _seen(self, place: Place) -> DestinationView:
        free, total = (place.space.free, place.space.total) if place.space else (None, None)
        moves = sum(move.destination == place.name for move in self._fleet.carried())
        paused = place.name in self._paused
        return DestinationView(place.name, free, total, moves, place.trouble, paused)


def _left(move: Move, step: Step | None) -> int:
    """Bytes that a move may still take at its destination; the most where it has not told."""
    if step is None:
        return move.size
    if step.left is not None:
        return step.left
    return move.size - step.done if step.state is MoveState.COPYING else 0


def _with_room(place: Place, told: Sequence[int]) -> Place:
    if place.space is None or not told:
        return place
    return replace(place, space=replace(place.space, free=min(place.space.free, *told)))


def _listing(
    drive: Drive, exclude: Sequence[str], now: float, known: Mapping[str, Ident]
) -> Callable[[], list[Candidate]]:
    return lambda: finished_plots(drive.path, drive.filesystem, exclude, now, known)
