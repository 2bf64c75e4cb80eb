"""The errors that Plotobot raises on purpose.

PlotobotError
├── Refusal          a no with a reason, for the person who asked
├── SettingsError    what is wrong with the settings, one problem a line
├── NotAPlot         a file that is no plot, or one that cannot be read as such
└── PlotterMissing   the plotting program is not there, or cannot be run
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class PlotobotError(Exception):
    """The root of all that Plotobot raises on purpose."""

    exit_code: ClassVar[int] = 2
    """What the command line ends with; 3 where another start would be refused likewise."""


class Refusal(PlotobotError):  # noqa: N818 - it reads as what it is
    """A no with a reason, written for the person who asked."""


class SettingsError(PlotobotError):
    """The settings cannot be used; `problems` says why, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class NotAPlot(PlotobotError):  # noqa: N818 - it reads as what it is
    """A file is no plot, or its header is damaged; the message says what was found."""


class PlotterMissing(PlotobotError):  # noqa: N818 - it reads as what it is
    """A plotting program was not found or does not run; the message says what to do."""
