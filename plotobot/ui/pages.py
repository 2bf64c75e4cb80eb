"""Long lists, a page at a time, without state: each press reads the engine anew."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord

from plotobot.access import Level
from plotobot.engine.inventory.overview import overview
from plotobot.engine.models import DriveKind, JobState
from plotobot.engine.protocol import Engine
from plotobot.errors import Refusal
from plotobot.farmlog.report import Kind
from plotobot.ui import drives, farm, jobs, perf, plots, report
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt

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


async def farmlog_page(engine: Engine, only: str, number: int = 0) -> Page:
    """A page of the farm's log; `only` is a kind's name in small letters."""
    kind = FARM_KINDS[only]
    log = await engine.farm_log(kind)
    number, pages = _within(number, len(log.records), farm.ROWS)
    return Page(farm.farm_text(log, kind, number, pages), _buttons("farmlog", only, number, pages))


FARM_KINDS = {kind.lower(): kind for kind in Kind}


async def plots_page(engine: Engine, only: str = ALL, number: int = 0) -> Page:
    """A page of plots, the first an overview; `only` is a drive's token, or `all`."""
    stock = await engine.plots()
    found = plots.on_drive(stock, only)
    shown = stock.overview if only == ALL else overview(found)
    rows = -(-len(found) // plots.ROWS)
    number, pages = _within(number, rows + 1, 1)
    content = plots.plots_text(stock, found, shown, number, pages)
    return Page(content, _buttons("plots", only, number, pages))


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


MakePage: TypeAlias = Callable[[Engine, str, int], Awaitable[Page]]
LISTS: Mapping[str, tuple[MakePage, Callable[[str], object]]] = {
    # How its pages are made, and whether it knows a filter.
    "jobs": (jobs_page, frozenset({ALL, *JobState}).__contains__),
    "drives": (drives_page, frozenset({ALL, *DriveKind}).__contains__),
    "farmlog": (farmlog_page, frozenset(FARM_KINDS).__contains__),
    "plots": (plots_page, re.compile(rf"{ALL}|[0-9a-f]{{12}}").fullmatch),
    "perf": (perf_page, frozenset({ALL, *JobState}).__contains__),
    "history": (history_page, frozenset({ALL}).__contains__),
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
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"page:(?P<name>[a-z]{1,20}):(?P<only>[a-z0-9]{1,20}):(?P<number>[0-9]{1,6})",
):
    """Shows one page of a list in place of the present one."""

    NUMBERS = frozenset({"number"})

    def __init__(self, name: str, only: str, number: int, label: str = "Refresh") -> None:
        custom_id = f"page:{name}:{only}:{number}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id))
        self.name, self.only, self.number = name, only, number

    @guarded(Level.VIEWER)
    async def callback(self, interaction: Interaction) -> None:
        """Show the page as things stand now."""
        make, knows = LISTS.get(self.name, (None, None))
        if make is None or knows is None or not knows(self.only):
            raise Refusal("This list does not exist any more.")
        await interaction.response.defer()  # a log may take longer than the three seconds
        page = await make(interaction.client.engine, self.only, self.number)
        await interaction.edit_original_response(content=page.content, view=page.view)


def register(bot: FarmClient) -> None:
    """Let the bot know the page buttons."""
    bot.add_dynamic_items(PageButton)
