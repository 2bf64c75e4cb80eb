"""Holds back a kind of plot that keeps failing, until a person lets it go on.

A drive's rest after a failure is another thing (see `backoff`): it grows, and ends by itself. Here
it is the kind of plot that is at fault, whatever the drive: a wrong option, a program that breaks.
`broken_off` is pure and follows from the jobs themselves, so a restart does not forget it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import TypeAdapter

from plotobot.engine.models import Event, EventKind, Job, JobState
from plotobot.engine.notes import noted
from plotobot.engine.store import Store
from plotobot.engine.verdict import exit_in_words

AT_MOST = 3
"""Failures of one kind within `WITHIN`, no plot made between, that break it off."""
WITHIN = timedelta(hours=1)
_KEY = "spawner.failing"


@dataclass(frozen=True, slots=True)
class Pause:
    """Why plots of a kind are not started any more."""

    kind: str
    """The profile's name."""
    since: datetime
    """When the last of the failures ended."""
    failures: tuple[Job, ...]

    @property
    def how(self) -> str:
        """How the last one ended: `exit code 1`, `killed by SIGKILL`."""
        return exit_in_words(self.failures[-1].exit_code)

    @property
    def last_words(self) -> str:
        """The last line the last one left, or what is known instead."""
        lines = (self.failures[-1].reason or "").strip().splitlines()
        return lines[-1] if lines else "it left no words"

    @property
    def reason(self) -> str:
        """In a sentence, for `/spawn why`."""
        return (
            f"{len(self.failures)} plots failed in a row, the last one with {self.how}: "
            f"{self.last_words}; `/spawn start` lets it go on"
        )


def broken_off(
    jobs: Iterable[Job],
    now: datetime,
    resumed_at: datetime | None,
) -> Mapping[str, Pause]:
    """The kinds of plot that are not to be started, each with why.

    Three failures within an hour break a kind off; a plot made between them starts the count
    anew, one made afterwards changes nothing: a person was told that it waits for a person.

    Args:
        jobs: jobs in any order; live ones do not count.
        now: the present moment.
        resumed_at: when a person let it go on; failures up to then are forgiven, and those that
            are ahead of the clock.
    """
    # A moment ahead of the clock is from before it was set back.
    since = min(resumed_at, now) if resumed_at else None
    pauses: dict[str, Pause] = {}
    rows: dict[str, list[tuple[datetime, Job]]] = {}
    ended = ((job.ended_at, job) for job in jobs if job.ended_at)
    for at, job in sorted(ended, key=lambda one: one[0]):
        name = job.profile
        if job.state is JobState.COMPLETED:
            rows.pop(name, None)
        forgiven = since is not None and not since < at <= now
        if job.state is not JobState.FAILED or name in pauses or forgiven:
            continue
        row = rows[name] = [*rows.get(name, []), (at, job)][-AT_MOST:]
        if len(row) == AT_MOST and at - row[0][0] <= WITHIN:
            pauses[name] = Pause(name, at, tuple(one for _, one in row))
    return pauses


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept over restarts."""

    resumed_at: datetime | None = None
    held: dict[str, str] = field(default_factory=dict)


class Failing:
    """The kinds that are broken off: found once, kept over restarts, until a person resumes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._resumed_at: datetime | None = None
        self._held: dict[str, str] = {}

    @property
    def held(self) -> Mapping[str, str]:
        """The kinds that are not to be started, each with why in a sentence."""
        return self._held

    async def load(self) -> None:
        """Take up what was kept."""
        kept = noted(await self._store.recall(_KEY), _Kept, _Kept())
        self._resumed_at, self._held = kept.resumed_at, kept.held

    async def resume(self, now: datetime) -> None:
        """A person lets all kinds go on; failures up to now are forgiven."""
        self._resumed_at, self._held = now, {}
        await self._save()

    async def look(self, jobs: Iterable[Job], now: datetime, tell: Tell) -> None:
        """Hold the kinds that have been broken off since, and tell of each."""
        found = broken_off(jobs, now, self._resumed_at)
        new = [pause for kind, pause in found.items() if kind not in self._held]
        if not new:
            return
        self._held |= {pause.kind: pause.reason for pause in new}
        await tell(events=[_event(pause, now) for pause in new])
        await self._save()

    async def _save(self) -> None:
        kept = _Kept(self._resumed_at, self._held)
        await self._store.remember(_KEY, TypeAdapter(_Kept).dump_json(kept).decode())


class Tell(Protocol):
    """Tells events: `Roster.put`."""

    async def __call__(self, *, events: Iterable[Event]) -> None:
        """Store them."""
        ...


def _event(pause: Pause, now: datetime) -> Event:
    data = {
        "kind": pause.kind,
        "failures": len(pause.failures),
        "how": pause.how,
        "last_words": pause.last_words,
    }
    return Event(EventKind.SPAWNING_PAUSED, now, pause.failures[-1], data)
