"""Content checks as lines of a file beside the database, for `plotobot plots`.

The command line must not open the database of a running bot. So each check is also a line here; at
each start the file is written anew with what the database holds. All of it blocks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from plotobot.engine.inventory.plot import Check
from plotobot.plots.proofs import ProofCheck, ProofVerdict

FILE = "checks.jsonl"


def write_lines(state_dir: Path, checks: Iterable[Check]) -> None:
    """Begin the file anew with these checks.

    Raises:
        OSError: the disk refuses; the file is as it was.
    """
    new = state_dir / f"{FILE}.new"
    new.write_text("".join(map(_line, checks)), encoding="ascii")
    new.replace(state_dir / FILE)


def add_line(state_dir: Path, check: Check) -> None:
    """Put one more check down.

    Raises:
        OSError: the disk refuses.
    """
    with (state_dir / FILE).open("a", encoding="ascii") as file:
        file.write(_line(check))


def read_lines(state_dir: Path) -> list[Check]:
    """The latest check of each file; none where there is no file, or it cannot be read."""
    try:
        lines = (state_dir / FILE).read_bytes().splitlines()
    except OSError:
        return []
    latest: dict[str, Check] = {}
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, RecursionError):  # cut by a power cut
            check = _check(line)
            latest[check.path] = check
    return list(latest.values())


def _line(check: Check) -> str:
    # JSON in ASCII keeps also the bytes of a path that are no text.
    record = asdict(check) | {"at": check.at.isoformat()}
    return json.dumps(record) + "\n"


def _check(line: bytes) -> Check:
    record = json.loads(line)
    result = record["result"]
    verdict = ProofVerdict(result["verdict"])
    moment = datetime.fromisoformat(record["at"])
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return Check(
        os.fspath(record["path"]),
        str(record["plot_id"]),
        moment,
        ProofCheck(**(result | {"verdict": verdict, "words": str(result["words"])})),
    )
