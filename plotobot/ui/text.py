"""Numbers and untrusted words, made fit to be read on Discord."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from plotobot.engine.models import GIB

MESSAGE_LIMIT = 2000
"""Characters in the content of a message."""
EMBED_LIMIT = 4096
FIELD_LIMIT = 1024

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
_MARKDOWN = re.compile(r"([\\`*_~|\[\]<>@]|#(?=\s|$)|:(?=//))")
# Bidi marks, zero-width characters, tags and lone halves of surrogate pairs: invisible, and able to
# make a line read as another one.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def gib(size: int) -> str:
    """A size with three digits that matter: `101 GiB`, `1.25 GiB`; little ones as `16.2 MiB`."""
    value, unit = size / GIB, "GiB"
    if 0 < abs(value) < 0.1:
        value, unit = value * 1024, "MiB"
    if abs(value) >= 100:
        return f"{value:,.0f} {unit}"
    if 0 < abs(value) < 0.1:
        return "under 0.1 MiB"
    return f"{value:.3g} {unit}"


def tib(size: float) -> str:
    """A size in TiB, as farms count what they gain in a day: `0.97 TiB`; little ones in GiB."""
    if size < GIB * 102.4:
        return gib(round(size))
    return f"{size / GIB / 1024:,.2f} TiB"


def tail(path: str, room: int = 14) -> str:
    """The end of a path: as many of its last folders as fit in `room` characters.

    The last one is always there, cut to the room unless that is 0.
    """
    parts = [part for part in re.split(r"[\\/]+", path) if part]
    if len(path) <= room or not parts:
        return clip(path, room) if room else path
    kept = parts.pop()
    while parts and len(parts[-1]) + 1 + len(kept) <= room:
        kept = f"{parts.pop()}/{kept}"
    return clip(kept, room) if room else kept


def plot_file(path: str) -> str:
    """A plot file's name, with no more of its 64 digits than tell it from others."""
    name = re.split(r"[\\/]+", path)[-1]
    return re.sub(r"([0-9a-f]{8})[0-9a-f]{56}", r"\1…", name)


def duration(seconds: float | None) -> str:
    """How long, in at most two units: `42 s`, `12 m 05 s`, `3 h 05 m`, `2 d 4 h`."""
    if seconds is None or not math.isfinite(seconds):
        return "?"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} m"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def short_duration(seconds: float | None) -> str:
    """How long, for a narrow column: `42s`, `12m05`, `3h05`, `2d4h`."""
    long = duration(seconds)
    if long.count(" ") < 3:
        return long.replace(" ", "")
    value, unit, rest, small = long.split()
    return f"{value}{unit}{rest}" + (small if unit == "d" else "")


def percent(fraction: float) -> str:
    """A share, rounded down so that 100% means done."""
    return f"{math.floor(_share(fraction) * 100)}%"


def bar(fraction: float, width: int = 10) -> str:
    """A share as a bar of `width` characters."""
    full = math.floor(_share(fraction) * width)
    return "█" * full + "░" * (width - full)


def _share(fraction: float) -> float:
    return min(1.0, max(0.0, fraction)) if math.isfinite(fraction) else 0.0


def plural(number: int, noun: str, many: str | None = None) -> str:
    """A number with its noun: `1 plot`, `2 plots`."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def stamp(moment: datetime, style: str = "R") -> str:
    """A moment that the reader's own Discord shows, and counts down or up without any edit."""
    return f"<t:{int(moment.timestamp())}:{style}>"


def weight(text: str) -> int:
    """How many characters Discord may count: an emoji is two UTF-16 units, so count it as two."""
    return len(text) + sum(character > "\uffff" for character in text)


def clip(text: str, limit: int, end: str = "…") -> str:
    """The text, cut to at most `limit` characters as Discord may count them."""
    if weight(text) <= limit:
        return text
    kept, room = [], limit - weight(end)
    for character in text:
        room -= weight(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + end


def clip_front(text: str, limit: int, end: str = "…") -> str:
    """Likewise, but the end is kept: it is what tells one path from another."""
    return clip(text[::-1], limit, end)[::-1]


def clean(text: object) -> str:
    """One line without colours, control, zero-width and direction characters."""
    line = _ANSI.sub("", str(text))
    return "".join(_visible(character) for character in line).strip()


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zl", "Zp", "Zs") or character in "\t\n\r\v\f":
        return " "
    if category == "Cs":
        return "�"
    return "" if category in _HIDDEN else character


def plain(text: object, limit: int = 200) -> str:
    """Untrusted words within a sentence: no markup, no link and no mention comes to life."""
    return _MARKDOWN.sub(r"\\\1", clip(clean(text), limit))


def code(text: object, limit: int = 200) -> str:
    """Untrusted words, such as a path, set as code: what is in there stays as it is."""
    return f"`{clip(clean(text), limit).replace('`', 'ˋ') or ' '}`"


def fence(lines: Iterable[object], limit: int = 1900) -> str:
    """Untrusted lines as a code block of at most `limit` characters; the last lines survive."""
    kept: list[str] = []
    room = limit - 8
    for line in reversed([clip(clean_line(line), 300) for line in lines]):
        room -= weight(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "```\n" + "\n".join(reversed(kept or [" "])) + "\n```"


def clean_line(text: object) -> str:
    """One line of a code block: cleaned, its indentation kept, its backticks made harmless."""
    raw = str(text).expandtabs(4)
    indent = len(raw) - len(raw.lstrip(" "))
    return " " * min(indent, 40) + clean(raw).replace("`", "ˋ")


def fit(lines: Sequence[str], limit: int, more: str = "… and {} more") -> str:
    """As many whole lines as fit, with a last one that says how many did not."""
    text = "\n".join(lines)
    if weight(text) <= limit:
        return text
    kept: list[str] = []
    room = limit - len(more.format(len(lines)))
    for line in lines:
        room -= weight(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, more.format(len(lines) - len(kept))])


def table(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Rows in columns, one space apart; the columns in `right` stand flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def cell(index: int, value: str) -> str:
        return value.rjust(widths[index]) if index in right else value.ljust(widths[index])

    return [" ".join(cell(i, value) for i, value in enumerate(row)).rstrip() for row in rows]
