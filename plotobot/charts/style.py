"""The looks: Discord's dark mode, and letters that can be read on a phone.

A phone shows a picture some 400 pixels wide, a third of what is drawn; so nothing is set smaller
than 13 points, which are 27 of 1,200 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.ticker import FuncFormatter

from plotobot.ui.text import clean, clip_front

WIDTH, HEIGHT, DPI = 8.0, 6.0, 150
"""Inches, and pixels to an inch: 1,200 by 900 pixels."""
BACK, PANEL = "#313338", "#2b2d31"
WORDS, QUIET, LINES, AHEAD = "#f2f3f5", "#b5bac1", "#4e5058", "#6d6f78"
PHASES = ("#56b4e9", "#2fb88a", "#f0e442", "#e69f00")
"""Of the colours by Okabe and Ito, which colour-blind people tell apart."""
COPY = "#d58bb5"
BAD, WARN, GOOD = "#ff6b6b", "#f0b132", "#57c785"
TITLE, LABEL, SMALL = 19, 15, 13
"""Points."""
FONTS = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans", "Noto Sans Arabic",
    "Noto Sans Hebrew", "WenQuanYi Zen Hei", "Segoe UI", "Microsoft YaHei", "Malgun Gothic",
    "Arial Unicode MS", "Hiragino Sans", "PingFang SC",
)  # fmt: skip
"""Asked one after the other for a character that the one before lacks."""


@contextmanager
def styled() -> Iterator[None]:
    """Our looks, while inside."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    rules: Any = {
        "font.family": [name for name in FONTS if name in known] or ["sans-serif"],
        "font.size": LABEL,
        "text.parse_math": False,  # a folder may have two dollars in its name
        "text.color": WORDS,
        "axes.unicode_minus": False,
        "figure.facecolor": BACK,
        "axes.facecolor": PANEL,
        "axes.edgecolor": LINES,
        "axes.labelcolor": QUIET,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
    }
    with mpl.rc_context(rules):
        yield


def bare(axes: Axes, *, grid: str | None = None) -> None:
    """Take away the frame and the little lines; perhaps lay a quiet grid."""
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    if grid == "x":
        axes.grid(axis="x", color=LINES, linewidth=1)
    elif grid == "y":
        axes.grid(axis="y", color=LINES, linewidth=1)


def title(axes: Axes, words: str, aside: str = "", colour: str = QUIET) -> None:
    """A title flush left, and a remark flush right."""
    axes.set_title(words, loc="left", fontsize=TITLE, fontweight="bold", pad=10)
    if aside:
        axes.set_title(aside, loc="right", fontsize=LABEL, color=colour, pad=10)


def time_axis(axes: Axes, first: datetime, last: datetime, ticks: int = 7) -> None:
    """Moments along the bottom, by the machine's own clock; a midnight is named by its day."""
    axes.set_xlim(place(first), place(last))
    zone = datetime.now().astimezone().tzinfo
    locator = AutoDateLocator(minticks=3, maxticks=ticks, tz=zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    span = (last - first).total_seconds()
    short, clock = span < 4 * 86400, "%H:%M" if span >= 1200 else "%H:%M:%S"

    def name(value: float, _: object) -> str:
        moment = num2date(value, tz=zone)  # type: ignore[no-untyped-call]
        midnight = moment.hour == moment.minute == 0
        return format(moment, "%a" if short and midnight else clock if short else "%a %d")

    axes.xaxis.set_major_formatter(FuncFormatter(name))


def place(moment: datetime) -> float:
    """Where a moment stands on an axis of time."""
    return float(date2num(moment))  # type: ignore[no-untyped-call]


def short(path: str, room: int = 18) -> str:
    """A path by its end, which tells it from others."""
    return clip_front(clean(path), room)


def nothing(axes: Axes, words: str) -> None:
    """An empty panel that says why it is empty."""
    bare(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, words, ha="center", va="center", fontsize=LABEL, color=QUIET,
        transform=axes.transAxes,
    )  # fmt: skip
