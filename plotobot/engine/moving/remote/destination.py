"""A folder on another host as a destination.

One try: look (by size) → seed and copy into the part folder → see that it is no way back here →
prove whole by checksum → journal → remove here. Every step can be the last one; the next try looks
first, so what was done is found.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from plotobot.engine.moving.apart import probe_name
from plotobot.engine.moving.base import (
    DestinationAway,
    Landed,
    MoveOrder,
    MoveRefused,
    MoveState,
    Space,
    Step,
    Verify,
)
from plotobot.engine.moving.remote import commands, endings, source
from plotobot.engine.moving.remote.address import RsyncAddress
from plotobot.engine.moving.remote.commands import PART, Access
from plotobot.engine.moving.remote.endings import clean
from plotobot.engine.moving.remote.journal import Journal
from plotobot.engine.moving.remote.output import (
    Standing,
    read_matched,
    read_room,
    read_standing,
)
from plotobot.engine.moving.remote.program import Rsync, read_version
from plotobot.engine.moving.remote.progress import Progress
from plotobot.engine.moving.remote.running import Ended, run

_log = logging.getLogger(__name__)

SLOWEST = 20 << 20
"""Bytes a second at least, by which a whole plot is read over there: a slow disk has half a 100."""
ANSWER = 10.0
"""Seconds for the room."""


class RsyncDestination:
    """Takes plots to another host. Each try is a few connections, one after the other."""

    def __init__(
        self,
        address: RsyncAddress,
        state_dir: Path,
        access: Access = Access(),  # noqa: B008 - a frozen value
        *,
        program: str = "rsync",
        patience: int = 60,
    ) -> None:
        """Connect to nothing yet.

        Args:
            address: where.
            state_dir: the bot's state folder; the journal is in its `moves`.
            access: how to get in.
            program: the rsync here, by name or path.
            patience: seconds without a byte until the destination counts as away.
        """
        self._address = address
        self._state_dir = state_dir
        self._access = access
        self._program = program
        self._patience = patience
        self._rsync: Rsync | None = None

    @property
    def name(self) -> str:
        """The address, in which there is never a secret."""
        return self._address.name

    @property
    def disk(self) -> str:
        """The host: two copies to it at once would share its network."""
        return f"rsync:{self._address.host.lower()}"

    async def probe(self) -> Rsync:
        """The rsync of this machine, asked once; its `warning` is logged then.

        Raises:
            MoveRefused: there is none, or one that cannot be used.
        """
        if self._rsync is None:
            self._rsync = await self._ask_version()
            if self._rsync.warning:
                _log.warning("%s", self._rsync.warning)
        return self._rsync

    async def space(self) -> Space | None:
        """Free and total bytes over there; None where nobody can tell.

        A daemon has no way to be asked, and over SSH a key may be fenced in to rsync alone.

        Raises:
            DestinationAway: the host does not answer, or the folder is not there.
        """
        if self._address.daemon:
            return None
        try:
            ended = await run(commands.room(self._address, self._access), ANSWER)
        except TimeoutError:
            raise DestinationAway(
                f"{self.name} does not say how much is free within 10 s"
            ) from None
        if ended.code == 255:
            raise DestinationAway(str(endings.told(ended, self.name)))
        if any("No such file or directory" in line for line in ended.errors):
            raise DestinationAway(self._no_folder())
        return read_room(ended.lines)

    async def discard(self, order: MoveOrder) -> None:
        """Do nothing: rsync can remove nothing there. The next try goes on from what is there."""

    async def carry(self, order: MoveOrder, told: Callable[[Step], None]) -> Landed:
        """Take a plot there, prove it whole, and only then remove it here.

        `Verify.SAMPLE` is done as FULL: rsync has nothing between. With OFF what rsync itself
        checked on the way is believed, though never of a copy whose end was not heard of.

        Raises:
            MoveRefused: it cannot be done so; the plot is still here.
            DestinationAway: the host went away or hangs; the same order goes on later.
        """
        journal = Journal(self._state_dir, order, self.name)
        state = await asyncio.to_thread(journal.state)
        if state in ("landed", "done") and await asyncio.to_thread(source.is_gone, order):
            await asyncio.to_thread(journal.write, "done")
            return self._landed(order, order.ident.size)
        await asyncio.to_thread(source.check, order)
        had, believed = order.ident.size, False
        if await self._stands(order) is Standing.NOTHING:
            await self._see_room(order, again=state is not None)
            await asyncio.to_thread(journal.write, "planned")
            had, believed = await self._bring(order, told)
        await self._require_apart(order)
        if not believed:
            await self._prove(order, told)
        await asyncio.to_thread(_finish, order, journal)
        return self._landed(order, had)

    async def _bring(self, order: MoveOrder, told: Callable[[Step], None]) -> tuple[int, bool]:
        """Copy; gives the bytes that were there before, and whether that is all that is asked."""
        try:
            had = await self._copy(order, told)
        except DestinationAway:
            # A host may have taken all of it and only not come to say so (measured: rc 12).
            if not await self._stands_after_all(order):
                raise
            return 0, False
        if order.verify is not Verify.OFF:
            return had, False
        if await self._stands(order) is not Standing.SAME:
            raise MoveRefused(self._not_same(Standing.NOTHING, order))
        return had, True

    async def _copy(self, order: MoveOrder, told: Callable[[Step], None]) -> int:
        rsync, to = await self.probe(), (self._address, self._access)
        nest = self._state_dir / "moves" / f"{order.id}.seed"
        start = await asyncio.to_thread(source.first_byte, order, nest)
        try:
            await self._short(commands.seed(rsync, *to, start, self._patience))
        finally:
            await asyncio.to_thread(source.forget_first_byte, order, nest)
        line = commands.copy(rsync, *to, order.source, self._patience, order.bandwidth)
        size = order.ident.size
        progress = Progress(size, told, self._patience, self._whole(size))
        try:
            ended = await self._run(line, self._whole(size), progress.heard)
        except (MoveRefused, DestinationAway) as problem:
            raise self._with_rest(problem, order) from None
        return read_matched(ended.lines)

    async def _prove(self, order: MoveOrder, told: Callable[[Step], None]) -> None:
        """See by checksums of both files that they are the same.

        Raises:
            MoveRefused: they are not.
            DestinationAway: it did not come to an answer.
        """
        told(Step(MoveState.VERIFYING, 0))
        line = commands.check(await self.probe(), self._address, self._access, order.source)
        try:
            ended = await self._run(line, self._whole(order.ident.size))
        except DestinationAway as problem:
            hint = "; both ends are silent while they read it: no `timeout` in its rsyncd.conf"
            raise DestinationAway(f"{problem}{hint if self._address.daemon else ''}") from None
        standing = read_standing(ended.lines)
        if standing is not Standing.SAME:
            raise MoveRefused(self._not_same(standing, order))
        told(Step(MoveState.VERIFYING, order.ident.size))

    async def _stands(self, order: MoveOrder) -> Standing:
        """Look there: nothing of the plot's name, or one of its size.

        Raises:
            MoveRefused: another file has the name, or the host compares nothing.
            DestinationAway: the folder is not there, or the host.
        """
        standing = await self._look(order.source)
        if standing in (Standing.OTHER, Standing.UNTOLD):
            by_place = standing is Standing.UNTOLD
            raise MoveRefused(self._not_same(standing, order), by_place=by_place)
        return standing

    async def _look(self, file: Path) -> Standing:
        to = (self._address, self._access)
        line = commands.look(await self.probe(), *to, file, self._patience)
        standing = read_standing((await self._short(line)).lines)
        if standing is Standing.NO_FOLDER:
            raise DestinationAway(self._no_folder())
        return standing

    async def _require_apart(self, order: MoveOrder) -> None:
        """Make sure that the address does not lead back to the plot's own folder (see `apart`).

        The new file is made here and only looked for there, where rsync could not remove it.

        Raises:
            MoveRefused: it does, so that the plot would be compared with itself, and be lost.
            DestinationAway: the folder is not there, or the host.
        """
        probe = order.source.with_name(probe_name(order.id))
        try:
            await asyncio.to_thread(source.make_probe, order, probe)
            standing = await self._look(probe)
        finally:
            await asyncio.to_thread(source.forget_probe, probe)
        if standing is Standing.UNTOLD:
            raise MoveRefused(self._not_same(standing, order))
        if standing is not Standing.NOTHING:
            raise MoveRefused(self._leads_back(order))

    async def _stands_after_all(self, order: MoveOrder) -> bool:
        try:
            return await self._stands(order) is Standing.SAME
        except (DestinationAway, MoveRefused):
            return False

    async def _see_room(self, order: MoveOrder, *, again: bool) -> None:
        """Refuse what cannot fit; what an earlier try left there is not to be counted twice."""
        space = await self.space()
        needed = order.reserve + (0 if again else order.ident.size)
        if space is not None and space.free < needed:
            raise MoveRefused(
                f"{self.name} has {space.free / 2**30:.1f} GiB free, and"
                f" {needed / 2**30:.1f} GiB are needed: free some, or take another destination",
                full=True,
            )

    async def _short(self, line: Sequence[str]) -> Ended:
        return await self._run(line, self._patience + min(commands.CONNECT, self._patience))

    async def _run(
        self,
        line: Sequence[str],
        seconds: float,
        heard: Callable[[str], float | None] | None = None,
    ) -> Ended:
        await asyncio.to_thread(self._check_password_file)
        try:
            ended = await run(line, seconds, heard)
        except TimeoutError:
            raise DestinationAway(
                f"{self.name} does nothing any more: it goes on when the host answers again"
            ) from None
        if ended.code != 0:
            raise endings.told(ended, self.name)
        return ended

    async def _ask_version(self) -> Rsync:
        program = await asyncio.to_thread(shutil.which, self._program)
        if program is None:
            raise MoveRefused(
                f"{self._program} is not here: install it (Debian: apt install rsync)",
                by_place=True,
            )
        try:
            ended = await run([program, "--version"], ANSWER)
        except TimeoutError:
            raise DestinationAway(f"{program} does not answer: is its disk well?") from None
        if ended.code < 0:
            raise DestinationAway(f"{program} was killed: it is tried again")
        try:
            return read_version(program, "\n".join(ended.lines))
        except ValueError as problem:
            raise MoveRefused(str(problem), by_place=True) from None

    def _check_password_file(self) -> None:
        """Say it before rsync does, which would go on to ask a terminal."""
        file = self._access.password_file
        if file is None or not self._address.daemon:
            return
        try:
            mode = file.stat().st_mode
        except OSError as problem:
            raise MoveRefused(
                f"the password file {file} cannot be read: {problem.strerror}", by_place=True
            ) from None
        if stat.S_IMODE(mode) & 0o077:
            text = f"the password file {file} is open to others: chmod 600 it"
            raise MoveRefused(text, by_place=True)

    def _whole(self, size: int) -> float:
        """Seconds in which a file of a size is surely read or written over there."""
        return 10 * self._patience + size / SLOWEST

    def _no_folder(self) -> str:
        return f"{self.name} has no such folder: mount its drive, or make it there"

    def _leads_back(self, order: MoveOrder) -> str:
        return (
            f"{self.name} leads back to {_printable(str(order.source.parent))}, where the plot is:"
            " take this address out of this machine's settings; the plot stays where it is"
        )

    def _not_same(self, standing: Standing, order: MoveOrder) -> str:
        what = self._shown(order)
        if standing is Standing.UNTOLD:
            return (
                f"{self.name} does not compare {what} with what it has: take --ignore-existing"
                " (rrsync: -no-overwrite) and filters away from that host's rsync"
            )
        if standing is Standing.NOTHING:
            return f"{self.name} has no whole {what} though it said so: look at that host's disk"
        return (
            f"{self.name} has another file named {what}, which is never overwritten:"
            " compare the two, remove one by hand, then order the move again"
        )

    def _with_rest(
        self, problem: MoveRefused | DestinationAway, order: MoveOrder
    ) -> MoveRefused | DestinationAway:
        text = f"{problem}; what came over is in {PART}/{self._shown(order)} there"
        if isinstance(problem, MoveRefused):
            text = f"{text}, remove it if you give up"
            return MoveRefused(text, full=problem.full, by_place=problem.by_place)
        return DestinationAway(text)

    def _shown(self, order: MoveOrder) -> str:
        return _printable(order.source.name)

    def _landed(self, order: MoveOrder, had: int) -> Landed:
        path = f"{self.name.rstrip('/')}/{self._shown(order)}"
        return Landed(path, order.ident.size, resumed_from=had)


def _printable(name: str) -> str:
    return clean(name.encode(errors="backslashreplace").decode())


def _finish(order: MoveOrder, journal: Journal) -> None:
    """Journal and remove; what has changed meanwhile stays."""
    source.check(order)
    journal.write("landed")
    source.remove(order)
    journal.write("done")
