"""The unit keeps plots alive, and `plotobot check` says where they would die with the bot."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from plotobot.surviving import check_surviving, service, unit_of, windows_terminal

UNIT = Path(__file__).parents[1] / "docs/service/plotobot.service"


def directives() -> dict[str, list[str]]:
    """What the unit says below [Service]; some directives stand there more than once."""
    found: dict[str, list[str]] = {}
    text = UNIT.read_text().partition("[Service]")[2].partition("[Install]")[0]
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_leaves_plots_alone_when_it_is_restarted() -> None:
    unit = directives()
    assert unit["KillMode"] == ["process"]
    assert unit["OOMPolicy"] == ["continue"]
    # These take files and memory away from what outlives the main process.
    assert not {"PrivateTmp", "RemoveIPC", "RuntimeMaxSec", "ExecStopPost"} & set(unit)
    assert not [value for name in unit for value in unit[name] if "kill" in value.lower()]


def test_the_unit_starts_what_there_is_and_does_not_repeat_what_is_refused() -> None:
    unit = directives()
    (start,) = unit["ExecStart"]
    assert re.fullmatch(r"/opt/plotobot/bin/plotobot run --settings \S+ --state \S+", start)
    assert unit["Restart"] == ["always"]
    assert unit["RestartPreventExitStatus"] == ["2 3"]


def test_the_unit_is_as_closed_as_promised() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        assert not os.environ.get("CI"), "CI must have systemd-analyze"
        pytest.skip("systemd-analyze is not installed")
    command = [program, "security", "--offline=true", "--no-pager", str(UNIT)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    rated = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert rated, told.stderr
    assert float(rated[1]) <= 2.5


@pytest.mark.parametrize(
    ("mode", "level"),
    [("process", "ok"), ("none", "ok"), ("control-group", "warning"), ("mixed", "warning")],
)
def test_a_unit_that_kills_plots_is_warned_of(mode: str, level: str) -> None:
    found = service("plotobot.service", mode)
    assert found.level == level
    assert "KillMode=process" in found.cure or level == "ok"


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/plotobot.service\n", "plotobot.service"),
        (
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/mine.service\n",
            "mine.service",
        ),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", None),
        ("0::/user.slice/user-1000.slice/user@1000.service\n", None),
        ("0::/\n", None),
        ("", None),
    ],
)
def test_the_unit_of_a_process_is_found(cgroup: str, unit: str | None) -> None:
    assert unit_of(cgroup) == unit


def test_windows_terminal_is_warned_of() -> None:
    assert windows_terminal({}) == []
    (found,) = windows_terminal({"WT_SESSION": "0"})
    assert (found.level, "docs/service.md" in found.cure) == ("warning", True)


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_systemd_is_asked_about_the_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    program.write_text(
        '#!/bin/sh\necho "$@" >"$0.asked"\necho LoadState=loaded\necho KillMode=mixed\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    (found,) = check_surviving(tmp_path, {})

    assert found.what.startswith("plotobot.service has KillMode=mixed")
    assert "show plotobot.service" in (tmp_path / "systemctl.asked").read_text()


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, '{"pid": "x"}', json.dumps({"pid": 1})])
def test_whatever_the_lock_says_it_is_no_error(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "bot.lock").write_text(text)
    assert list(check_surviving(tmp_path, {})) == []
