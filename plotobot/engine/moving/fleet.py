"""The moves that were begun: carried, followed, waited for, ended; and kept over restarts."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from plotobot.engine.config import MoveRules
from plotobot.engine.models import Event, EventKind, Move, MoveState
from plotobot.engine.moving.base import (
    Destination,
    DestinationAway,
    Ident,
    Landed,
    MoveDelayed,
    MoveOrder,
    MoveRefused,
    Step,
)
from plotobot.engine.moving.dispatch import Candidate
from plotobot.engine.moving.journal import forget, forget_all_but
from plotobot.engine.moving.pace import Pace
from plotobot.engine.moving.remote.address import is_address
from plotobot.engine.moving.shelf import MoveShelf
from plotobot.engine.moving.words import shown

log = logging.getLogger(__name__)

REST = timedelta(hours=1)
"""How long a plot that could not be moved stays where it is before it is tried again."""
LONGEST_REST = 600.0
"""Seconds at most between two tries of a move that cannot go on."""
REMEMBERED = 50
"""Ended moves kept in memory; the store has them all."""


class Fleet:
    """All live moves and the latest ended ones."""

    def __init__(
        self,
        shelf: MoveShelf,
        rules: Callable[[], MoveRules],
        changed: Callable[[], None],
        now: Callable[[], datetime],
        away_rest: float,
        state_dir: Path,
    ) -> None:
        """Carry nothing yet.

        Args:
            shelf: keeps the moves.
            rules: gives the present rules.
            changed: called when a move is another than it was.
            now: the clock.
            away_rest: seconds until a destination that went away is tried again.
            state_dir: where the journals are.
        """
        self._shelf, self._rules = shelf, rules
        self._changed, self._now = changed, now
        self._away_rest, self._state_dir = away_rest, state_dir
        self._moves: dict[str, Move] = {}
        self._carrying: dict[str, asyncio.Task[None]] = {}
        self._steps: dict[str, Step] = {}
        self._again_at: dict[str, float] = {}
        self._tries: Counter[str] = Counter()
        self.resting: dict[str, datetime] = {}
        """Until when plots that could not be moved are left alone."""
        self.came_away: dict[str, str] = {}
        """Destinations that went away amid a move since they were asked about, with the reason."""
        self.got_on: set[str] = set()
        """Destinations where a move made progress since they were asked about."""
        self.refused_by: dict[str, tuple[MoveRefused, int]] = {}
        """What destinations refused since they were asked about, and the size of that plot."""
        self.took: set[str] = set()
        """Destinations where a plot landed since they were asked about."""
        self.settled: set[str] = set()
        """Plots that go nowhere else: they are moved, or cannot be."""
        self.passed_on: Counter[str] = Counter()
        """How often plots were refused by a place that would refuse any other."""

    async def load(self) -> None:
        """Read what the store holds."""
        self._moves = {move.id: move for move in await self._shelf.load()}
        live = {move.id for move in self.live()}
        await asyncio.to_thread(forget_all_but, self._state_dir, live)

    async def close(self) -> None:
        """Stop carrying; what has arrived stays, and the next start goes on from there."""
        await self._halt(list(self._carrying.values()))

    def all(self) -> list[Move]:
        """The live ones first, then those that ended."""
        return sorted(self._moves.values(), key=lambda move: (not move.state.live, move.id))

    def live(self) -> list[Move]:
        """Those that go on by themselves, the oldest first."""
        return [move for move in self.all() if move.state.live]

    def carried(self) -> list[Move]:
        """Those that are being carried at this moment."""
        return [move for move in self.live() if move.id in self._carrying]

    def step(self, move: Move) -> Step | None:
        """What a move that is carried told last; None before it has told anything."""
        return self._steps.get(move.id)

    async def begin(self, candidate: Candidate, destination: Destination) -> None:
        """Begin to move a plot."""
        move = Move(
            id=f"{time.time_ns():016x}{secrets.token_hex(4)}",
            source=candidate.source,
            destination=destination.name,
            size=candidate.ident.size,
            plot_id=candidate.plot_id,
            started_at=self._now(),
            mtime_ns=candidate.ident.mtime_ns,
            inode=candidate.ident.inode,
        )
        await self._put(move)
        self._carry(move, destination)

    async def go_on(
        self,
        find: Callable[[str], Destination | None],
        problems: Mapping[str, str | None],
        may_return: Callable[[str], bool],
    ) -> None:
        """Carry again what waits, where its destination is well.

        Args:
            find: gives a destination by name.
            problems: what is wrong with each destination; None is nothing.
            may_return: whether one that is not found may only be unplugged.
        """
        clock = asyncio.get_running_loop().time()
        for move in self.live():
            if move.id in self._carrying or self._again_at.get(move.id, 0) > clock:
                continue
            destination = find(move.destination)
            if destination is None and may_return(move.destination):
                why = f"{move.destination} is not there: connect its drive"
                self._set(replace(move, state=MoveState.WAITING, reason=why))
            elif destination is None:
                await self._end(move, MoveState.FAILED, _left_behind(move))
            elif problem := problems.get(move.destination):
                self._set(replace(move, state=MoveState.WAITING, reason=problem))
            else:
                self._carry(move, destination)

    async def halt(self, destination: str) -> None:
        """Stop carrying to a destination; what has arrived there stays, for going on later."""
        moves = [move for move in self.carried() if move.destination == destination]
        await self._halt([self._carrying[move.id] for move in moves])

    @staticmethod
    async def _halt(tasks: Iterable[asyncio.Task[None]]) -> None:
        for task in (tasks := list(tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- one move ---

    def _carry(self, move: Move, destination: Destination) -> None:
        task = asyncio.create_task(self._carried(move, destination), name=f"move {move.id}")
        self._carrying[move.id] = task
        task.add_done_callback(lambda _: self._put_down(move.id))

    def _put_down(self, move_id: str) -> None:
        self._carrying.pop(move_id, None)
        self._steps.pop(move_id, None)
        self._changed()

    async def _carried(self, move: Move, destination: Destination) -> None:
        try:
            landed = await destination.carry(self._order(move), self._follow(move.id))
        except MoveRefused as refusal:
            with suppress(MoveRefused, DestinationAway):  # it would take room there for ever
                await destination.discard(self._order(move))
            await self._refused(self._moves[move.id], refusal)
        except DestinationAway as away:
            self.came_away[move.destination] = str(away)
            await self._put_off(self._moves[move.id], str(away))
        except MoveDelayed as delay:
            await self._put_off(self._moves[move.id], str(delay))
        except asyncio.CancelledError:
            self._set(replace(self._moves[move.id], state=MoveState.WAITING, rate=0.0))
            raise
        except Exception as error:  # the last frame: one move must not take the others along
            log.exception("the move of %s failed", move.source)
            await self._end(self._moves[move.id], MoveState.FAILED, type(error).__name__)
        else:
            await self._landed(self._moves[move.id], landed)

    def _order(self, move: Move) -> MoveOrder:
        rules = self._rules()
        ident = Ident(move.size, move.mtime_ns, move.inode)
        return MoveOrder(
            move.id, Path(move.source), ident, rules.verify, rules.bandwidth, rules.reserve
        )

    def _follow(self, move_id: str) -> Callable[[Step], None]:
        pace = Pace(asyncio.get_running_loop().time)
        first: list[int] = []

        def told(step: Step) -> None:
            move, self._steps[move_id] = self._moves[move_id], step
            if first and step.done > first[0]:
                self.got_on.add(move.destination)
            first[:] = [step.done]
            rate = pace.at(step.done, fresh=step.state is not move.state)
            self._set(replace(move, state=step.state, done=step.done, rate=rate, reason=None))

        return told

    async def _landed(self, move: Move, landed: Landed) -> None:
        self.got_on.add(move.destination)
        self.took.add(move.destination)
        self.passed_on.pop(move.source, None)
        log.info("%s is moved to %s", move.source, landed.path)
        seconds = (self._now() - (move.started_at or self._now())).total_seconds()
        rate = move.size / seconds if seconds > 0 else 0.0
        move = replace(move, done=move.size, landed=landed.path, rate=rate)
        await self._end(move, MoveState.DONE, None)

    async def _refused(self, move: Move, refusal: MoveRefused) -> None:
        # What a place refuses to any plot is no failure of this one: it goes to another place.
        if refusal.by_place:
            self.refused_by[move.destination] = (refusal, move.size)
            self.passed_on[move.source] += 1
        else:
            self.resting[move.source] = self._now() + REST
        await self._end(move, MoveState.FAILED, str(refusal), silent=refusal.by_place)

    async def _put_off(self, move: Move, reason: str) -> None:
        rest = min(self._away_rest * 2 ** min(self._tries[move.id], 10), LONGEST_REST)
        self._tries[move.id] += 1
        self._again_at[move.id] = asyncio.get_running_loop().time() + rest
        await self._put(replace(move, state=MoveState.WAITING, reason=reason, rate=0.0))

    async def _end(
        self, move: Move, state: MoveState, reason: str | None, *, silent: bool = False
    ) -> None:
        if not silent:
            self.settled.add(move.source)
        move = replace(move, state=state, reason=reason, ended_at=self._now())
        self._again_at.pop(move.id, None)
        self._tries.pop(move.id, None)
        if await self._put(move, () if silent else (_told(move, self._now()),)):
            with suppress(OSError):  # the next start does it
                await asyncio.to_thread(forget, self._state_dir, move.id)
        for old in [move for move in self.all() if not move.state.live][:-REMEMBERED]:
            del self._moves[old.id]

    def _set(self, move: Move) -> None:
        self._moves[move.id] = move
        self._changed()

    async def _put(self, move: Move, events: Iterable[Event] = ()) -> bool:
        self._set(move)
        return await self._shelf.put(move, events)


def _left_behind(move: Move) -> str:
    """What to say of a move that nothing can go on with, and of what it may have copied."""
    # Hardly any bot says this; the others need not load how plots are copied.
    from plotobot.engine.moving.part import part_name
    from plotobot.engine.moving.remote.commands import PART

    name = Path(move.source).name
    folder = f"{move.destination.rstrip('/')}/{PART}"
    part = f"{folder}/{name}" if is_address(move.destination) else part_name(name)
    return (
        f"{move.destination} is no destination any more; the plot is where it was, and what was"
        f" copied of it may be left there as {shown(part)}: remove that"
    )


def _told(move: Move, now: datetime) -> Event:
    kind = EventKind.PLOT_MOVED if move.state is MoveState.DONE else EventKind.MOVE_FAILED
    seconds = (now - move.started_at).total_seconds() if move.started_at else None
    data = {
        "plot": Path(move.source).name,
        "from": str(Path(move.source).parent),
        "to": move.destination,
        "size": move.size,
        "seconds": seconds,
        "reason": move.reason,
    }
    return Event(kind, now, None, data)
