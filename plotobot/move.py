"""`plotobot move`: the mover at work on a terminal, where no Plotobot runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from plotobot.app import opened_store, specs_of
from plotobot.command_line import noted
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay, local_volumes
from plotobot.engine.models import Drive, Move, MoverView, MoveState
from plotobot.engine.moving.mover import Mover
from plotobot.ui.mover import state_words
from plotobot.ui.text import plot_file

SHOWN_EVERY = 0.2
LOOKED_AT_EVERY = 2.0


async def move_once(
    config: EngineConfig, source: str | None, destination: str | None, console: Console
) -> int:
    """Move the finished plots there are, with a bar for each; returns the exit code.

    Args:
        config: the drives and the rules.
        source: only the plots of this out drive.
        destination: where they are to go; None chooses as the rules say.
        console: where the bars are drawn.

    Raises:
        StateDirInUse: a Plotobot runs on the state folder, and moves by itself.
        Refusal: there is no such drive or destination.
    """
    what = f"move from {source or 'all drives'} to {destination or 'any destination'}"
    async with _mover(config, what) as mover:
        view = await mover.once(source, destination)
        before = {move.id for move in view.moves if not move.state.live}
        if mover.busy:  # bars for nothing would leave an empty line
            await _show(mover, console)
        return _told(await mover.seen_now(), before, console)


async def _show(mover: Mover, console: Console) -> None:
    """Draw the moves until they are over."""
    with _bars(console) as bars:
        shown: dict[str, TaskID] = {}
        while mover.busy:
            _draw(bars, shown, mover.view())
            await asyncio.sleep(SHOWN_EVERY)
        _draw(bars, shown, mover.view())


@contextlib.asynccontextmanager
async def _mover(config: EngineConfig, what: str) -> AsyncIterator[Mover]:
    config = replace(config, move=replace(config.move, enabled=False))
    async with opened_store(config) as (store, known):
        bay = DriveBay(specs_of(config), local_volumes(), known)
        async with (
            noted(store, what),
            _looked_at(bay) as drives,
            Mover(config, store, drives, _nothing, lambda: datetime.now(UTC)) as one,
        ):
            yield one


@contextlib.asynccontextmanager
async def _looked_at(bay: DriveBay) -> AsyncIterator[Callable[[], Sequence[Drive]]]:
    """The drives as of a look just now: each plot that lands leaves less room for the next."""
    latest = [await asyncio.to_thread(bay.look)]

    async def look_again() -> None:
        while True:
            await asyncio.sleep(LOOKED_AT_EVERY)
            latest[0] = await asyncio.to_thread(bay.look)

    looking = asyncio.create_task(look_again(), name="drives")
    try:
        yield lambda: latest[0]
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def _nothing() -> None:
    """Nobody waits for changes here."""


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _draw(bars: Progress, shown: dict[str, TaskID], view: MoverView) -> None:
    for move in view.moves:
        if move.id not in shown:
            if not move.state.live:
                continue
            shown[move.id] = bars.add_task("", total=move.size)
        words = f"{state_words(move)} {plot_file(move.source)} → {move.destination}"
        done = move.size if move.state is MoveState.DONE else move.done
        bars.update(shown[move.id], description=words, completed=done)


def _told(view: MoverView, before: set[str], console: Console) -> int:
    """Say what came of it."""
    ended = _last_of_each([m for m in view.moves if not m.state.live and m.id not in before])
    failed = [move for move in ended if move.state is MoveState.FAILED]
    for move in failed:
        console.print(f"{plot_file(move.source)}: {move.reason}", markup=False, highlight=False)
    for hold in view.holds:
        console.print(hold, markup=False, highlight=False)
    console.print(f"{len(ended) - len(failed)} moved, {len(failed)} not, {view.waiting} wait.")
    return 1 if failed or view.waiting else 0


def _last_of_each(moves: Sequence[Move]) -> list[Move]:
    """How it ended for each plot: what one place refused, another may have taken."""
    return list({move.source: move for move in moves}.values())
