"""The destinations there are: built once, looked at again and again, never in a way that hangs."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plotobot.engine.config import EngineConfig
from plotobot.engine.drives.waiting import Patience
from plotobot.engine.models import Drive, DriveKind
from plotobot.engine.moving.base import Destination, DestinationAway, MoveRefused, Space
from plotobot.engine.moving.dispatch import Place
from plotobot.engine.moving.folder import FolderDestination
from plotobot.engine.moving.remote.address import parse_address

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
    problem: str | None = None
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
        self._patience = patience
        self._berths: dict[str, Berth] = {}
        self._suspects: dict[str, str] = {}
        self._stopped: Patience[str, bool] = Patience(PATIENCE)

    def reconfigure(self, config: EngineConfig) -> None:
        """Take up other settings; destinations are built anew where that matters."""
        if config.move != self._config.move:
            self._berths.clear()
        self._config = config

    def get(self, name: str) -> Destination | None:
        """The destination of this name, if there is one now."""
        berth = self._berths.get(name)
        return berth.destination if berth else None

    async def look(self, drives: Sequence[Drive], *, needed: bool) -> list[Place]:
        """The destinations as they are now.

        Args:
            drives: as of the last look; the local destinations are among them.
            needed: whether there is something to move; only then others are asked for space.
        """
        local = [drive for drive in drives if drive.kind is DriveKind.DESTINATION]
        names = [drive.path for drive in local] + [a.name for a in self._addresses()]
        self._berths = {name: self._berths[name] for name in names if name in self._berths}
        stopped = await asyncio.to_thread(self._stopped.ask, _stop_questions(local))
        for drive in local:
            out = stopped.get(drive.path) is True
            await self._look_at_folder(drive, needed=needed, taken_out=out)
        for address in self._addresses():
            await self._look_at_host(address.name, needed=needed)
        self._berths = {name: self._berths[name] for name in names}
        return [self._place(name, berth) for name, berth in self._berths.items()]

    def away(self, name: str, reason: str) -> None:
        """A move found the destination away; it is in doubt until one gets on there again."""
        self._suspects[name] = reason
        if berth := self._berths.get(name):
            self._berths[name] = replace(berth, ready=False)

    def proven(self, name: str) -> None:
        """A move got on there, or there is none left that could."""
        self._suspects.pop(name, None)

    @property
    def suspects(self) -> frozenset[str]:
        """The destinations in doubt."""
        return frozenset(self._suspects)

    async def _look_at_folder(self, drive: Drive, *, needed: bool, taken_out: bool) -> None:
        berth = self._berths.get(drive.path) or Berth(
            FolderDestination(Path(drive.path), self._config.state_dir, patience=self._patience)
        )
        space = Space(drive.free, drive.total)
        problem = f"a file {STOP_FILE} takes it out" if taken_out else drive.problem
        berth = replace(berth, space=space, problem=problem, ready=berth.ready and not problem)
        if needed and not berth.ready and not problem:
            berth = await _taken_into_use(berth)
        self._berths[drive.path] = berth

    async def _look_at_host(self, name: str, *, needed: bool) -> None:
        now = asyncio.get_running_loop().time()
        berth = self._berths.get(name) or Berth(self._remote(name))
        if needed and now - berth.asked_at >= ASK_REMOTE_EVERY:
            berth = await _asked(replace(berth, asked_at=now))
        self._berths[name] = berth

    def _place(self, name: str, berth: Berth) -> Place:
        disk, suspect = berth.destination.disk, self._suspects.get(name)
        return Place(name, disk, berth.space, berth.problem, suspect)

    def _addresses(self) -> list[_Named]:
        return [_Named(text, parse_address(text).name) for text in self._config.move.remote]

    def _remote(self, name: str) -> Destination:
        # Most farms have no other host; theirs need not load how one is reached.
        from plotobot.engine.moving.remote.commands import Access
        from plotobot.engine.moving.remote.destination import RsyncDestination

        rules = self._config.move
        access = Access(
            key=rules.ssh_key,
            known_hosts=rules.ssh_known_hosts,
            port=rules.ssh_port,
            password_file=rules.rsync_auth_file,
        )
        written = next(one.written for one in self._addresses() if one.name == name)
        return RsyncDestination(parse_address(written), self._config.state_dir, access)


@dataclass(frozen=True, slots=True)
class _Named:
    written: str
    name: str


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
