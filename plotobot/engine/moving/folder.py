"""A folder as a destination: on an inner drive, a USB drive, or a mounted share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from plotobot.engine.moving.base import (
    DestinationAway,
    Landed,
    MoveDelayed,
    MoveOrder,
    MoveState,
    Space,
    Step,
)
from plotobot.engine.moving.child import Child, Line
from plotobot.engine.moving.errand import Pace, errand_for, to_plain
from plotobot.engine.moving.words import End, shown

PATIENCE = 60.0
"""Seconds without any progress until a disk counts as hung."""
QUICK = 10.0
"""Seconds that a small question may take."""


class FolderDestination:
    """A `Destination` on a file system of this machine.

    Args:
        folder: where plots go.
        state_dir: Plotobot's own, for journals and for what marks the drive.
        patience: seconds without progress until the disk counts as hung.
        quick: seconds that a question may take.
        pace: in what portions is copied.
    """

    def __init__(
        self,
        folder: Path,
        state_dir: Path,
        *,
        patience: float = PATIENCE,
        quick: float = QUICK,
        pace: Pace | None = None,
    ) -> None:
        self._folder, self._state_dir = folder, state_dir
        self._patience, self._quick = patience, quick
        self._pace = pace or Pace()
        self._disk = str(folder)

    @property
    def name(self) -> str:
        """The folder as the farmer wrote it."""
        return shown(str(self._folder))

    @property
    def disk(self) -> str:
        """The physical disk's name, once `space` has been asked; until then the folder."""
        return self._disk

    async def take_into_use(self, *, anew: bool = False) -> str:
        """Place the drive's marker and remember it; see `marker.mark_drive`.

        Raises:
            DestinationAway: it is not there, does not answer, or another drive is there.
            MoveRefused: the marker cannot be written.
        """
        answer = await self._ask(self._quick, {"do": "mark", "anew": anew})
        return str(answer["drive"])

    async def space(self) -> Space:
        """Free and total bytes of the right drive; see `Destination.space`."""
        answer = await self._ask(self._quick, {"do": "space"})
        self._disk = str(answer["disk"])
        return Space(free=int(answer["free"]), total=int(answer["total"]))

    async def carry(self, order: MoveOrder, told: Callable[[Step], None]) -> Landed:
        """Take a plot there; see `Destination.carry`."""
        async with Child(self._asked("carry", order)) as child:
            while (line := await self._line(child, self._patience)).get("end") != "done":
                told(Step(**{**line, "state": MoveState(line["state"])}))
        return Landed(**line["landed"])

    async def discard(self, order: MoveOrder) -> None:
        """Remove what an unfinished move has left there, since it will not be given again.

        Raises:
            DestinationAway: it is not there or does not answer.
            MoveRefused: the plot has landed already, or the drive refuses.
        """
        await self._ask(self._patience, self._asked("discard", order))

    def _asked(self, what: str, order: MoveOrder) -> dict[str, Any]:
        errand = errand_for(order, self._folder, self._state_dir, self._pace)
        return {"do": what, "errand": to_plain(errand)}

    async def _ask(self, patience: float, what: dict[str, Any]) -> Line:
        where = {"folder": str(self._folder), "state_dir": str(self._state_dir)}
        async with Child({**where, **what}) as child:
            try:
                return await self._line(child, patience)
            except MoveDelayed as delay:  # a question has no other end
                raise DestinationAway(str(delay)) from None

    async def _line(self, child: Child, patience: float) -> Line:
        try:
            return await child.line(patience)
        except TimeoutError:
            hung = f"does not answer ({patience:.0f} s without progress)"
        advice = "its drive may hang; check its cable, and the log of the system"
        if await child.at_work() is End.SOURCE:
            raise MoveDelayed(f"the folder that the plot is in {hung}: {advice}")
        raise DestinationAway(f"{self.name} {hung}: {advice}")
