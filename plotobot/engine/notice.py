"""What the spawner last said, put beside the database for `plotobot why`.

The command line must not open the database of a running bot, so the bot leaves it a note.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from plotobot.engine.models import SpawnerView
from plotobot.engine.supervision.jobdir import read_record, write_record

NOTICE = "spawner.json"


@cache
def _adapter() -> TypeAdapter[SpawnerView]:
    return TypeAdapter(SpawnerView)


def put_up(state_dir: Path, view: SpawnerView) -> None:
    """Leave the note; a disk that refuses it is no reason to start no plots. Blocks."""
    with suppress(OSError):
        write_record(state_dir, NOTICE, _adapter().dump_python(view, mode="json"))


def read(state_dir: Path) -> SpawnerView | None:
    """The note, or None where there is none that can be read. Blocks."""
    try:
        return _adapter().validate_python(read_record(state_dir, NOTICE))
    except (OSError, ValidationError):
        return None
