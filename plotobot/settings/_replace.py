"""Writes small files so that each is either the old one or the new one, whatever happens."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plotobot.errors import SettingsError


@dataclass(frozen=True, slots=True)
class NewFile:
    """What a file is to hold."""

    path: Path
    """A symbolic link stays one: the file behind it is replaced."""
    content: bytes
    mode: int | None = None
    """Permission bits; None keeps those of the file that is replaced."""


def replace_files(files: Sequence[NewFile]) -> None:
    """Write all of them, or none where one cannot be written. Blocks.

    Raises:
        SettingsError: one sentence; every file is as it was.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for file in files:
            real = Path(os.path.realpath(file.path))
            # The name first: a half-written one is removed, too.
            staged.append((real.with_name(f".{real.name}.{secrets.token_hex(4)}.new"), real))
            _write(file, *staged[-1])
        for new, real in staged:
            new.replace(real)
        for folder in {real.parent for _, real in staged}:
            _sync(folder)
    except OSError as error:
        reason = f"{file.path} cannot be written ({error.strerror or 'unknown'})"
        raise SettingsError([f"{reason}; check its folder and its drive."]) from None
    finally:
        for new, _ in staged:
            with suppress(OSError):
                new.unlink(missing_ok=True)


def _write(file: NewFile, new: Path, real: Path) -> None:
    old = real.stat() if real.exists() else None
    mode = file.mode if file.mode is not None else stat.S_IMODE(old.st_mode) if old else 0o644
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(file.content)
        opened.flush()
        os.fsync(descriptor)
    if old and sys.platform != "win32":
        with suppress(PermissionError):  # an ordinary user's files are his own anyway
            os.chown(new, old.st_uid, old.st_gid)
    new.chmod(mode)


def _sync(folder: Path) -> None:
    """Make the new names durable, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
