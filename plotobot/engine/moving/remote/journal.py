"""What is certain about a move: `<state folder>/moves/<id>.json`. All of it blocks: for a thread.

`planned` before anything is sent; `landed` once the plot is proven whole over there, before it is
removed here; `done` after that. A file that cannot be read counts as none: then all is proven anew.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from plotobot.engine.moving.base import MoveOrder, MoveRefused
from plotobot.engine.supervision.jobdir import JOB_ID, read_record, write_record

State = Literal["planned", "landed", "done"]


class Journal:
    """The record of one move."""

    def __init__(self, state_dir: Path, order: MoveOrder, destination: str) -> None:
        """Know where it stands; nothing is read or written yet.

        Raises:
            MoveRefused: the order's id is none.
        """
        if not JOB_ID.fullmatch(order.id):
            raise MoveRefused(f"{order.id!r} is no move's id: nothing was moved")
        self.folder = state_dir / "moves"
        self._name = f"{order.id}.json"
        self._record: dict[str, Any] = {
            "source": str(order.source),
            "ident": asdict(order.ident),
            "destination": destination,
        }

    def state(self) -> State | None:
        """The state of this very move; None without a record, or with one of another move."""
        try:
            record = read_record(self.folder, self._name) or {}
        except OSError:
            return None
        state: State | None = record.pop("state", None)
        known = state in ("planned", "landed", "done")
        return state if known and record == self._record else None

    def write(self, state: State) -> None:
        """Put a state down, whole or not at all, and durably.

        Raises:
            MoveRefused: the state folder's disk refuses.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_record(self.folder, self._name, {**self._record, "state": state})
        except OSError as problem:
            raise MoveRefused(
                f"the move's record {self.folder / self._name} cannot be written:"
                f" {problem.strerror}; the plot stays where it is"
            ) from None
