"""`plotobot clean` and the foreign plots of `plotobot jobs`, as a farmer and a script use them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plotobot.__main__ import main
from plotobot.engine.supervision.locks import hold_state_dir
from plotobot.plotters import recognise
from tests.engine.strangers import Strangers, kill_session, strangers_in, until
from tests.little_plots import RealPlot

ID = "0123456789abcdef" * 4
NAME = f"plot-k32-2026-11-23-15-55-{ID}"
ENDS = (".plot.sort.tmp", ".plot.table1.tmp", ".plot.2.tmp")


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strangers]:
    """Other people's plotters below `tmp_path`; those elsewhere on this machine are not seen."""

    def mine(argv: tuple[str, ...]) -> Any:
        here = any(str(tmp_path) in word for word in argv) or "-d=out" in argv
        return recognise(argv) if here else None

    monkeypatch.setattr("plotobot.engine.foreign.recognise", mine)
    yield from strangers_in(tmp_path)


@pytest.fixture
def cli(
    tmp_path: Path,
    strangers: Strangers,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command on a little farm; returns code, output, errors."""
    for name in ("temp", "out"):
        (tmp_path / name).mkdir(exist_ok=True)
    settings = tmp_path / "plotobot.toml"
    settings.write_text(
        f"[drives]\ntemp = ['{tmp_path}/temp']\nout = ['{tmp_path}/out']\n"
        "[plot]\nplotter = 'chiapos'\nk = 32\n"
    )

    def call(*words: str) -> tuple[int, str, str]:
        where = ["--settings", str(settings), "--state", str(tmp_path / "state")]
        monkeypatch.setattr(sys, "argv", ["plotobot", *words, *where])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def put(folder: Path, *names: str, hours: float = 5) -> None:
    for name in names:
        (folder / name).write_bytes(b"12345")
        when = time.time() - hours * 3600
        os.utime(folder / name, (when, when))


def names_in(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_nothing_left_over(cli) -> None:
    assert cli("clean")[:2] == (
        0,
        "Nothing is left over: every temp file belongs to a plot in the making.\n",
    )
    assert json.loads(cli("clean", "--json")[1]) == {"orphans": [], "removed": None}


def test_it_lists_asks_and_a_no_removes_nothing(cli, tmp_path, monkeypatch) -> None:
    put(tmp_path / "temp", *(NAME + end for end in ENDS))
    monkeypatch.setattr("typer.confirm", lambda question: "Remove" not in question)

    code, out, _ = cli("clean")

    assert code == 0
    assert ID[:12] in out
    assert "In all: 3 files" in out
    assert len(names_in(tmp_path / "temp")) == 3


def test_a_yes_removes_and_tells(cli, tmp_path, monkeypatch) -> None:
    put(tmp_path / "temp", *(NAME + end for end in ENDS), "mine.txt")
    monkeypatch.setattr("typer.confirm", lambda question: True)

    _, out, _ = cli("clean")

    assert "3 files of 1 plot removed" in out
    assert names_in(tmp_path / "temp") == {"mine.txt"}


def test_scripts_say_yes_and_get_json(cli, tmp_path) -> None:
    put(tmp_path / "temp", *(NAME + end for end in ENDS))

    listed = json.loads(cli("clean", "--json")[1])
    done = json.loads(cli("clean", "--json", "--yes")[1])

    assert listed["removed"] is None
    assert done["removed"] == {"plots": 1, "files": 3, "bytes": 15, "left": []}
    ((orphan,), folder) = listed["orphans"], str(tmp_path / "temp")
    assert orphan == done["orphans"][0]
    assert (orphan["plot_id"], orphan["k"], orphan["kept"], orphan["bytes"]) == (ID, 32, None, 15)
    assert {Path(path).parent for path in orphan["removable"]} == {Path(folder)}
    assert names_in(tmp_path / "temp") == set()


def test_a_whole_plot_stays_also_with_yes(cli, tmp_path, pool_plot: RealPlot) -> None:
    whole = tmp_path / "temp" / f"{pool_plot.path.stem}.plot.2.tmp"
    shutil.copy(pool_plot.path, whole)
    os.utime(whole, (0, 0))

    _, out, _ = cli("clean", "--yes")

    assert "never removed" in out
    assert whole.exists()


def test_beside_a_bot_it_is_refused_with_a_sentence(cli, tmp_path) -> None:
    put(tmp_path / "temp", NAME + ENDS[0])
    (tmp_path / "state").mkdir()
    with hold_state_dir(tmp_path / "state"):
        code, out, err = cli("clean", "--yes")
    assert (code, out) == (3, "")
    assert err == f"plotobot: Plotobot is at work with {tmp_path}/state: use /clean there.\n"
    assert names_in(tmp_path / "temp") == {NAME + ENDS[0]}


def test_a_plotter_at_work_keeps_its_files_and_a_dead_one_is_quiet_first(
    cli, tmp_path, strangers: Strangers
) -> None:
    plotter = strangers.chiapos()
    until(lambda: len(names_in(tmp_path / "temp")) > 3)
    assert "every temp file belongs to a plot in the making" in cli("clean", "--yes")[1]
    (row,) = json.loads(cli("jobs", "--json")[1])
    assert (row["foreign"], row["pid"], row["temp"]) == (True, plotter.pid, str(tmp_path / "temp"))
    assert "chiapos (foreign)" in cli("jobs")[1]

    kill_session(plotter)
    left = names_in(tmp_path / "temp")
    assert "within the last hour" in cli("clean", "--yes")[1]
    assert names_in(tmp_path / "temp") == left
    for name in left:
        os.utime(tmp_path / "temp" / name, (0, 0))
    assert f"{len(left)} files of 1 plot removed" in cli("clean", "--yes")[1]
    assert names_in(tmp_path / "temp") == set()


def test_it_needs_no_terminal_to_be_refused_an_answer(cli, tmp_path) -> None:
    put(tmp_path / "temp", NAME + ENDS[0])
    done = subprocess.run(
        [sys.executable, "-m", "plotobot", "clean", "--settings", str(tmp_path / "plotobot.toml"),
         "--state", str(tmp_path / "state")],
        stdin=subprocess.DEVNULL, capture_output=True, cwd=Path(__file__).parents[1], timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert names_in(tmp_path / "temp") == {NAME + ENDS[0]}
