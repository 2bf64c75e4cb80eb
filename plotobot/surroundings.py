"""Looks at what the settings speak of: the drives, the plotter, the state directory. Blocking."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence

from plotobot.app import specs_of
from plotobot.check import (
    Finding,
    check_env_file,
    check_settings,
    check_state_dir,
    process,
    sqlite,
)
from plotobot.engine.config import EngineConfig
from plotobot.engine.drives import DriveBay, local_volumes
from plotobot.engine.models import GIB, Drive
from plotobot.errors import PlotterMissing, SettingsError
from plotobot.plotters import plotter
from plotobot.settings import Settings


def look_at_drives(config: EngineConfig) -> Sequence[Drive]:
    """The configured drives as they are now.

    Raises:
        SettingsError: a written drive cannot be read as one.
    """
    return DriveBay(specs_of(config), local_volumes()).look()


def look_around(settings: Settings) -> list[Finding]:
    """Everything `plotobot check` has to say."""
    return [
        Finding("ok", f"{settings.file} is read."),
        *check_settings(settings),
        *check_env_file(settings.env_file),
        *check_state_dir(settings.state_dir),
        *_plotter(settings.engine),
        *_drives(settings.engine),
        sqlite(sqlite3.sqlite_version_info),
        *process(os.getppid()),
    ]


def _plotter(config: EngineConfig) -> Iterator[Finding]:
    wanted = plotter(config.plot.plotter)
    if config.plot.k not in wanted.k_range:
        first, last = wanted.k_range[0], wanted.k_range[-1]
        what = f"plot.k is {config.plot.k}, but {wanted.name} makes k{first} to k{last}."
        yield Finding("problem", what, f"Set plot.k to a number from {first} to {last}.")
    try:
        program = wanted.find(config.plot.program)
    except PlotterMissing as missing:
        yield Finding("problem", str(missing))
    else:
        yield Finding("ok", f"{wanted.name} {program.version} is {program.argv[0]}.")


def _drives(config: EngineConfig) -> Iterator[Finding]:
    bay = DriveBay(specs_of(config), local_volumes())
    for drive in bay.look():
        name = f"{drive.kind.value} {drive.path}"
        if drive.problem:
            cure = "Mount it, or change the entry." if drive.missing else "Make it writable."
            yield Finding("problem", f"{name}: {drive.problem}.", cure)
        else:
            free, total = drive.free / GIB, drive.total / GIB
            yield Finding("ok", f"{name}: {free:.1f} of {total:.1f} GiB are free.")
    for overlap in bay.overlaps():
        yield Finding("problem", overlap, "Name each folder in one set only.")


__all__ = ["SettingsError", "look_around", "look_at_drives"]
