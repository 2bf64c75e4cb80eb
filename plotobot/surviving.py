"""Whether plots outlive the bot where it runs: asks about systemd's unit and the window."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from plotobot.check import Finding
from plotobot.engine.supervision.locks import NAME as LOCK

USUAL_UNIT = "plotobot.service"
SPARING = frozenset({"process", "none"})
"""The values of KillMode that leave the plots alone (systemd.kill)."""
_UNIT = re.compile(r"/([^/\s]+\.service)\s*$", re.MULTILINE)


def check_surviving(state_dir: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at what would end plots together with the bot; nothing where there is no such thing."""
    yield from windows_terminal(environ)
    if sys.platform == "linux":
        cgroup = _cgroup_of(_bot(state_dir))
        unit = unit_of(cgroup) or USUAL_UNIT
        if mode := _kill_mode(unit, user="/user@" in cgroup):
            yield service(unit, mode)


def service(unit: str, kill_mode: str) -> Finding:
    """Judge a unit of systemd by its KillMode."""
    if kill_mode in SPARING:
        return Finding("ok", f"{unit} leaves plots alone when it is restarted.")
    what = f"{unit} has KillMode={kill_mode}: every restart of it kills all plots in the making."
    cure = f"systemctl edit {unit}, and write KillMode=process below [Service]."
    return Finding("warning", what, cure)


def windows_terminal(environ: Mapping[str, str]) -> list[Finding]:
    """Judge the window: Windows Terminal lets no program out (microsoft/terminal issue 20480)."""
    if "WT_SESSION" not in environ:
        return []
    what = "This is Windows Terminal: plots started from it end with its window."
    cure = "Run Plotobot as a scheduled task; docs/service.md tells how."
    return [Finding("warning", what, cure)]


def unit_of(cgroup: str) -> str | None:
    """The unit in the text of a process's `cgroup` file, if it is in one of its own."""
    found = _UNIT.search(cgroup)
    name = found[1] if found else None
    return None if name and name.startswith("user@") else name


def _bot(state_dir: Path) -> int | None:
    """The process that holds the state folder, as far as it said who it is."""
    try:
        pid = json.loads((state_dir / LOCK).read_text("utf-8"))["pid"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return pid if isinstance(pid, int) else None


def _cgroup_of(pid: int | None) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        group = Path(f"/proc/{pid}/cgroup").read_text("utf-8", "replace")
    except OSError:  # none runs
        return ""
    return group if b"plotobot" in command else ""


def _kill_mode(unit: str, *, user: bool) -> str | None:
    which = ["--user"] if user else []
    ask = ["systemctl", *which, "show", unit, "-p", "LoadState", "-p", "KillMode"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = dict(line.partition("=")[::2] for line in answer.stdout.splitlines())
    return told.get("KillMode") if told.get("LoadState") == "loaded" else None
