"""The last lines of a log, as a person wants to read them. Blocking: for a thread."""

from __future__ import annotations

import os
import re
from pathlib import Path

from plotobot.plots.keys import masked

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_READ = 64 * 1024


def last_lines(path: Path, count: int) -> list[str]:
    """Up to `count` last lines that say something; none where the log cannot be read.

    Keys are masked: plotters print them, and these lines go to Discord.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _READ))
            text = file.read(_READ).decode("utf-8", "replace")
    except OSError:
        return []
    lines = (masked(_ANSI.sub("", line)).strip() for line in text.splitlines())
    return [line[:400] for line in lines if line][-count:]
