"""The process that touches a destination's disk, so that a hung one holds up nobody else.

    python -I -m plotobot.engine.moving.porter

It reads one JSON line from stdin, does what that says, and tells of it in JSON lines on stdout, of
which the last has `end`. A further line asks at which end it is at work, which it tells also while
it hangs there. It ends at once when stdin closes, as it does when the bot dies: the
protocol of a move holds at every instant. It imports nothing that takes long.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from plotobot.engine.moving.base import DestinationAway, MoveDelayed, MoveRefused, Step
from plotobot.engine.moving.carrier import carry, discard
from plotobot.engine.moving.errand import from_plain
from plotobot.engine.moving.marker import drive_of, mark_drive, open_marked
from plotobot.engine.moving.words import at_work

STOPPED = 3
_TELL_EVERY = 0.25
_AT_ONCE = 65536

Answer = Mapping[str, Any]


def main() -> int:
    """Do the one thing that stdin asks for; returns the exit code."""
    asked = json.loads(_first_line())
    threading.Thread(target=_heed_stdin, daemon=True).start()
    try:
        _say({"end": "done", **_TASKS[asked["do"]](asked)})
    except MoveRefused as refusal:
        how = {"full": refusal.full, "by_place": refusal.by_place}
        _say({"end": "refused", "text": str(refusal), **how})
    except DestinationAway as away:
        _say({"end": "away", "text": str(away)})
    except MoveDelayed as delay:
        _say({"end": "delayed", "text": str(delay)})
    except Exception as problem:
        _say({"end": "broken", "text": f"{type(problem).__name__}: {problem}"})
    return 0


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n") and (more := os.read(0, _AT_ONCE)):
        line += more
    return line


def _heed_stdin() -> None:
    """Tell where the work is when asked; the end comes when the bot closes its end, or dies."""
    while os.read(0, 1024):
        _say({"at": at_work()})
    os._exit(STOPPED)


def _say(answer: Answer) -> None:
    line = json.dumps(answer).encode() + b"\n"
    while line:
        line = line[os.write(1, line) :]


def _carry(asked: Answer) -> Answer:
    errand = from_plain(asked["errand"])
    return {"landed": asdict(carry(errand, _Teller(errand.folder).tell))}


def _discard(asked: Answer) -> Answer:
    discard(from_plain(asked["errand"]))
    return {}


def _space(asked: Answer) -> Answer:
    folder = Path(asked["folder"])
    with open_marked(folder, drive_of(folder, Path(asked["state_dir"]))) as place:
        return {**asdict(place.space()), "disk": place.disk()}


def _mark(asked: Answer) -> Answer:
    folder, state_dir = Path(asked["folder"]), Path(asked["state_dir"])
    return {"drive": mark_drive(folder, state_dir, anew=asked["anew"])}


_TASKS: Mapping[str, Callable[[Answer], Answer]] = {
    "carry": _carry,
    "discard": _discard,
    "space": _space,
    "mark": _mark,
}


def _free(folder: Path) -> int | None:
    """Asked after the move's own needs are known, so that no byte of them counts as free."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return None


class _Teller:
    """Tells of steps, a few times a second at most, and of each new state at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next, self._state = 0.0, ""

    def tell(self, step: Step) -> None:
        now = time.monotonic()
        if now >= self._next or step.state != self._state:
            self._next, self._state = now + _TELL_EVERY, step.state
            _say(asdict(replace(step, free=_free(self._folder))))


if __name__ == "__main__":
    sys.exit(main())
