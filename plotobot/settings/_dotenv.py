"""Reads `.env` files: `NAME=value` lines, with quotes, comments and `export`. No substitution."""

from __future__ import annotations

import re

from plotobot.settings._problem import Problem

_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)", re.DOTALL)
_SINGLE = re.compile(r"'([^']*)'[ \t]*(?:#.*)?", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?', re.DOTALL)
_COMMENT = re.compile(r"(?:^|[ \t]+)#.*", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def parse_env(text: str) -> tuple[dict[str, tuple[str, int]], list[Problem]]:
    """Read the text of a `.env` file.

    Inside single quotes everything is literal; inside double quotes a backslash escapes. Outside,
    a `#` after white space begins a comment. Of a name that stands twice the last one counts.

    Returns:
        For each name its value and line, and what could not be read. The problems never quote the
        line, since it may hold a secret.
    """
    values: dict[str, tuple[str, int]] = {}
    problems = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(Problem("this is not NAME=value; mend it or remove it.", line=number))
        elif (value := _value(match[2])) is None:
            reason = "the quotes round the value do not match; close them, or leave them out."
            problems.append(Problem(reason, line=number))
        else:
            values[match[1]] = (value, number)
    return values, problems


def _value(text: str) -> str | None:
    if text.startswith("'"):
        match = _SINGLE.fullmatch(text)
        return match and match[1]
    if text.startswith('"'):
        match = _DOUBLE.fullmatch(text)
        return match and _ESCAPE.sub(lambda e: _ESCAPES.get(e[1], e[1]), match[1])
    return _COMMENT.sub("", text).strip()
