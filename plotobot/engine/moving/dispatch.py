"""Decides which plot goes where, and when. Pure: no clock, no disk, no await."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from plotobot.engine.config import MoveRules
from plotobot.engine.models import GIB
from plotobot.engine.moving.base import Ident, Space


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finished plot that may be moved."""

    source: str
    ident: Ident
    disk: str
    """Tells apart the disks that plots are read from."""
    plot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A destination as it is now."""

    name: str
    disk: str
    space: Space | None
    """None where it cannot be asked for; the place then counts as roomy."""
    problem: str | None = None
    """Why nothing may go there: it is missing, paused, taken out."""
    suspect: str | None = None
    """Why no other move may begin there: it went away amid one, which has not got on since."""
    refusal: str | None = None
    """Why it refused a plot; none has landed there since."""
    full: bool = False
    """Whether it refused for want of room."""
    rests: bool = False
    """Whether it is left alone for a while, since it refused."""

    @property
    def trouble(self) -> str | None:
        """Why no move may begin there."""
        return self.problem or self.suspect or (self.refusal if self.rests else None)

    @property
    def complaint(self) -> str | None:
        """What is wrong with it, also while it is tried again; want of room is told by itself."""
        return self.problem or self.suspect or (None if self.full else self.refusal)


@dataclass(frozen=True, slots=True)
class Underway:
    """A move that was begun."""

    source_disk: str
    place: str
    disk: str
    left: int
    """Bytes it may still take there."""
    told: bool = True
    """Whether it has told so; else it may have taken them already."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What may begin now, and what keeps the rest."""

    starts: tuple[tuple[Candidate, str], ...]
    """Each plot with its destination's name."""
    holds: tuple[str, ...]
    """Each reason once, in sentences."""
    nowhere: bool = False
    """Whether plots wait for which there is no room anywhere, and no turn to wait for."""


@dataclass(slots=True)
class _Desk:
    """The state of one decision."""

    places: Sequence[Place]
    rules: MoveRules
    last: str | None
    reading: Counter[str] = field(default_factory=Counter)
    writing: Counter[str] = field(default_factory=Counter)
    promised: Counter[str] = field(default_factory=Counter)
    unsure: set[str] = field(default_factory=set)
    """Places that may have more room than it seems."""

    def take(self, underway: Underway) -> None:
        self.reading[underway.source_disk] += 1
        self.writing[underway.disk] += 1
        self.promised[underway.place] += underway.left
        if not underway.told:
            self.unsure.add(underway.place)

    def room(self, place: Place) -> int:
        if place.space is None:
            return 1 << 62
        return place.space.free - self.promised[place.name] - self.rules.reserve

    def fitting(self, size: int) -> list[Place]:
        return [p for p in self.places if not p.trouble and self.room(p) >= size]

    def may_fit(self) -> bool:
        """Whether there may yet prove to be room where there seems to be none."""
        return any(not place.trouble and place.name in self.unsure for place in self.places)

    def free_hands(self, places: Sequence[Place]) -> list[Place]:
        return [place for place in places if self.writing[place.disk] < self.rules.per_disk]

    def best(self, places: Sequence[Place]) -> Place:
        if self.rules.choice == "most_free":
            return max(places, key=self.room)
        if self.rules.choice == "round_robin":
            names = [place.name for place in self.places]
            after = names.index(self.last) + 1 if self.last in names else 0
            order = names[after:] + names[:after]
            return min(places, key=lambda place: order.index(place.name))
        return places[0]


def dispatch(
    candidates: Sequence[Candidate],
    places: Sequence[Place],
    underway: Sequence[Underway],
    rules: MoveRules,
    last: str | None = None,
) -> Dispatch:
    """Decide what may begin.

    Args:
        candidates: the plots to be moved, first come first served.
        places: the destinations in the farmer's order.
        underway: the moves that have begun; no disk at either end works on more than its share.
        rules: how to choose.
        last: the destination that was chosen last, for taking turns.
    """
    desk = _Desk(places, rules, last)
    for one in underway:
        desk.take(one)
    starts: list[tuple[Candidate, str]] = []
    holds: dict[str, None] = {}
    nowhere = False
    for candidate in candidates:
        fitting = desk.fitting(candidate.ident.size)
        free = desk.free_hands(fitting)
        if not fitting and desk.may_fit():
            holds["A move has just begun; once it tells what it takes, the next may follow."] = None
        elif not fitting:
            nowhere = True
            holds[_no_room(desk, candidate)] = None
        elif desk.reading[candidate.disk] >= rules.per_disk:
            holds["A plot is being read from the same disk already; the next one waits."] = None
        elif not free:
            holds["Every destination with room is being written to; the next plot waits."] = None
        else:
            place = desk.best(free)
            desk.last = place.name
            desk.take(Underway(candidate.disk, place.name, place.disk, candidate.ident.size))
            starts.append((candidate, place.name))
    return Dispatch(tuple(starts), tuple(holds), nowhere)


def full_places(
    places: Sequence[Place], underway: Sequence[Underway], size: int, rules: MoveRules
) -> frozenset[str]:
    """The destinations that, as they say or as is surely seen, have no room for one more plot."""
    desk = _Desk(places, rules, None)
    for one in underway:
        desk.take(one)
    sure = [p for p in places if not p.trouble and p.space and p.name not in desk.unsure]
    seen = [place for place in sure if desk.room(place) < size]
    return frozenset(place.name for place in (*seen, *(one for one in places if one.full)))


def _no_room(desk: _Desk, candidate: Candidate) -> str:
    if not desk.places:
        return "No destination is configured; name one in drives.destination or move.remote."
    rooms = ", ".join(
        f"{place.name}: {place.trouble or f'{max(0, desk.room(place)) / GIB:.1f} GiB'}"
        for place in desk.places
    )
    need = candidate.ident.size / GIB
    return f"No destination has the {need:.1f} GiB that a plot takes ({rooms})."
