"""Reads small text files, and says where in them a problem is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from plotobot.settings._lines import line_of
from plotobot.settings._problem import Problem

_LARGEST = 64 * 1024
"""No settings file is larger; a disk image named by mistake is."""


def read_text(file: Path) -> str | Problem:
    """The text of a small file, or why there is none."""
    try:
        if file.is_dir():
            return Problem("is a folder; name the file in it.")
        if file.exists() and not file.is_file():
            return Problem("is no ordinary file; name a text file.")
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return Problem("does not exist; `plotobot init` makes one, or name another file.")
    except PermissionError:
        return Problem("may not be read by this user; change its owner or its permissions.")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is impossible"
        return Problem(f"cannot be read ({reason}); check the file and its drive.")
    return _decoded(content)


def _decoded(content: bytes) -> str | Problem:
    if len(content) > _LARGEST:
        return Problem(f"is larger than {_LARGEST // 1024} KiB, so it is no settings file.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem("is UTF-16; save it as UTF-8.")
    if (nul := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, nul) + 1
        return Problem("there are NUL bytes here; the file is damaged, so restore it.", line=line)
    try:
        # Windows' editors put a byte order mark in front.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Problem("this is not UTF-8; save the file as UTF-8.", line=line)


def located(file: Path, problem: Problem, lines: Mapping[tuple[str, ...], int]) -> str:
    """Put file, line and column in front of a problem."""
    name = "".join(c if c.isprintable() else "?" for c in str(file))
    line = problem.line or line_of(lines, problem.path)
    if line is None:
        return f"{name} {problem.text}" if _is_about_file(problem) else f"{name}: {problem.text}"
    column = f", column {problem.column}" if problem.column else ""
    return f"{name} line {line}{column}: {problem.text}"


def _is_about_file(problem: Problem) -> bool:
    return problem.text.startswith(("is ", "does ", "may ", "cannot "))
