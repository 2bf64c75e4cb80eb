"""The destinations there are: built once, looked at again and again, never in a way that hangs."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plotobot.engine.config import EngineConfig
from plotobot.engine.drives.spec import SpecForm, names, parse_spec
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.moving.base import Destination, DestinationAway, MoveRefused, Space
from plotobot.engine.moving.dispatch import Place
from plotobot.engine.moving.folder import FolderDestination
from plotobot.engine.moving.remote.address import parse_address
from plotobot.engine.moving.rest import Rest, rest_after, with_free

log = logging.getLogger(__name__)

STOP_FILE = ".plotobot-stop"
"""A file of this name in a destination, or in its drive's top folder, takes it out."""
ASK_REMOTE_EVERY = 60.0
"""Seconds between two questions for another host's free space."""
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Berth:
    """A destination, and what is known of it."""

    destination: Destination
    space: Space | None = None
    out: str | None = None
    """Why it is not even to be asked: its drive is missing, or it was taken out."""
    problem: str | None = None
    """What was wrong when it was asked last, which it is only where there is something to move."""
    ready: bool = False
    """Whether it was taken into use and answered since it was last missing."""
    asked_at: float = -1e9
    """By the loop's clock."""


class Harbour:
    """All destinations by name, in the farmer's order."""

    def __init__(self, config: EngineConfig, patience: float) -> None:
        """Know no destination before the first look.

        Args:
            config: the drives and the rules.
            patience: seconds without progress until a destination counts as hung.
        """
        self._config = config
        self._built_by = config.move
        self._patience = patience
        self._berths: dict[str, Berth] = {}
        self._suspects: dict[str, str] = {}
        self._rests: dict[str, Rest] = {}
        self._stopped: Patience[str, bool] = Patience(PATIENCE)

    def reconfigure(self, config: EngineConfig) -> None:
        """Take up other settings at the next look; one that is under way ends as it began."""
        self._config = config

    def get(self, name: str) -> Destination | None:
        """The destination of this name, if there is one now."""
        berth = self._berths.get(name)
        return berth.destination if berth else None

    def may_return(self, name: str, drives: Sequence[Drive]) -> bool:
        """Whether a destination that is not there may be a drive that is only unplugged."""
        return may_mean(self._config.drives[DriveKind.DESTINATION], name, drives)

    async def look(self, drives: Sequence[Drive], *, needed: bool) -> list[Place]:
        """The destinations as they are now.

        Args:
            drives: as of the last look; the local destinations are among them.
            needed: whether there is something to move; only then others are asked for space.
        """
        config = self._config
        known = self._known_by(config)
        local = [drive for drive in drives if drive.kind is DriveKind.DESTINATION]
        stopped = await asyncio.to_thread(self._stopped.ask, _stop_questions(local))
        berths: dict[str, Berth] = {}
        for drive in local:
            berth = known.get(drive.path) or Berth(self._folder(drive, config))
            taken_out = stopped.get(drive.path) is True
            if drive.missing or taken_out:  # somebody is at work on it
                self._rests.pop(drive.path, None)
            berths[drive.path] = await _look_at_folder(berth, drive, taken_out, needed=needed)
        for name, written in _addresses(config).items():
            berth = known.get(name) or Berth(_remote(written, config))
            berths[name] = await _look_at_host(berth, needed=needed)
        self._berths, self._built_by = berths, config.move
        return [self._place(name, berth) for name, berth in berths.items()]

    def _known_by(self, config: EngineConfig) -> Mapping[str, Berth]:
        """What is known so far; nothing where the rules have changed since."""
        if config.move == self._built_by:
            return self._berths
        self._rests.clear()
        return {}

    def away(self, name: str, reason: str) -> None:
        """A move found the destination away; it is in doubt until one gets on there again."""
        self._suspects[name] = reason
        if berth := self._berths.get(name):
            self._berths[name] = replace(berth, ready=False)

    def proven(self, name: str) -> None:
        """A move got on there, or there is none left that could."""
        self._suspects.pop(name, None)

    def refused(self, name: str, refusal: MoveRefused, size: int) -> None:
        """It refused a plot of a size, as it would any other: it is left alone for a while."""
        before, now = self._rests.get(name), asyncio.get_running_loop().time()
        self._rests[name] = rest_after(before, str(refusal), size, now, full=refusal.full)

    def took(self, name: str) -> bool:
        """A plot landed there; tells whether it had refused the one before."""
        return self._rests.pop(name, None) is not None

    def lift(self, name: str | None) -> None:
        """Try a destination again at once, or all of them: a person wants it so."""
        for one in [one for one in self._rests if name in (None, one)]:
            self._rests[one] = replace(self._rests[one], until=0.0)

    @property
    def suspects(self) -> frozenset[str]:
        """The destinations in doubt."""
        return frozenset(self._suspects)

    def _place(self, name: str, berth: Berth) -> Place:
        problem, suspect = berth.out or berth.problem, self._suspects.get(name)
        place = Place(name, berth.destination.disk, berth.space, problem, suspect)
        if name not in self._rests:
            return place
        rest = with_free(self._rests[name], berth.space.free if berth.space else None)
        self._rests[name] = rest
        rests = asyncio.get_running_loop().time() < rest.until
        return replace(place, refusal=rest.reason, full=rest.full, rests=rests)

    def _folder(self, drive: Drive, config: EngineConfig) -> Destination:
        return FolderDestination(Path(drive.path), config.state_dir, patience=self._patience)


def may_mean(written: Sequence[str], folder: str, drives: Sequence[Drive]) -> bool:
    """Whether an entry may mean a folder that is not among the drives. Pure.

    A glob tells by itself. Where the drive of a label was, nobody knows after a restart.

    Args:
        written: the entries of the destinations.
        folder: a destination that was.
        drives: as of the last look; a label that is nowhere is one that is missing.
    """
    missing = {drive.path for drive in drives if drive.missing}
    away = {text.strip() for text in written if parse_spec(text).form is SpecForm.LABEL} & missing
    return bool(away) or any(names(text, Drive(DriveKind.DESTINATION, folder)) for text in written)


def _addresses(config: EngineConfig) -> Mapping[str, str]:
    """What the farmer wrote of each other host, by name."""
    return {parse_address(text).name: text for text in config.move.remote}


def _remote(written: str, config: EngineConfig) -> Destination:
    # Most farms have no other host; theirs need not load how one is reached.
    from plotobot.engine.moving.remote.commands import Access
    from plotobot.engine.moving.remote.destination import RsyncDestination

    rules = config.move
    access = Access(
        key=rules.ssh_key,
        known_hosts=rules.ssh_known_hosts,
        port=rules.ssh_port,
        password_file=rules.rsync_auth_file,
    )
    return RsyncDestination(parse_address(written), config.state_dir, access)


async def _look_at_folder(berth: Berth, drive: Drive, taken_out: bool, *, needed: bool) -> Berth:
    space = Space(drive.free, drive.total)
    if out := f"a file {STOP_FILE} takes it out" if taken_out else drive.problem:
        return replace(berth, space=space, out=out, problem=None, ready=False)
    berth = replace(berth, space=space, out=None)
    return await _taken_into_use(berth) if needed and not berth.ready else berth


async def _look_at_host(berth: Berth, *, needed: bool) -> Berth:
    now = asyncio.get_running_loop().time()
    if needed and now - berth.asked_at >= ASK_REMOTE_EVERY:
        return await _asked(replace(berth, asked_at=now))
    return berth


async def _taken_into_use(berth: Berth) -> Berth:
    """Mark a drive that is new, and make sure that one in use is the right one."""
    destination = berth.destination
    if isinstance(destination, FolderDestination):
        try:
            await destination.take_into_use()
        except (DestinationAway, MoveRefused) as error:
            return replace(berth, problem=str(error))
    return await _asked(berth)


async def _asked(berth: Berth) -> Berth:
    try:
        space = await berth.destination.space()
    except (DestinationAway, MoveRefused) as error:
        return replace(berth, problem=str(error), ready=False)
    return replace(berth, space=space, problem=None, ready=True)


def _stop_questions(drives: Sequence[Drive]) -> Mapping[str, Callable[[], bool]]:
    return {drive.path: _stop_file(drive.path) for drive in drives if not drive.problem}


def _stop_file(folder: str) -> Callable[[], bool]:
    def look() -> bool:
        path = Path(folder)
        while not os.path.lexists(path / STOP_FILE):
            if os.path.ismount(path) or path == path.parent:
                return False
            path = path.parent
        return True

    return look
