"""Reads Ploto's file, and writes Plotobot's two."""

from __future__ import annotations

import os
from pathlib import Path

from plotobot.errors import Refusal
from plotobot.ploto.conversion import LARGEST, Imported, convert
from plotobot.ploto.toml import env_text

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def import_file(file: Path) -> Imported:
    """Read and convert a configuration of Ploto. Blocks.

    Raises:
        Refusal: one sentence with the file's name; it cannot be read, or is not of Ploto.
    """
    text = read_config(file)
    try:
        return convert(text)
    except Refusal as refusal:
        raise Refusal(f"{_shown(file)} is no configuration of Ploto: {refusal}") from None


def read_config(file: Path) -> str:
    """The text of a small file, in any encoding that PowerShell writes.

    Raises:
        Refusal: it cannot be read.
    """
    try:
        if file.exists() and not file.is_file():
            raise Refusal(f"{_shown(file)} is no file; name Ploto's PlotoSpawnerConfig.json.")
        with file.open("rb") as opened:
            content = opened.read(2 * LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is impossible"
        raise Refusal(f"{_shown(file)} cannot be read: {reason}.") from error
    if len(content) > 2 * LARGEST:
        raise Refusal(f"{_shown(file)} is too large to be a configuration of Ploto.")
    return decoded(content)


def decoded(content: bytes) -> str:
    """The text of UTF-8, of UTF-16 with or without its mark, or of Windows' western encoding."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if b"\0" in content[:4]:
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def write_imported(imported: Imported, folder: Path) -> tuple[Path, Path]:
    """Write plotobot.toml and `.env`, the latter for its owner's eyes only.

    Returns:
        The two files.

    Raises:
        Refusal: one of them exists already, or cannot be written; then neither is left behind.
    """
    toml, env = folder / "plotobot.toml", folder / ".env"
    for file in (toml, env):
        if os.path.lexists(file):
            raise Refusal(f"{_shown(file)} exists already; name another folder with --out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_new(toml, imported.toml, 0o644)
        try:
            _write_new(env, env_text(imported.env.items()), 0o600)
        except OSError:
            toml.unlink()
            raise
    except OSError as error:
        reason = error.strerror or "unknown"
        raise Refusal(f"{_shown(folder)} cannot take the settings: {reason}.") from error
    return toml, env


def _write_new(file: Path, text: str, mode: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
        opened.write(text)


def _shown(path: Path) -> str:
    return "".join(char if char.isprintable() else "?" for char in str(path))
