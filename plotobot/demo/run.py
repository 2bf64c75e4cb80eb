"""`plotobot demo`: real little plots, and the bot that tells of them in a browser page."""

from __future__ import annotations

import asyncio
import os
import zoneinfo
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import typer
from discord.ext import commands

from plotobot.demo.drives import DemoDrives, put_up, take_down
from plotobot.demo.page import Page, Place, check_port, serve_page
from plotobot.ui.text import gib, plural

LAST_LOOK_SECONDS = 6.0
"""What the last plot's alert and the report are given to appear, before the page goes."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    seconds: float | None = None
    """End after so many; None goes on."""
    plots: int | None = None
    """End after so many plots; None and 0 go on."""
    k: int | None = None
    """The size of each plot; None leaves it to the farm."""
    port: int = 0
    directory: Path | None = None
    """Where everything goes and stays; None leaves nothing behind."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a plot ended."""

    told: str
    """In a line."""
    file: Path | None = None
    """The plot, if it was made."""


class Farm(Protocol):
    """What is shown: something that makes plots, and a bot that speaks for it."""

    def make_bot(self, place: Place) -> commands.Bot:
        """Build the bot for a place in Discord."""
        ...

    def endings(self) -> AsyncIterator[Ending]:
        """Each plot of this demo as it ends, well or badly, for ever."""
        ...


class FarmKind(Protocol):
    """How a farm is opened."""

    def drive_sizes(self, options: Options) -> tuple[list[int], list[int]]:
        """Bytes of each temp and of each out drive that show the farm well."""
        ...

    def opened(self, options: Options, drives: DemoDrives) -> AbstractAsyncContextManager[Farm]:
        """A farm at work; at the end nothing of it runs any more."""
        ...


async def run_demo(options: Options) -> None:
    """Run until the seconds or the plots are over, Ctrl-C, or the end of the session in the page.

    Raises:
        SettingsError: the directory, the port or a missing package is in the way.
        PlotterMissing: there is no plotter for little plots.
    """
    from plotobot.app import stopped_by_signals
    from plotobot.demo.farm import LittleFarm

    stop = asyncio.Event()
    with stopped_by_signals(stop):
        await show(options, LittleFarm(), stop)


async def show(
    options: Options,
    kind: FarmKind,
    stop: asyncio.Event,
    *,
    say: Callable[[str], None] = typer.echo,
) -> None:
    """Show a farm until it is over or `stop` is set.

    Args:
        options: what was asked for.
        kind: the farm.
        stop: ends it at once.
        say: tells the person at the terminal.
    """
    check_port(options.port)
    temps, outs = kind.drive_sizes(options)
    made: list[Path] = []
    async with _drives(options.directory, temps, outs) as drives:
        kept = "and stay there" if drives.keep else "until the demo ends; --dir DIR keeps them"
        say(f"Drives and plots are in {drives.root} {kept}.")
        if drives.counted:
            say("Each drive is a folder that counts as full when it holds so much:")
            say(f"  {_sizes(drives)}")
        before = _plots(drives)
        async with (
            kind.opened(options, drives) as farm,
            serve_page(farm.make_bot, port=options.port, timezone=local_timezone()) as page,
        ):
            say(f"Open this in a browser: {page.url}")
            say("Type / there for the commands. Ctrl-C here ends the demo.")
            tell = _tell(farm, options.plots, made, say)
            await _until_over(options.seconds, tell, page, stop)
        # A plot may be finished while the farm closes, when nobody tells of it any more.
        made += sorted(_plots(drives) - before - set(made))
        for line in _made_lines(made, drives):
            say(line)


async def _tell(
    farm: Farm, plots: int | None, made: list[Path], say: Callable[[str], None]
) -> None:
    """Tell of each plot that ended, and return when so many have and their alerts were seen."""
    ended = 0
    async for ending in farm.endings():
        say(ending.told)
        made += [ending.file] if ending.file else []
        ended += 1
        if ended == plots:
            await asyncio.sleep(LAST_LOOK_SECONDS)
            return


def _sizes(drives: DemoDrives) -> str:
    return ", ".join(f"{Path(name).name} {size >> 20} MiB" for name, size in drives.counted.items())


def _plots(drives: DemoDrives) -> set[Path]:
    return {file for out in drives.outs for file in out.glob("*.plot")}


def _made_lines(made: Sequence[Path], drives: DemoDrives) -> list[str]:
    if not made:
        return ["The demo ended before a plot was made."]
    number = plural(len(made), "plot")
    if not drives.keep:
        return [f"Made {number}, and removed what it made."]
    sizes = ((file, file.stat().st_size) for file in made if file.exists())
    return [f"Made {number} in {drives.root}:"] + [
        f"  {gib(size):>8}  {file.relative_to(drives.root)}" for file, size in sizes
    ]


async def _until_over(
    seconds: float | None, told: Awaitable[None], page: Page, stop: asyncio.Event
) -> None:
    ends: list[Awaitable[object]] = [stop.wait(), page.closed(), told]
    if seconds is not None:
        ends.append(asyncio.sleep(seconds))
    waiting = [asyncio.ensure_future(end) for end in ends]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for end in done:
            end.result()
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@asynccontextmanager
async def _drives(
    directory: Path | None, temps: list[int], outs: list[int]
) -> AsyncIterator[DemoDrives]:
    drives = await asyncio.to_thread(put_up, directory, temp_sizes=temps, out_sizes=outs)
    try:
        yield drives
    finally:
        await asyncio.to_thread(take_down, drives)


def local_timezone(localtime: Path = Path("/etc/localtime")) -> str:
    """The IANA name of the time zone of this machine, or UTC where it does not say.

    Args:
        localtime: the link that names it on Linux and macOS.
    """
    _, _, linked = str(localtime.resolve()).partition("zoneinfo/")
    known = zoneinfo.available_timezones()
    names = (os.environ.get("TZ", "").lstrip(":"), linked)
    return next((name for name in names if name in known), "UTC")
