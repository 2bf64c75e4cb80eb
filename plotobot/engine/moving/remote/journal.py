"""What is certain about a move: `<state folder>/moves/<id>.json`. All of it blocks: for a thread.

`planned` before anything is sent; `landed` once the plot is proven whole over there, before it is
removed here; `done` after that. A file that cannot be read counts as none: then all is proven anew.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from plotobot.engine.moving.base import MoveOrder, MoveRefused

State = Literal["planned", "landed", "done"]
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LIMIT = 65536


class Journal:
    """The record of one move."""

    def __init__(self, state_dir: Path, order: MoveOrder, destination: str) -> None:
        """Know where it stands; nothing is read or written yet.

        Raises:
            MoveRefused: the order's id is none.
        """
        if not _ID.fullmatch(order.id):
            raise MoveRefused(f"{order.id!r} is no move's id: nothing was moved")
        self.folder = state_dir / "moves"
        self._path = self.folder / f"{order.id}.json"
        self._record: dict[str, Any] = {
            "source": str(order.source),
            "ident": asdict(order.ident),
            "destination": destination,
        }

    def state(self) -> State | None:
        """The state of this very move; None without a record, or with one of another move."""
        try:
            with self._path.open("rb") as file:
                record = json.loads(file.read(_LIMIT))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(record, dict):
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
            temp = self._path.with_suffix(".new")
            with temp.open("wb") as file:
                file.write(json.dumps({**self._record, "state": state}).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            temp.replace(self._path)
            _sync(self.folder)
        except OSError as problem:
            raise MoveRefused(
                f"the move's record {self._path} cannot be written: {problem.strerror};"
                " the plot stays where it is"
            ) from None


def _sync(folder: Path) -> None:
    if sys.platform == "win32":
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
