"""Ending a plot: its whole process tree, and nobody else.

Who belongs to a plot: the plotter, its session, everything below it, everything below its shim
(the kernel hands orphans to the shim), and whoever holds the job's `child.lock`, which is how
processes are found that moved into a session of their own and lost their parents.
Each of them is held before it is signalled.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from pathlib import Path

from plotobot.engine.processes import Identity, Process, Processes, tree_of
from plotobot.engine.supervision.finding import State, inspect
from plotobot.engine.supervision.jobdir import CHILD_LOCK
from plotobot.engine.supervision.locks import is_held
from plotobot.errors import PlotobotError

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
STOP, CONTINUE = getattr(signal, "SIGSTOP", None), getattr(signal, "SIGCONT", None)
CAN_PAUSE = STOP is not None
"""Whether this system can hold processes still."""
PAUSE = 0.02
LIMIT = 10.0  # seconds after SIGKILL: longer than the kernel needs for all but hung drives


class NotEnded(PlotobotError):  # noqa: N818 - it reads as what it is
    """Processes of a plot are still there; its temp files must not be touched."""


async def end_tree(
    processes: Processes, directory: Path, grace: float, limit: float = LIMIT
) -> int:
    """End a plot's processes: SIGTERM, wait, SIGKILL, and look again until nobody is left.

    Args:
        processes: the system's processes.
        directory: the job's directory.
        grace: seconds the plotter has to end by itself.
        limit: seconds to go on with SIGKILL.

    Returns:
        How many processes were ended.

    Raises:
        NotEnded: some are still there.
    """
    tree = _Tree(processes, directory)
    try:
        await asyncio.to_thread(tree.signal_all, signal.SIGTERM)
        if CONTINUE is not None:  # one that stands still would never hear it
            await asyncio.to_thread(tree.signal_all, CONTINUE)
        if not await tree.gone_within(grace):
            deadline = time.monotonic() + limit
            while not await asyncio.to_thread(tree.gone) and time.monotonic() < deadline:
                await asyncio.to_thread(tree.signal_all, KILL)
                await asyncio.sleep(PAUSE)
        if not await asyncio.to_thread(tree.gone):
            raise NotEnded(tree.complaint())
        return tree.size
    finally:
        tree.close()


def hold_still(processes: Processes, directory: Path, *, still: bool) -> int:
    """Hold a plot's processes still, or let them go on; harmless where they do already. Blocks.

    Args:
        processes: the system's processes.
        directory: the job's directory.
        still: whether they are to stand still.

    Returns:
        How many processes were found; 0 also where the system cannot do it.
    """
    number = STOP if still else CONTINUE
    if number is None:
        return 0
    tree = _Tree(processes, directory)
    try:
        before = -1
        while tree.size > before:  # whoever was born meanwhile is found at the next look
            before = tree.size
            tree.signal_all(number)
        return tree.size
    finally:
        tree.close()


class _Tree:
    """The processes of one plot, held as they are found. Its methods block: for a thread."""

    def __init__(self, processes: Processes, directory: Path) -> None:
        self._processes = processes
        self._directory = directory
        self._held: dict[Identity, Process] = {}

    @property
    def size(self) -> int:
        """How many processes were found alive."""
        return len(self._held)

    def signal_all(self, number: int) -> None:
        """Look for members and signal all that are alive."""
        self._look()
        for member in self._held.values():
            if not member.ended():
                with contextlib.suppress(PermissionError):  # it stays, and is complained of
                    member.signal(number)

    def gone(self) -> bool:
        """Whether nobody is left, or ever will come."""
        if not all(member.ended() for member in self._held.values()):
            return False
        if is_held(self._directory / CHILD_LOCK):
            return False
        return inspect(self._directory, processes=self._processes).state not in (
            State.RUNNING,
            State.STARTING,
        )

    async def gone_within(self, seconds: float) -> bool:
        """Wait for everybody to go."""
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(self.gone):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(PAUSE)
        return True

    def complaint(self) -> str:
        """Who is left, for a person."""
        left = [str(who.pid) for who, member in self._held.items() if not member.ended()]
        who = f"processes {', '.join(left)}" if left else "processes that could not be named"
        return (
            f"{who} of job {self._directory.name} do not end, not even when killed; usually they"
            " wait for a drive that does not answer"
        )

    def close(self) -> None:
        """Let go of all of them."""
        for member in self._held.values():
            member.close()

    def _look(self) -> None:
        found = inspect(self._directory, processes=self._processes)
        for root in (found.child, found.shim):
            if root is None:
                continue
            for identity in tree_of(self._processes, root):
                if found.shim is None or identity.pid != found.shim.pid:
                    self._keep(identity)
        for identity in self._processes.holders(self._directory / CHILD_LOCK):
            self._keep(identity)

    def _keep(self, identity: Identity) -> None:
        if identity in self._held:
            return
        member = self._processes.hold(identity)
        if member is not None:
            self._held[identity] = member
