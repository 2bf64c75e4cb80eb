"""Looks at what the settings speak of: the drives, the plotter, the state directory. Blocking."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from plotobot.app import specs_of
from plotobot.check import (
    Finding,
    check_env_file,
    check_settings,
    check_state_dir,
    container,
    plot_k,
    plot_size,
    sqlite,
)
from plotobot.engine.config import EngineConfig, FarmSettings, Profile
from plotobot.engine.drives import DriveBay, local_volumes
from plotobot.engine.models import DEFAULT_PROFILE, GIB, Drive, DriveKind
from plotobot.engine.space import Ledger, takes
from plotobot.engine.spawner import kinds_of
from plotobot.errors import PlotterMissing, Refusal, SettingsError
from plotobot.farmlog.files import default_log
from plotobot.farmlog.report import read_farm_log
from plotobot.plotters import plotter
from plotobot.settings import Settings
from plotobot.surviving import check_surviving
from plotobot.ui.text import plural

_MACHINES_OWN = "pid:[4026531836]"
"""The name of the namespace Linux itself starts in (PROC_PID_INIT_INO in proc_ns.h)."""


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
        *(finding for kind in settings.engine.kinds for finding in _plotter(kind)),
        *_drives(settings.engine),
        *check_farm_log(settings.engine.farm, os.environ),
        sqlite(sqlite3.sqlite_version_info),
        *container(os.getpid(), own_processes=_own_processes()),
        *check_surviving(settings.state_dir, os.environ),
    ]


def check_farm_log(farm: FarmSettings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether the farm's log is there and says enough; nothing where no chia is."""
    path = farm.log or default_log(environ)
    if not farm.watch or (farm.log is None and not path.exists()):
        return
    cure = "Set farm.log to chia's debug.log, or farm.watch = false."
    try:
        found = read_farm_log(path, since=datetime.now(UTC) - timedelta(days=1), lines=0)
    except Refusal as refusal:
        yield Finding("warning", str(refusal), cure)
        return
    if found.hint:
        yield Finding("warning", f"{path}: {found.hint}")
    else:
        challenges = plural(found.stats.challenges, "challenge")
        yield Finding("ok", f"{path} is read: {challenges} in a day.")


def _plotter(profile: Profile) -> Iterator[Finding]:
    wanted, plot = plotter(profile.plot.plotter), profile.plot
    table = "plot" if profile.name == DEFAULT_PROFILE else f"profiles.{profile.name}"
    yield from plot_k(wanted, plot.k, table) or plot_size(plot.k)
    try:
        program = wanted.find(plot.program)
    except PlotterMissing as missing:
        yield Finding("problem", str(missing))
    else:
        yield Finding("ok", f"{wanted.name} {program.version} is found: {program.argv[0]}")


def _drives(config: EngineConfig) -> Iterator[Finding]:
    bay = DriveBay(specs_of(config), local_volumes())
    for drive in bay.look():
        name = f"{drive.kind.value} {drive.path}"
        if drive.problem:
            cure = "Mount it, or change the entry." if drive.missing else "Make it writable."
            yield Finding("problem", f"{name}: {drive.problem}.", cure)
        else:
            yield _room(name, drive, config)
    for overlap in bay.overlaps():
        yield Finding("problem", overlap, "Name each folder in one set only.")


def _room(name: str, drive: Drive, config: EngineConfig) -> Finding:
    # The least that any kind of plot takes: below that the drive is of no use.
    least = min(kinds_of(config), key=lambda kind: kind.needs.out)
    wanted = (least.needs.temp, least.needs.temp2, least.needs.out)
    plots = takes(drive, Ledger([drive], config.space.reserve).room(drive), *wanted)
    what = f"{name}: {drive.free / GIB:.1f} of {drive.total / GIB:.1f} GiB free"
    by_kind = dict(zip((DriveKind.TEMP, DriveKind.TEMP2, DriveKind.OUT), wanted, strict=True))
    if drive.kind not in by_kind:
        return Finding("ok", f"{what}.")
    need = by_kind[drive.kind]
    if plots or not need:  # some plotters need no temp drive at all
        return Finding("ok", f"{what}, room for {plots or 'any number of'} plots of this kind.")
    what = f"{what}, but a k{least.profile.plot.k} plot takes {need / GIB:.1f} GiB here."
    return Finding("warning", what, "Make room, or use a larger drive; it gets no plot as it is.")


def _own_processes() -> bool:
    """Whether this process lives in a set of processes of its own, as in a container (Linux)."""
    if sys.platform != "linux":
        return False
    try:
        return os.readlink("/proc/self/ns/pid") != _MACHINES_OWN  # noqa: PTH115 - it is no path
    except OSError:
        return False


__all__ = ["SettingsError", "look_around", "look_at_drives"]
