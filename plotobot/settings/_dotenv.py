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


def with_variable(text: str, name: str, value: str) -> str:
    """The text of a `.env` file with one variable set; every other line stays.

    Args:
        text: what is there.
        name: the variable; of several lines of this name the last one, which counts, is changed.
        value: without quotes and line ends.
    """
    line = re.compile(rf"(?m)^([ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*)[^\r\n]*")
    value = f"'{value}'" if value.startswith("#") else value
    if found := list(line.finditer(text)):
        last = found[-1]
        return f"{text[: last.start()]}{last[1]}{value}{text[last.end() :]}"
    end = "\r\n" if "\r\n" in text else "\n"
    gap = end if text and not text.endswith("\n") else ""
    return f"{text}{gap}{name}={value}{end}"


def _value(text: str) -> str | None:
    if text.startswith("'"):
        match = _SINGLE.fullmatch(text)
        return match and match[1]
    if text.startswith('"'):
        match = _DOUBLE.fullmatch(text)
        return match and _ESCAPE.sub(lambda e: _ESCAPES.get(e[1], e[1]), match[1])
    return _COMMENT.sub("", text).strip()
