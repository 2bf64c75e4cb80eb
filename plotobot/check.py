"""Says whether Plotobot's settings and surroundings are fit for long nights. No drawing here.

The functions named after a thing judge facts they are given; the `check_` ones gather them first.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from plotobot.engine.launcher import order_of
from plotobot.errors import Refusal
from plotobot.plots.keys import masked
from plotobot.plotters import plotter
from plotobot.plotters.base import Plotter, Program
from plotobot.settings import Members, Settings

Level = Literal["ok", "warning", "problem"]

_WAL_RESET_FIXED = (3, 51, 3)
"""Before it, SQLite could damage a WAL database that several connections write (sqlite.org)."""
_FARMED_FROM_K = 32
"""Chia's MIN_PLOT_SIZE on the main network, for plots of the first proof of space."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    """A problem keeps Plotobot from its work; a warning does not."""
    what: str
    """A sentence; never a secret."""
    cure: str = ""
    """What to do about it; empty where all is well."""


def check_settings(settings: Settings) -> list[Finding]:
    """Look for what is allowed in the settings and yet will not do."""
    return [
        *_token(settings),
        *_discord(settings),
        *_api_base(settings.api_base),
        *_drives(settings),
        *check_keys(settings),
    ]


def check_env_file(path: Path) -> list[Finding]:
    """Look at who may read a `.env` file. None where it does not exist."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        what = f"{path} cannot be looked at ({error.strerror})."
        return [Finding("warning", what, "Check the file and its folder.")]
    # Windows keeps its permissions elsewhere; the mode says nothing there.
    return [] if os.name == "nt" else [env_file(path, status.st_mode)]


def check_state_dir(path: Path) -> list[Finding]:
    """Look at the folder for the database and the jobs, or at where it is to be made."""
    nearest = next((p for p in (path, *path.parents) if os.path.lexists(p)), path)
    return [
        state_dir(
            path,
            nearest=nearest,
            is_folder=nearest.is_dir(),
            writable=os.access(nearest, os.W_OK | os.X_OK),
        )
    ]


def env_file(path: Path, mode: int) -> Finding:
    """Judge a `.env` file by its permission bits."""
    if stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
        what = f"{path} holds secrets, and other users of this machine may open it."
        return Finding("warning", what, f"chmod 600 {path}")
    return Finding("ok", f"{path} can be read by its owner only.")


def state_dir(path: Path, *, nearest: Path, is_folder: bool, writable: bool) -> Finding:
    """Judge the state folder.

    Args:
        path: the folder that was set.
        nearest: it, or the nearest folder above it that exists.
        is_folder: whether `nearest` is a folder.
        writable: whether this user may write in `nearest`.
    """
    cure = "Name another one with PLOTOBOT_STATE or --state."
    if not is_folder:
        return Finding("problem", f"{nearest} is no folder, so {path} cannot keep the state.", cure)
    if not writable:
        what = f"The state folder {path} cannot be written: this user may not write in {nearest}."
        return Finding("problem", what, f"Change the owner of {nearest}. {cure}")
    return Finding("ok", f"State is kept in {path}.")


def sqlite(version: tuple[int, ...]) -> Finding:
    """Tell of SQLite's version; an old one is no harm with Plotobot's single connection."""
    text = ".".join(map(str, version))
    if version < _WAL_RESET_FIXED:
        return Finding(
            "ok",
            f"SQLite {text} is older than 3.51.3, which is no harm here: Plotobot opens one "
            "connection only.",
        )
    return Finding("ok", f"SQLite {text}.")


def plot_size(k: int) -> list[Finding]:
    """Tell of plots that are too small to be farmed."""
    if k >= _FARMED_FROM_K:
        return []
    what = f"plot.k is {k}: good for trying out, but Chia's network takes k32 and larger only."
    return [Finding("warning", what, "Set plot.k = 32 to farm.")]


def plot_k(wanted: Plotter, k: int, table: str = "plot") -> list[Finding]:
    """Tell of plots that the plotter cannot make."""
    if k in wanted.k_range:
        return []
    first, last = wanted.k_range[0], wanted.k_range[-1]
    only = f"k{first}" if first == last else f"k{first} to k{last}"
    what = f"{table}.k is {k}, but {wanted.name} makes {only}."
    return [Finding("problem", what, f"Set {table}.k = {min(max(32, first), last)}.")]


def container(pid: int, *, own_processes: bool) -> list[Finding]:
    """Tell what it means to live in a container.

    Args:
        pid: this process's own; a container's first process is 1.
        own_processes: whether this process sees a set of processes of its own.
    """
    if pid != 1 and not own_processes:
        return []
    what = "This is a container: when it ends, every plot in the making ends with it."
    cure = "Update and restart it only between plots"
    if pid == 1:
        cure += ", and start it with an init (docker run --init)"
    return [Finding("warning", what, f"{cure}.")]


def _token(settings: Settings) -> list[Finding]:
    if settings.token is None:
        what = "DISCORD_TOKEN is not set, so the bot cannot log in."
        return [Finding("problem", what, f"Write DISCORD_TOKEN=... into {settings.env_file}.")]
    return [Finding("ok", "DISCORD_TOKEN is set.")]


def _discord(settings: Settings) -> list[Finding]:
    discord = settings.written.discord
    findings = []
    if discord.guild is None:
        what = "discord.guild is not set, so nobody can use the commands."
        findings.append(Finding("problem", what, "Copy the id of your server into it."))
    if discord.channel is None:
        what = "discord.channel is not set, so alerts have nowhere to go."
        findings.append(Finding("problem", what, "Copy the id of a channel into it."))
    if not any(map(_anybody, (discord.owners, discord.operators, discord.viewers))):
        what = "Neither owners, operators nor viewers are set, so the bot obeys nobody."
        cure = "Write your own id into users of [discord.owners]."
        findings.append(Finding("problem", what, cure))
    elif not _anybody(discord.owners):
        what = "discord.owners is empty, so some commands can be used by nobody."
        cure = "Write your own id into users of [discord.owners]."
        findings.append(Finding("warning", what, cure))
    return findings or [Finding("ok", "The server, the channel and the people are set.")]


def _anybody(members: Members) -> bool:
    return bool(members.users or members.roles)


def _api_base(address: str | None) -> list[Finding]:
    if address is None:
        return []
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        what = "DISCORD_API_BASE sends the token over the network in clear."
        return [Finding("warning", what, "Use an https:// address.")]
    return [Finding("ok", f"DISCORD_API_BASE points to {parts.hostname} instead of Discord.")]


def _drives(settings: Settings) -> list[Finding]:
    drives = settings.written.drives
    findings = [
        Finding(
            "problem",
            f"drives.{name} names no drive, so no plot can be started.",
            f'Name your drives, as in {name} = ["/mnt/{name}1"].',
        )
        for name in ("temp", "out")
        if not getattr(drives, name)
    ]
    return findings or [Finding("ok", "Temp and out drives are named.")]


def check_keys(settings: Settings) -> list[Finding]:
    """Judge the keys that plots are made for, and whether the plotter can do with them."""
    plot = settings.written.plot
    if refusal := _refusal(settings):
        return [Finding("problem", refusal, f"Change [plot] in {settings.file}.")]
    if plot.contract:
        shown = masked(plot.contract)
        what = f"Plots are made for a pool contract, {shown}, whose address is well spelt."
        return [Finding("ok", what)]
    if plot.pool_key and plot.farmer_key:
        return [Finding("ok", "Plots are made for a pool key, the old way.")]
    return [
        Finding(
            "warning",
            f"Neither plot.contract nor both keys are set, so {plot.plotter} takes the keys it "
            "finds on this machine.",
            "Set plot.contract (and plot.farmer_key) if no wallet is kept on this machine, or if "
            "the plots are for a pool.",
        )
    ]


def _refusal(settings: Settings) -> str | None:
    """Why the plotter would not take the order, if so: some must be given all keys."""
    wish = settings.engine.plot
    try:
        plotter(wish.plotter).command(Program((wish.plotter,), ""), order_of(wish, "t", None, "o"))
    except Refusal as refusal:
        return str(refusal)
    return None
