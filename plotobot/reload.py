"""Takes up a changed settings file while everything runs; a bad one is told and changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from plotobot.engine.engine import PlottingEngine
from plotobot.engine.models import EventKind
from plotobot.errors import SettingsError
from plotobot.plotters import PLOTTERS
from plotobot.settings import Settings, load_settings

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks at the file."""
HIDDEN = frozenset({"farmer_key", "pool_key", "contract"})
LATER = ("machine", "discord.guild", "farm.", "spawn.count_foreign", "alerts.stalled_after")
"""How the settings begin that take a new start: what runs from the start on hangs on them."""

Stamp = tuple[int, int, int] | None
Apply = Callable[[Settings], Awaitable[None]]


async def follow_settings(settings: Settings, engine: PlottingEngine, apply: Apply) -> None:
    """Watch the settings file for ever, and hand on what it says each time it changed.

    Args:
        settings: as they were read at the start.
        engine: told of changes and of files that will not do, as events.
        apply: puts new settings to use.
    """
    seen = await asyncio.to_thread(stamp, settings.file)
    while True:
        await asyncio.sleep(LOOK_EVERY)
        now = await asyncio.to_thread(stamp, settings.file)
        if now is None or now == seen:  # a file that is being replaced may be away for a moment
            continue
        seen = now
        settings = await _taken_up(settings, engine, apply)


async def _taken_up(settings: Settings, engine: PlottingEngine, apply: Apply) -> Settings:
    try:
        new = await asyncio.to_thread(reread, settings)
        news = list(differences(settings.written.model_dump(), new.written.model_dump()))
        if news:
            await apply(new)
            await engine.tell(EventKind.SETTINGS_CHANGED, sentence(news))
    except SettingsError as error:
        what = f"the changed settings will not do, so the old ones go on: {error.problems[0]}"
        log.error(what)  # noqa: TRY400 - it is the farmer's mistake, and needs no trace
        await engine.tell(EventKind.TROUBLE, what)
        return settings
    log.info("the settings were read anew: %s", sentence(news) if news else "nothing is different")
    return new


def stamp(file: Path) -> Stamp:
    """What tells a changed file from an unchanged one; None where it is not there. Blocks."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def reread(settings: Settings) -> Settings:
    """The settings as their file has them now; the state folder stays. Blocks.

    Raises:
        SettingsError: with everything that is wrong.
    """
    return load_settings(settings.file, state=settings.state_dir, plotters=tuple(PLOTTERS))


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[str]:
    """Each setting that is different, in words; keys are named and not shown."""
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name), new.get(name)
        where = (*path, str(name))
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from differences(before, after, where)
        elif name in HIDDEN or isinstance(before, Mapping) or isinstance(after, Mapping):
            yield ".".join(where)
        else:
            yield f"{'.'.join(where)} = {_shown(after)}"


def sentence(news: list[str], most: int = 8) -> str:
    """The differences in one line, and which of them wait for the next start."""
    told = ", ".join(news[:most]) + (f" and {len(news) - most} more" if len(news) > most else "")
    later = [one for one in news if one.startswith(LATER)]
    return f"{told}; {', '.join(later)} at the next start" if later else told


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(str, value))}]"
    return str(value)
