"""Ends a plotter that somebody else started: its process tree, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time

from plotobot.engine.processes import Identity, Process, Processes, descendants
from plotobot.engine.supervision.ending import KILL, LIMIT, PAUSE, NotEnded


async def end_foreign(
    processes: Processes, root: Identity, grace: float = 5.0, limit: float = LIMIT
) -> int:
    """SIGTERM to a process and all below it, wait, then SIGKILL until nobody is left.

    Args:
        processes: the system's processes.
        root: the plotter; its pid alone would name nobody.
        grace: seconds it has to end by itself.
        limit: seconds to go on with SIGKILL.

    Returns:
        How many processes were ended; 0 if the plotter had ended before.

    Raises:
        NotEnded: some are still there, or belong to somebody whom Plotobot may not signal.
    """
    tree = _Tree(processes, root)
    try:
        await asyncio.to_thread(tree.signal_all, signal.SIGTERM)
        if not await _gone_within(tree, grace):
            deadline = time.monotonic() + limit
            while not tree.gone() and time.monotonic() < deadline:
                await asyncio.to_thread(tree.signal_all, KILL)
                await asyncio.sleep(PAUSE)
        if not tree.gone():
            raise NotEnded(tree.complaint())
        return len(tree.held)
    finally:
        tree.close()


async def _gone_within(tree: _Tree, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not tree.gone():
        if tree.refused or time.monotonic() > deadline:
            return False
        await asyncio.sleep(PAUSE)
    return True


class _Tree:
    """The processes below one, each held before it is signalled."""

    def __init__(self, processes: Processes, root: Identity) -> None:
        self._processes = processes
        self._boot_id = root.boot_id
        self.held: dict[Identity, Process] = {}
        self.refused = False
        """Whether a signal was not allowed: waiting mends nothing."""
        self._keep(root)

    def signal_all(self, number: int) -> None:
        """Look for more of them, and signal all that are alive."""
        self._look()
        for member in self.held.values():
            if not member.ended():
                try:
                    member.signal(number)
                except PermissionError:
                    self.refused = True

    def gone(self) -> bool:
        """Whether all have ended."""
        return all(member.ended() for member in self.held.values())

    def complaint(self) -> str:
        """Who is left, for a person."""
        left = ", ".join(str(who.pid) for who, one in self.held.items() if not one.ended())
        why = "they belong to another user" if self.refused else "not even when killed"
        return f"the processes {left} do not end: {why}"

    def close(self) -> None:
        """Let go of all of them."""
        for member in self.held.values():
            member.close()

    def _look(self) -> None:
        table = self._processes.table()
        alive = {who.pid for who, member in self.held.items() if not member.ended()}
        for pid in descendants(table, alive):
            if not table[pid].zombie:
                self._keep(Identity(self._boot_id, pid, table[pid].ticks))

    def _keep(self, identity: Identity) -> None:
        if identity in self.held:
            return
        with contextlib.suppress(OSError):
            member = self._processes.hold(identity)
            if member is not None:
                self.held[identity] = member
