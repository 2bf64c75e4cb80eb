"""Which rsync is here, and what it can do."""

from __future__ import annotations

import re
from dataclasses import dataclass

LEAST = (3, 2, 4)
"""The first with --fsync, and with arguments kept from the other host's shell (its NEWS)."""
SAFE = (3, 5, 0)
"""The first without 33 known security holes (its NEWS, 2026-08)."""
_VERSION = re.compile(r"^rsync\s+version\s+v?(\d+)\.(\d+)(?:\.(\d+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rsync:
    """The rsync of this machine."""

    program: str
    version: tuple[int, int, int]
    preallocate: bool

    @property
    def warning(self) -> str | None:
        """What is bad about it, in one sentence."""
        if self.version >= SAFE:
            return None
        return (
            f"{self.program} is {dotted(self.version)}, with security holes that {dotted(SAFE)}"
            " closed: take the newer one (Debian: backports), on the other hosts too"
        )


def read_version(program: str, text: str) -> Rsync:
    """Read what `rsync --version` printed.

    Raises:
        ValueError: this rsync cannot be used; the text is one sentence.
    """
    found = _VERSION.search(text)
    if found is None or "openrsync" in text:
        raise ValueError(
            f"{program} is not the rsync of samba.org (macOS has another): install that one"
        )
    version = (int(found[1]), int(found[2]), int(found[3] or 0))
    if version < LEAST:
        raise ValueError(
            f"{program} is {dotted(version)}, which cannot make a copy durable:"
            f" install {dotted(LEAST)} or newer"
        )
    words = re.split(r"[,\n]\s*", text)
    return Rsync(program, version, "prealloc" in (word.strip() for word in words))


def dotted(version: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
