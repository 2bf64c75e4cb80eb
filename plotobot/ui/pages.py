"""Long lists, a page at a time, without state: each press reads the engine anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

import discord

from plotobot.access import Level
from plotobot.engine.models import DriveKind, JobState
from plotobot.engine.protocol import Engine
from plotobot.errors import Refusal
from plotobot.ui import drives, jobs, perf, report
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded

ALL = "all"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, ready to be sent."""

    content: str
    view: discord.ui.View


async def jobs_page(engine: Engine, only: str = ALL, number: int = 0) -> Page:
    """A page of jobs; `only` is a state's name, or `all`."""
    wanted = [job for job in await engine.jobs() if only in (ALL, job.state.value)]
    number, pages = _within(number, len(wanted), jobs.ROWS)
    content = jobs.jobs_text(wanted, number, pages, discord.utils.utcnow())
    return Page(content, _buttons("jobs", only, number, pages))


async def drives_page(engine: Engine, only: str = ALL, number: int = 0) -> Page:
    """A page of drives; `only` is a kind's name, or `all`."""
    views = await engine.drives(None if only == ALL else DriveKind(only))
    number, pages = _within(number, len(views), drives.ROWS)
    content = drives.drives_text(views, number, pages, discord.utils.utcnow())
    return Page(content, _buttons("drives", only, number, pages))


async def perf_page(engine: Engine, only: str = ALL, number: int = 0) -> Page:
    """A page of what jobs take of the machine; `only` is a state's name, or `all`."""
    wanted = [job for job in await engine.jobs() if only in (ALL, job.state.value)]
    number, pages = _within(number, len(wanted), jobs.ROWS)
    content = perf.perf_text(wanted, await engine.perf(), number, pages)
    return Page(content, _buttons("perf", only, number, pages))


async def history_page(engine: Engine, only: str = ALL, number: int = 0) -> Page:
    """A page of the summaries that were told; there is but one kind, `all`."""
    past = await engine.past_summaries()
    number, pages = _within(number, len(past), report.ROWS)
    content = report.history_text(past, number, pages)
    return Page(content, _buttons("history", only, number, pages))


LISTS = {
    "jobs": (jobs_page, frozenset({ALL, *JobState})),
    "drives": (drives_page, frozenset({ALL, *DriveKind})),
    "perf": (perf_page, frozenset({ALL, *JobState})),
    "history": (history_page, frozenset({ALL})),
}


def _within(number: int, count: int, rows: int) -> tuple[int, int]:
    pages = max(1, -(-count // rows))
    return min(number, pages - 1), pages


def _buttons(name: str, only: str, number: int, pages: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for label, target in (("◀", number - 1), ("Refresh", number), ("▶", number + 1)):
        if 0 <= target < pages:
            view.add_item(PageButton(name, only, target, label))
    return view


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"page:(?P<name>[a-z]{1,20}):(?P<only>[a-z0-9]{1,20}):(?P<number>[0-9]{1,6})",
):
    """Shows one page of a list in place of the present one."""

    def __init__(self, name: str, only: str, number: int, label: str = "Refresh") -> None:
        custom_id = f"page:{name}:{only}:{number}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id))
        self.name, self.only, self.number = name, only, number

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Rebuild the button from its id alone."""
        return cls(match["name"], match["only"], int(match["number"]))

    @guarded(Level.VIEWER)
    async def callback(self, interaction: Interaction) -> None:
        """Show the page as things stand now."""
        make, filters = LISTS.get(self.name, (None, frozenset()))
        if make is None or self.only not in filters:
            raise Refusal("This list does not exist any more.")
        page = await make(interaction.client.engine, self.only, self.number)
        await interaction.response.edit_message(content=page.content, view=page.view)


def register(bot: FarmClient) -> None:
    """Let the bot know the page buttons."""
    bot.add_dynamic_items(PageButton)
