"""`plotobot plots`, `replot --dry-run` and `plot --check`, as a farmer types them."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from plotobot.__main__ import main
from plotobot.engine.inventory.check_lines import add_line
from plotobot.engine.inventory.plot import Check
from plotobot.plots.proofs import ProofCheck, ProofVerdict
from tests.engine.plot_files import CONTRACT, FARMER, POOL, name_of, plot_id, put, v1_size
from tests.little_plots import RealPlot


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Done]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["plotobot", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return call


@dataclass(frozen=True)
class Home:
    """A settings file and a replot drive with four plots, one of them cut short."""

    root: Path
    old: Path
    settings: Path

    def rule(self, text: str) -> None:
        self.settings.write_text(
            f"""
            [drives]
            temp = ["{self.root}/temp"]
            replot = ["{self.old}"]
            destination = ["{self.root}/gone"]
            [plot]
            plotter = "chiapos"
            k = 20
            farmer_key = "{FARMER.hex()}"
            pool_key = "{"ab" * 48}"
            [replot]
            {text}
            """
        )

    @property
    def words(self) -> tuple[object, ...]:
        return "--settings", self.settings, "--state", self.root / "state"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    old = tmp_path / "old"
    for folder in (old, tmp_path / "temp"):
        folder.mkdir()
    for number, seconds in ((1, 1_700_000_000), (2, 1_600_000_000)):
        os.utime(put(old, number), (seconds, seconds))
    put(old, 3, size=v1_size() - 1)
    put(old, 4, level=7, owner=CONTRACT)
    made = Home(tmp_path, old, tmp_path / "plotobot.toml")
    made.rule("below_compression = 1")
    return made


def test_plots_of_the_configured_drives(cli: Cli, home: Home) -> None:
    done = cli("plots", "--settings", home.settings)

    assert done.code == 0
    assert "k32 OG" in done.out
    assert "It is cut short by 1 byte." in done.out
    assert f"{home.root}/gone: it is missing" in done.out
    assert POOL.hex() not in done.out


def test_plots_of_a_folder_need_no_settings(cli: Cli, home: Home) -> None:
    home.settings.unlink()

    rows = cli("plots", "--json", home.old).json

    assert {row["id"] for row in rows} == {plot_id(n).hex() for n in (1, 2, 3, 4)}
    assert {row["drive"] for row in rows} == {str(home.old)}


def test_plots_as_csv(cli: Cli, home: Home) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("plots", "--csv", home.old).out)))

    assert len(rows) == 4
    assert {row["farmer_key"] for row in rows} == {FARMER.hex()}


def test_a_folder_that_is_none_is_a_sentence(cli: Cli, tmp_path: Path) -> None:
    done = cli("plots", tmp_path / "nowhere")

    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "cannot be read: No such file or directory." in done.err


def test_no_plots_is_an_answer(cli: Cli, tmp_path: Path) -> None:
    assert cli("plots", tmp_path).code == 0
    assert cli("plots", "--json", tmp_path).json == []


def test_a_long_list_is_cut_and_says_so(
    cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plotobot.terminal_plots._MOST_ROWS", 3)

    done = cli("plots", home.old)

    assert done.out.count("plot-k32-") == 3
    assert "… and 1 more" in done.out
    assert len(cli("plots", "--json", home.old).json) == 4


def test_a_hostile_name_does_no_harm_on_a_terminal(cli: Cli, home: Home) -> None:
    put(home.old, 5, name="a\x1b[31m\n.plot")

    assert "\x1b" not in cli("plots", home.old).out


def test_the_plan(cli: Cli, home: Home) -> None:
    done = cli("replot", "--dry-run", *home.words, "--rate", 2, "--by", "2099-01-01")

    assert done.code == 0
    assert "Old is a plot that is not compressed." in done.out
    assert "2 old plots to go" in done.out
    assert "1 cut short or unfinished" in done.out
    assert "no height is known" in done.out
    assert "Over time" in done.out
    assert done.out.index(plot_id(2).hex()[:8]) < done.out.index(plot_id(1).hex()[:8])


def test_the_plan_as_json(cli: Cli, home: Home) -> None:
    plan = cli("replot", "--dry-run", *home.words, "--json").json

    assert [step["id"] for step in plan["steps"]] == [plot_id(2).hex(), plot_id(1).hex()]
    assert plan["frees"] == 2 * v1_size()
    assert (plan["rate"], plan["days"], plan["done"], plan["by"]) == (None, None, None, None)
    assert plan["kept"] == {"cut short or unfinished": 1, "not old by the rule": 1}
    assert plan["fork"]["height"] is None


def test_without_a_rule_nothing_is_old(cli: Cli, home: Home) -> None:
    home.rule("")

    done = cli("replot", "--dry-run", *home.words)

    assert "Nothing is old" in done.out
    assert "No plot is old by this rule." in done.out


def test_the_plan_deletes_and_writes_nothing(cli: Cli, home: Home) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}

    cli("replot", "--dry-run", *home.words)

    assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*")} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--dry-run"),
        (("--dry-run", "--by", "18.6.2021"), "--by"),
        (("--dry-run", "--rate", "0"), "--rate"),
    ],
)
def test_bad_usage_is_told(cli: Cli, home: Home, words: tuple[str, ...], said: str) -> None:
    done = cli("replot", *words, *home.words)

    assert done.code == 2
    assert said in done.err


def test_a_node_that_is_silent_is_told_beside_the_plan(cli: Cli, home: Home) -> None:
    home.rule(
        "below_compression = 1\nfork_height = 9900000\n[replot.node]\n"
        'cert = "/no/c.crt"\nkey = "/no/c.key"\nca = "/no/ca.crt"'
    )

    done = cli("replot", "--dry-run", *home.words)

    assert done.code == 0
    assert "at height 9,900,000, says your settings" in done.out
    assert "there is no file /no/c.crt" in done.out


def test_a_checked_plot(cli: Cli, pool_plot: RealPlot) -> None:
    done = cli("plot", "--check", 20, "--json", pool_plot.path)

    (report,) = done.json
    assert done.code == 0
    assert report["verdict"].startswith("Sound: ")


def test_a_damaged_plot_ends_with_1(cli: Cli, pool_plot: RealPlot, tmp_path: Path) -> None:
    data = pool_plot.path.read_bytes()
    half = len(data) // 2
    path = tmp_path / name_of(bytes.fromhex(pool_plot.id), 18)
    path.write_bytes(data[:half] + bytes(len(data) - half))

    assert cli("plot", path).code == 0
    done = cli("plot", "--check", 20, path)
    assert done.code == 1
    assert "Damaged" in done.out


def test_without_chiapos_a_check_is_one_sentence(
    cli: Cli, pool_plot: RealPlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: None)

    done = cli("plot", "--check", 20, pool_plot.path)

    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "not installed" in done.err


def test_plots_shows_what_the_running_bot_has_checked(cli: Cli, home: Home) -> None:
    first, second, *_ = [
        row for row in cli("plots", *home.words, "--json").json if not row["problem"]
    ]
    results = (
        ProofCheck(30, 28, 0, ProofVerdict.SOUND, "Sound."),
        ProofCheck(30, 9, 20, ProofVerdict.DAMAGED, "Damaged: 20 wrong."),
    )
    (home.root / "state").mkdir(exist_ok=True)
    for row, result in zip((first, second), results, strict=True):
        add_line(home.root / "state", Check(row["path"], row["id"], datetime.now(UTC), result))

    rows = {row["path"]: row for row in cli("plots", *home.words, "--json").json}
    told = cli("plots", *home.words).out

    assert rows[first["path"]]["verdict"] == "sound"
    assert rows[second["path"]]["verdict"] == "damaged"
    assert rows[second["path"]]["checked"].endswith("+00:00")
    assert "2 of 3 checked, last " in told
    assert "Damaged: 20 wrong." in told
