"""Tells on which line of a TOML text a key stands, which tomllib does not.

It only has to work for texts that tomllib has accepted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*({_DOTTED})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|.",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """Map each key and table header, as its parts, to its line, from 1."""
    lines: dict[Path, int] = {}
    table: Path = ()
    position, line = 0, 1
    while position < len(text):
        end = position
        if header := _HEADER.match(text, position):
            table = _parts(header[1])
            lines.setdefault(table, line)
            end = header.end()
        elif assignment := _ASSIGNMENT.match(text, position):
            path = table + _parts(assignment[1])
            lines.setdefault(path, line)
            end = assignment.end()
        end = _end_of_statement(text, end)
        line += text.count("\n", position, end)
        position = end
    return lines


def place_for(text: str, path: Path) -> int | None:
    """Where in a text the line of a key that it lacks belongs, as an offset at a line's start.

    Behind the comment that shows the key, as plotobot.example.toml has for each; else behind the
    last key of its table, else behind the table's header. None where the table has no header.
    """
    shown = re.compile(rf"[ \t]*#[ \t]*{re.escape(path[-1])}[ \t]*=")
    table: Path = ()
    comment = last = None
    position = 0
    while position < len(text):
        header, assignment = _HEADER.match(text, position), _ASSIGNMENT.match(text, position)
        is_comment = bool(shown.match(text, position))
        starts = header or assignment
        position = _end_of_statement(text, starts.end() if starts else position)
        table = _parts(header[1]) if header else table
        if table == path[:-1] and is_comment and comment is None:
            comment = position
        elif table == path[:-1] and starts:
            last = position
    return last if comment is None else comment


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of a key, else of the nearest table or inline table round it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    # Dotted keys make tables that have no line of their own.
    return min((line for key, line in lines.items() if key[: len(path)] == path), default=None)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))


def _end_of_statement(text: str, position: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(text, position):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
        elif token[0] == "\n" and depth <= 0:
            return token.end()
    return len(text)
