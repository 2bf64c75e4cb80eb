"""`plotobot farmlog`, as a farmer and a script use it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from plotobot.__main__ import main

LOG = Path(__file__).parent / "logs" / "debug-2.7.5.log"
FIELDS = {"time", "version", "service", "logger", "level", "message"}
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs `farmlog` within this process: code, output, complaint."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["plotobot", "farmlog", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        ((), {"INFO": 7, "WARNING": 6, "ERROR": 8}),
        (("--level", "EligiblePlots"), {"INFO": 3}),
        (("--level", "error"), {"ERROR": 8}),
        (("--level", "WARNING"), {"WARNING": 6}),
        (("--level", "Error", "--lines", 3), {"ERROR": 3}),
        (("--lines", 0), {}),
        (("--since", "2026-11-23T16:06"), {"WARNING": 2, "ERROR": 4}),
    ],
    ids=lambda words: " ".join(map(str, words)) if isinstance(words, tuple) else "",
)
def test_as_json(cli, words, levels):
    code, out, _ = cli(LOG, "--json", *words)
    told = json.loads(out)

    found = [one["level"] for one in told["records"]]
    assert code == 0
    assert {level: found.count(level) for level in found} == levels
    assert all(set(one) == FIELDS for one in told["records"])
    assert told["stats"]["errors"] == (4 if "--since" in words else 8)


def test_a_record_as_json(cli):
    first = json.loads(cli(LOG, "--json")[1])["records"][0]

    assert datetime.fromisoformat(first["time"]).timestamp() == (
        datetime(2026, 11, 23, 16, 0, 7, 91000).timestamp()  # noqa: DTZ001 - local, as in the log
    )
    assert first["version"] == "2.7.5"
    assert (first["service"], first["logger"]) == ("harvester", "chia.harvester.harvester")
    assert first["message"].startswith("Using plots_refresh_parameter")


def test_as_text_the_figures_come_first_and_the_last_lines_after(cli):
    code, out, _ = cli(LOG, "--lines", 1)
    lines = out.splitlines()

    assert code == 0
    assert lines[0] == "2026-11-23 16:00:07 to 2026-11-23 16:08:13"
    assert "9 plots eligible in 3 challenges" in lines[1]
    assert lines[-1] == "ValueError: Path doesn't exist: /nope"


def test_without_info_lines_it_says_how_to_have_them(cli, tmp_path):
    log = tmp_path / "debug.log"
    lines = LOG.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(line for line in lines if b"INFO" not in line))

    assert "chia configure --set-log-level INFO" in cli(log, "--level", "EligiblePlots")[1]


def test_by_default_it_is_where_chia_puts_it(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("CHIA_ROOT", str(tmp_path))
    code, _, err = cli()
    assert code == 2
    assert f"There is no log {tmp_path}/log/debug.log" in err
    assert "CHIA_ROOT" in err

    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "debug.log").write_bytes(LOG.read_bytes())
    assert cli()[0] == 0


def missing(path: Path) -> None:
    """There is nothing."""


def foreign(path: Path) -> None:
    path.write_bytes(b"\0" * 5000)


@pytest.mark.parametrize("make", [missing, os.mkdir, os.mkfifo, Path.touch, foreign])
def test_what_is_no_log_is_one_sentence(cli, tmp_path, make):
    make(tmp_path / "log")

    code, out, err = cli(tmp_path / "log", "--json")

    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert str(tmp_path / "log") in err


@pytest.mark.parametrize(
    "words",
    [("--since", "soon"), ("--level", "Info"), ("--lines", "-1")],
    ids=["since", "level", "lines"],
)
def test_bad_usage_ends_with_2(cli, words):
    code, _, err = cli(LOG, *words)

    assert code == 2
    assert "Traceback" not in err


def test_control_characters_do_not_reach_the_terminal(cli, tmp_path):
    now = datetime.now() - timedelta(minutes=1)  # noqa: DTZ005 - local, as in the log
    log = tmp_path / "debug.log"
    log.write_text(f"{now:%Y-%m-%dT%H:%M:%S}.000 2.7.5 daemon asyncio: ERROR a\x07b\x9bc\u202ed\n")

    out = cli(log, "--since", "5m")[1]

    assert "ERROR a�b�c�d" in out
