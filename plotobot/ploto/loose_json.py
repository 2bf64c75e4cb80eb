"""Reads JSON as Ploto's users wrote it.

Ploto's README shows `|` comments at line ends, misses commas and has some too many; people copied
it. So commas do not matter here, and backslashes of paths need not be doubled.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from plotobot.errors import Refusal

_TOKEN = re.compile(
    r"""(?P<space>\s+|[|#][^\r\n]*|//[^\r\n]*|,)
    |(?P<mark>[{}\[\]:])
    |"(?P<text>(?:[^"\\\r\n]|\\[^\r\n])*)"
    |"(?P<raw>[^"\r\n]*)"
    |(?P<bare>[^\s{}\[\]:,|"\#]+)""",
    re.VERBOSE,
)
_DEEPEST = 8
"""Ploto nests three deep."""


class Pair(NamedTuple):
    """A key, the line it stands in (from 1), and its value."""

    key: str
    line: int
    value: Value


Value = str | list["Value"] | tuple[Pair, ...]
"""A text, a list, or an object. Numbers and switches are texts, as nearly all of Ploto's are."""


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


@dataclass(slots=True)
class LooseText:
    """A text read loosely: its top object, and what had to be forgiven."""

    pairs: tuple[Pair, ...] = ()
    forgiven: list[str] = field(default_factory=list)


def read_loosely(text: str) -> LooseText:
    """Read an object.

    Raises:
        Refusal: one sentence with the line; it never quotes the text, which may hold secrets.
    """
    result = LooseText()
    reader = _Reader(_tokens(text, result.forgiven))
    value = reader.value(0)
    if not isinstance(value, tuple):
        raise Refusal("it does not begin with {.")
    if reader.left:
        raise Refusal(f"line {reader.line}: there is something behind the last }}.")
    result.pairs = value
    return result


def _tokens(text: str, forgiven: list[str]) -> list[_Token]:
    tokens = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Refusal(f"line {line}: a quote is not closed.")
        kind = match.lastgroup or ""
        if kind in ("text", "raw"):
            tokens.append(_Token("text", _unescaped(match[kind], kind, line, forgiven), line))
        elif kind != "space":
            tokens.append(_Token(kind, match[0], line))
        line += match[0].count("\n")
        position = match.end()
    return tokens


def _unescaped(body: str, kind: str, line: int, forgiven: list[str]) -> str:
    if "\\" not in body:
        return body
    try:
        text = json.loads(f'"{body}"') if kind == "text" else ""
    except ValueError:
        text = ""
    # No text of Ploto's has control characters: "F:\temp" is a folder and no tabulator.
    if text and not re.search(r"[\x00-\x1f]", text):
        return str(text)
    forgiven.append(f"line {line}: a single backslash was taken as it stands.")
    return body.replace("\\\\", "\\")


class _Reader:
    """Takes tokens one by one."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def left(self) -> bool:
        """Whether there is another token."""
        return self._next < len(self._tokens)

    @property
    def line(self) -> int:
        """Where the reader stands."""
        if not self._tokens:
            return 1
        return self._tokens[min(self._next, len(self._tokens) - 1)].line

    def value(self, depth: int) -> Value:
        """Read a text, a list or an object."""
        if depth > _DEEPEST:
            raise Refusal(f"line {self.line}: it is nested too deep.")
        token = self._take()
        if token.kind == "text":
            return token.text
        if token.kind == "bare":
            return "" if token.text == "null" else token.text
        if token.text == "{":
            return self._object(depth)
        if token.text == "[":
            return self._list(depth)
        raise Refusal(f"line {token.line}: a value is missing before {token.text}.")

    def _object(self, depth: int) -> tuple[Pair, ...]:
        pairs = []
        while not self._ends("}"):
            key = self._take()
            if key.kind == "mark":
                raise Refusal(f"line {key.line}: a key is missing before {key.text}.")
            if not self._ends(":"):
                raise Refusal(f"line {key.line}: there is no : behind a key.")
            pairs.append(Pair(key.text, key.line, self.value(depth + 1)))
        return tuple(pairs)

    def _list(self, depth: int) -> list[Value]:
        values = []
        while not self._ends("]"):
            values.append(self.value(depth + 1))
        return values

    def _ends(self, mark: str) -> bool:
        token = self._tokens[self._next] if self.left else None
        found = token is not None and token.kind == "mark" and token.text == mark
        self._next += found
        return found

    def _take(self) -> _Token:
        if not self.left:
            raise Refusal(f"line {self.line}: it ends in the middle; some part of it is missing.")
        self._next += 1
        return self._tokens[self._next - 1]
