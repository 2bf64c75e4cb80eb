"""Reads the command lines of plotters that somebody else started. Pure, and takes anything.

Only the options that say what is plotted where are looked for; whatever else stands in a command
line is passed over, so that an option of a later version hides no plot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

USUAL_K = 32
_K = range(16, 51)
_MOST_WORDS = 2000
"""No plotter takes so many; what comes after is not looked at."""
_INTERPRETER = re.compile(r"(?:python|pythonw|pypy)[\d.]*t?|(?:ba|da|z|k)?sh")
_TAKES_A_WORD = frozenset({"-X", "-W", "-o", "-O"})


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """What a plotter that Plotobot did not start was told to do; folders as they were written."""

    plotter: str
    """A name of `plotters.PLOTTERS`."""
    k: int = USUAL_K
    temp: str | None = None
    """None where the command line does not tell, or where memory is used instead."""
    temp2: str | None = None
    out: str | None = None
    bitfield: bool = True
    compression: int = 0
    plots: int | None = 1
    """How many plots one after the other; None without end."""


def program(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The name of the program that runs, and its words.

    The interpreter of a script is passed over (`python3 -I /usr/bin/chia`, `python -m chia`), and
    so are folders and `.exe`. The name is "" where there is none, as for `sh -c`.
    """
    words = argv[:_MOST_WORDS]
    if not words:
        return "", ()
    name = _base(words[0])
    if not _INTERPRETER.fullmatch(name.lower()):
        return name, words[1:]
    at = 1
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "-c":
            return "", ()
        if words[at] == "-m":
            at += 1
            break
        at += 2 if words[at] in _TAKES_A_WORD else 1
    return (_base(words[at]), words[at + 1 :]) if at < len(words) else ("", ())


def after(words: Sequence[str], *command: str) -> Sequence[str] | None:
    """The words behind a subcommand such as `plots create`; None where it is not given."""
    for at in range(len(words) - len(command) + 1):
        if tuple(words[at : at + len(command)]) == command:
            return words[at + len(command) :]
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a command line that are of interest, by their first name."""

    values: Mapping[str, str]
    """Those with a value; the last one counts."""
    flags: frozenset[str]
    words: tuple[str, ...]
    """What is neither an option nor an option's value, as far as one can know."""

    def folder(self, name: str, default: str | None = None) -> str | None:
        """A folder; None for one in memory or on another machine (`@RAM`, `@host`)."""
        value = self.values.get(name) or default
        return None if value is None or value.startswith("@") else value

    def k(self) -> int:
        """The k; the usual one where none is given that a plotter would take."""
        k = _number(self.values.get("-k", ""))
        return k if k is not None and k in _K else USUAL_K

    def level(self, name: str, default: int = 0) -> int:
        """A compression level."""
        level = _number(self.values.get(name, ""))
        return default if level is None else level

    def plots(self, name: str = "-n", endless: int = -1) -> int | None:
        """How many plots are made; None without end."""
        number = _number(self.values.get(name, "1"))
        return None if number is None or number <= min(endless, 0) else number


def options(
    words: Iterable[str], valued: Sequence[Sequence[str]], *, glued: bool = True
) -> Options:
    """Read options the way click, argparse and cxxopts do: `-t x`, `-tx`, `-t=x`, `--temp=x`.

    Args:
        words: the command line behind the program's name.
        valued: options that take a value, each with its other names; the first names it.
        glued: whether a short option's value may stand in the same word.
    """
    first = {name: names[0] for names in valued for name in names}
    values: dict[str, str] = {}
    flags: set[str] = set()
    rest: list[str] = []
    waiting: str | None = None
    for word in words:
        if waiting is not None and not _known(word, first):
            values[waiting] = word
            waiting = None
            continue
        waiting = None
        name, value = _split(word, first, glued=glued)
        if name is None:
            (flags.add if word.startswith("-") else rest.append)(word)
        elif value is None:
            waiting = first[name]
        else:
            values[first[name]] = value
    return Options(values, frozenset(flags), tuple(rest))


def _known(word: str, first: Mapping[str, str]) -> bool:
    """Whether a word is an option itself: the one before it was left without its value."""
    return word in first


def _split(word: str, first: Mapping[str, str], *, glued: bool) -> tuple[str | None, str | None]:
    """An option's name and the value in the same word, if there is one."""
    if word in first:
        return word, None
    name, equals, value = word.partition("=")
    if equals and name in first:
        return name, value
    if glued and word[:2] in first and word[:2] != "--":
        return word[:2], word[2:]
    return None, None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def _base(word: str) -> str:
    name = re.split(r"[\\/]", word)[-1]
    return name[:-4] if name.lower().endswith(".exe") else name
