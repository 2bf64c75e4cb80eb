"""How `plotobot init` speaks with the farmer."""

from __future__ import annotations

import getpass
import io
import sys
from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol

from plotobot import terminal
from plotobot.errors import PlotobotError


class Stopped(PlotobotError):  # noqa: N818 - it reads as what it is
    """The farmer ended the conversation."""

    exit_code: ClassVar[int] = 130


class Talk(Protocol):
    """A conversation. The asking ones raise EOFError or KeyboardInterrupt when it is broken off."""

    def say(self, text: str) -> None:
        """Tell a line, or several."""
        ...

    def show(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a table."""
        ...

    def ask(self, question: str) -> str:
        """Ask, and give the answer as typed."""
        ...

    def ask_hidden(self, question: str) -> str:
        """Ask for a secret, which is not shown as it is typed."""
        ...


class TerminalTalk:
    """The conversation on this process's terminal."""

    def __init__(self) -> None:
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")

    def say(self, text: str) -> None:
        """Print a line, or several."""
        for line in text.split("\n"):
            print(terminal.visible(line))  # noqa: T201 - this is what the class is for

    def show(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table."""
        terminal.show_table(columns, rows)

    def ask(self, question: str) -> str:
        """Read a line."""
        return input(f"{terminal.visible(question)}: ")

    def ask_hidden(self, question: str) -> str:
        """Read a line without an echo."""
        return getpass.getpass(f"{terminal.visible(question)}: ")
