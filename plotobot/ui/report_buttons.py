"""The buttons below a summary: its details page by page, its charts one by one.

They carry which summary they belong to: the number of one that was told, or from when on one counts
that was asked for. So they go on working after a restart.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord

from plotobot.access import Level
from plotobot.engine.protocol import Engine
from plotobot.engine.summary import CHARTS, Summary
from plotobot.errors import Refusal
from plotobot.ui.client import FarmClient, Interaction
from plotobot.ui.guards import guarded
from plotobot.ui.rebuilt import Rebuilt
from plotobot.ui.report import details_text, report_embed

log = logging.getLogger(__name__)

PICTURE = "summary.png"
OVERVIEW = "overview"
LABELS = {"timeline": "Jobs", "days": "Days", "drives": "Drives", "phases": "Phases"}
"""The charts that have a button, by what it says."""


def name_of(summary: Summary) -> str:
    """How buttons name a summary: `n12`, or `s1764000000`."""
    return f"n{summary.number}" if summary.number else f"s{int(summary.since.timestamp())}"


async def summary_named(engine: Engine, name: str) -> Summary:
    """The summary that a button belongs to.

    Raises:
        Refusal: there is none such.
    """
    number = int(name[1:])
    if name[0] == "n":
        return await engine.past_summary(number)
    try:
        return await engine.summary(datetime.fromtimestamp(number, UTC))
    except (OverflowError, OSError, ValueError):
        raise Refusal("There is no such summary.") from None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What goes with the words of a summary; a file can be sent once, so each try makes its own."""

    summary: Summary
    picture: bytes | None = None

    def parts(self, *, buttons: bool = True) -> dict[str, Any]:
        """The embed, the buttons and the chart, as discord.py takes them."""
        embed = report_embed(self.summary, PICTURE if self.picture else None)
        parts: dict[str, Any] = {"embed": embed}
        if buttons:
            parts["view"] = report_buttons(self.summary)
        if self.picture:
            parts["file"] = discord.File(io.BytesIO(self.picture), PICTURE)
        return parts


async def enclosed(engine: Engine, summary: Summary) -> Enclosure:
    """A summary with its chart; where that cannot be drawn, without."""
    try:
        return Enclosure(summary, await engine.chart(OVERVIEW, summary))
    except Refusal as error:
        log.info("a summary goes without its chart: %s", error)
        return Enclosure(summary)


class DetailsButton(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"report:(?P<how>open|turn):(?P<of>[ns][0-9]{1,12}):(?P<page>[0-9]{1,6})",
):
    """Shows a page of a summary's details: `open` as a message of its own, `turn` in its place."""

    NUMBERS = frozenset({"page"})

    def __init__(self, of: str, page: int = 0, how: str = "open", label: str = "Details") -> None:
        custom_id = f"report:{how}:{of}:{page}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id))
        self.of, self.page, self.how = of, page, how

    @guarded(Level.VIEWER)
    async def callback(self, interaction: Interaction) -> None:
        """Show the page."""
        summary = await summary_named(interaction.client.engine, self.of)
        text, pages = details_text(summary, self.page)
        view = _turners(self.of, min(self.page, pages - 1), pages)
        if self.how == "turn":
            await interaction.response.edit_message(content=text, view=view)
        else:
            await interaction.response.send_message(text, view=view, ephemeral=True)


class ChartButton(
    Rebuilt,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"report:chart:(?P<how>open|turn):(?P<of>[ns][0-9]{1,12}):(?P<chart>[a-z]{1,20})",
):
    """Draws a chart of a summary: `open` as a message of its own, `turn` in its place."""

    def __init__(self, of: str, chart: str, how: str = "open", label: str = "Charts") -> None:
        custom_id = f"report:chart:{how}:{of}:{chart}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id))
        self.of, self.chart, self.how = of, chart, how

    @guarded(Level.VIEWER)
    async def callback(self, interaction: Interaction) -> None:
        """Draw it, which takes a second or several, and show it."""
        if self.chart not in CHARTS:
            raise Refusal("There is no such chart any more.")
        turn = self.how == "turn"
        await interaction.response.defer(ephemeral=True, thinking=not turn)
        engine = interaction.client.engine
        summary = await summary_named(engine, self.of)
        png = await engine.chart(self.chart, summary)
        file = discord.File(io.BytesIO(png), f"{self.chart}.png")
        view = chart_buttons(self.of, self.chart)
        if turn:
            await interaction.edit_original_response(attachments=[file], view=view)
        else:
            await interaction.followup.send(file=file, view=view, ephemeral=True)


def report_buttons(summary: Summary) -> discord.ui.View:
    """The buttons below a summary."""
    view = discord.ui.View(timeout=None)
    view.add_item(DetailsButton(name_of(summary)))
    view.add_item(ChartButton(name_of(summary), "timeline"))
    return view


def chart_buttons(of: str, shown: str) -> discord.ui.View:
    """The buttons below a chart: one for each of the others."""
    view = discord.ui.View(timeout=None)
    for chart, label in LABELS.items():
        if chart != shown:
            view.add_item(ChartButton(of, chart, "turn", label))
    return view


def _turners(of: str, number: int, pages: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for label, target in (("◀", number - 1), ("▶", number + 1)):
        if 0 <= target < pages:
            view.add_item(DetailsButton(of, target, "turn", label))
    return view


def register(bot: FarmClient) -> None:
    """Let the bot know these buttons."""
    bot.add_dynamic_items(DetailsButton, ChartButton)
