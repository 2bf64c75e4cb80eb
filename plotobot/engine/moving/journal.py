"""The journal of a move: how far it came, durable before the step that relies on it.

<state>/moves/<move id>.json   the record
<state>/moves/<move id>.lock   held by the process at work on it
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from plotobot.engine.moving import system
from plotobot.engine.moving.base import Ident, MoveDelayed, MoveRefused
from plotobot.engine.moving.errand import Errand
from plotobot.engine.moving.words import at_state, shown
from plotobot.engine.supervision.jobdir import JOB_ID, read_record, write_record

FORMAT = 1


class Stage(StrEnum):
    """What is certain about a move."""

    PLANNED = "planned"
    """The source is the plot; of the copy nothing is certain but the chunks that are listed."""
    LANDED = "landed"
    """The plot stands whole and durable under its final name; the source may go."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal's content."""

    source: str
    ident: Ident
    folder: str
    home: tuple[int, int]
    """The fingerprint of the source's folder: a source that is not in it may only be away."""
    chunk: int
    """Bytes that each digest is of; the last one may be of less."""
    stage: Stage = Stage.PLANNED
    digests: tuple[str, ...] = ()
    """Of the source's chunks whose copies are durable, from the first one on, in hex."""
    resumed_from: int = 0
    renamed: bool = False

    @property
    def kept(self) -> int:
        """Bytes at the front of the part file that are durable."""
        return min(len(self.digests) * self.chunk, self.ident.size)


class Journal:
    """Reads and writes the record of one move, under its lock."""

    def __init__(self, errand: Errand) -> None:
        self._directory, self._name = directory_of(errand.state_dir), f"{errand.id}.json"
        self._errand = errand
        self.path = self._directory / self._name

    def read(self) -> Entry | None:
        """What was written last; None at the first try.

        Raises:
            MoveRefused: it cannot be read, is damaged, or is about another move.
        """
        with at_state(str(self.path)):
            record = read_record(self._directory, self._name)
            missing = record is None and not os.path.lexists(self.path)
        if missing:
            return None
        entry = _parsed(record)
        if entry is None:
            raise MoveRefused(
                f"the journal {shown(str(self.path))} is damaged: remove it and move the plot"
                " again, which compares what is there already"
            )
        errand = self._errand
        if (entry.source, entry.ident) != (str(errand.source), errand.ident) or (
            entry.folder != str(errand.folder)
        ):
            raise MoveRefused(
                f"the journal {shown(str(self.path))} is about another move: give this one its own"
            )
        return entry

    def write(self, entry: Entry) -> None:
        """Put down how far the move is; it is durable when this returns.

        Raises:
            MoveRefused: the state directory refuses.
        """
        with at_state(str(self.path)):
            write_record(self._directory, self._name, {**asdict(entry), "format": FORMAT})


@contextmanager
def held_journal(errand: Errand) -> Iterator[Journal]:
    """The journal of a move, which nobody else works on meanwhile.

    Raises:
        MoveDelayed: an earlier try is still at work, perhaps hung.
        MoveRefused: the state directory refuses.
        ValueError: the move's id is none.
    """
    if not JOB_ID.fullmatch(errand.id):
        raise ValueError(f"{errand.id!r} is no id of a move")
    directory = directory_of(errand.state_dir)
    path = directory / f"{errand.id}.lock"
    with at_state(str(path)):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | system.OPEN, 0o600)
    try:
        if not system.lock(fd):
            raise MoveDelayed(
                f"an earlier try to move {shown(errand.name)} has not ended yet: its disk may hang"
            )
        yield Journal(errand)
    finally:
        os.close(fd)


def forget(state_dir: Path, move_id: str) -> None:
    """Remove the journal of a move that will never be given again. Blocks.

    Raises:
        OSError: the state directory refuses.
        ValueError: this is no id of a move.
    """
    if not JOB_ID.fullmatch(move_id):
        raise ValueError(f"{move_id!r} is no id of a move")
    for ending in (".json", ".json.new", ".lock"):
        with suppress(FileNotFoundError):
            (directory_of(state_dir) / f"{move_id}{ending}").unlink()


def forget_all_but(state_dir: Path, live: Collection[str]) -> None:
    """Remove the journals of all moves that have ended. Blocks; what refuses stays."""
    with suppress(OSError):
        for path in directory_of(state_dir).iterdir():
            move_id = path.name.partition(".")[0]
            if JOB_ID.fullmatch(move_id) and move_id not in live:
                forget(state_dir, move_id)


def directory_of(state_dir: Path) -> Path:
    """Where the journals are."""
    return state_dir / "moves"


def _parsed(record: Mapping[str, Any] | None) -> Entry | None:
    """A record as an entry, trusting nothing in it."""
    try:
        if record is None or record["format"] != FORMAT:
            return None
        entry = Entry(
            source=_of(str, record["source"]),
            ident=Ident(**{key: _of(int, value) for key, value in record["ident"].items()}),
            folder=_of(str, record["folder"]),
            home=(_of(int, record["home"][0]), _of(int, record["home"][1])),
            chunk=_of(int, record["chunk"]),
            stage=Stage(record["stage"]),
            digests=tuple(_digest(one) for one in record["digests"]),
            resumed_from=_of(int, record["resumed_from"]),
            renamed=_of(bool, record["renamed"]),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    return entry if entry.chunk > 0 else None


def _of(kind: type[Any], value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _digest(value: Any) -> str:
    if len(bytes.fromhex(_of(str, value))) != 32:
        raise ValueError("no digest")
    return str(value)
