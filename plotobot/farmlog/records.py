"""Records of the log: where they begin and end, and what their heads say.

A record begins with a head (time, version from chia 2.4.4 on, service, logger, level) and goes on
until the next one: tracebacks have no head. So read in chia/util/chia_logging.py, 1.0 to 2.7.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from plotobot.farmlog.facts import LOOKUP, LookupWords

HEAD = re.compile(
    rb"(?m)^(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}) (?:(?P<version>\d++\.\d++[\w.+-]*+) )?+"
    rb"(?P<service>[a-z0-9_]*+) (?P<logger>[\w.-]++) *+: "
    rb"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) *+(?P<message>(?:" + LOOKUP + rb"|)[^\n]*+)"
)
"""A head with its first line; what an eligible line says is read along, not by a second pattern."""
LONGEST_MESSAGE = 64 * 1024
"""Bytes of one record that are kept; nobody reads more."""
_NEW, _OLD = 7, 12
_NEW_GROUPS, _OLD_GROUPS = (*range(_NEW, _NEW + 5),), (*range(_OLD, _OLD + 5),)
"""Where LOOKUP's groups stand in a head."""
_DENSE = 1024
"""Bytes; where so few hold the first needle, looking at each line is faster."""
_BEGIN = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} ")
_ANSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_NULS = re.compile(rb"\0+")


@dataclass(frozen=True, slots=True)
class Record:
    """One record; its message holds the lines that belong to it, blank ones left out."""

    time: datetime
    version: str | None
    service: str
    logger: str
    level: str
    message: str


def cleaned(data: bytes) -> bytes:
    """Without colours, and with a new line where a power cut left zeros."""
    if b"\x1b" in data:
        data = _ANSI.sub(b"", data)
    return _NULS.sub(b"\n", data) if b"\0" in data else data


def first_head(block: bytes) -> re.Match[bytes] | None:
    """The first head of a block."""
    return next((found for at in _begins(block) if (found := HEAD.match(block, at))), None)


def last_head(block: bytes, level: bytes = b"") -> re.Match[bytes] | None:
    """The last head of a block, or the last one of a level."""
    needle = b": " + level if level else b""
    at = block.rfind(needle)
    while at >= 0:
        begin = block.rfind(b"\n", 0, at) + 1
        found = HEAD.match(block, begin)
        if found and level in (b"", found["level"]):
            return found
        at = block.rfind(needle, 0, begin - 1) if begin else -1
    return None


def heads(block: bytes, needles: Sequence[bytes] | None = None) -> list[re.Match[bytes]]:
    """The heads in a block of whole lines, in order.

    Args:
        block: lines of a log, cleaned.
        needles: only the records whose first line holds one of these; None means all. Other lines
            are passed over without a look, which is what makes reading fast.
    """
    if needles is None:
        return [found for begin in _begins(block) if (found := HEAD.match(block, begin))]
    if needles and block.count(needles[0]) * _DENSE > len(block):
        each = HEAD.finditer(block)
        return [head for head in each if head[_NEW] or _holds(head[0], needles)]
    begins: dict[int, re.Match[bytes]] = {}
    for needle in needles:
        at = block.find(needle)
        while at >= 0:
            begin = block.rfind(b"\n", 0, at) + 1
            found = begins.get(begin) or HEAD.match(block, begin)
            if found:
                begins[begin] = found
            at = block.find(needle, found.end() if found else _next_line(block, at))
    return [begins[begin] for begin in sorted(begins)]


def _holds(line: bytes, needles: Sequence[bytes]) -> bool:
    return any(needle in line for needle in needles)


def record(head: re.Match[bytes], time: datetime) -> Record:
    """The whole record of a head whose time was read already."""
    version = head["version"]
    return Record(
        time,
        version.decode() if version else None,
        head["service"].decode(),
        head["logger"].decode(),
        head["level"].decode(),
        _message(head),
    )


def looked_up(head: re.Match[bytes]) -> LookupWords | None:
    """What a record tells of a challenge; None for any other record."""
    if head[_NEW]:
        return cast(LookupWords, head.group(*_NEW_GROUPS))
    return cast(LookupWords, head.group(*_OLD_GROUPS)) if head[_OLD] else None


def first_line(head: re.Match[bytes]) -> str:
    """The message of a head without the lines that follow it."""
    return head["message"][:LONGEST_MESSAGE].decode("utf-8", "replace").rstrip()


def _message(head: re.Match[bytes]) -> str:
    block, begin = head.string, head.start("message")
    text = block[begin : min(_end(block, head.end()), begin + LONGEST_MESSAGE)]
    lines = (line.rstrip() for line in text.decode("utf-8", "replace").split("\n"))
    return "\n".join(line for number, line in enumerate(lines) if line or not number)


def _end(block: bytes, at: int) -> int:
    """Where the record ends whose first line ends at `at`."""
    begin = _next_line(block, at)
    while begin < len(block) and not _BEGIN.match(block, begin):
        begin = _next_line(block, begin)
    return begin


def _begins(block: bytes) -> Iterator[int]:
    begin = 0
    while begin < len(block):
        yield begin
        begin = _next_line(block, begin)


def _next_line(block: bytes, at: int) -> int:
    end = block.find(b"\n", at)
    return len(block) if end < 0 else end + 1
