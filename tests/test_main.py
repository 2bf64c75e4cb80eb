"""The command line as a farmer and a script use it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plotobot import __version__
from plotobot.__main__ import app, main
from plotobot.engine.models import JobState
from plotobot.plots.address import encode_address
from tests.engine.farm import Farm, ended, running
from tests.little_plots import CONTRACT, FARMER_PK, POOL_PK, SECRET, RealPlot

COMMANDS = {
    one.name or one.callback.__name__: " ".join(one.callback.__doc__.split("\n\n")[0].split())
    for one in app.registered_commands
    if one.callback and one.callback.__doc__
}
"""What each command says of itself, by its name."""
LOGS = Path(__file__).parent / "logs"
LOG_FIELDS = {
    "plotter", "k", "plot_id", "status", "error", "stuck", "temp", "temp2", "out", "final_path",
    "phase_seconds", "total_seconds", "copy_seconds", "progress",
}  # fmt: skip
PLOT_FIELDS = {
    "path", "format", "k", "id", "memo", "farmer_pk", "pool_pk", "contract_address", "compression",
    "size", "expected_size", "truncated",
}  # fmt: skip
JOB_FIELDS = {
    "id", "plot_id", "plotter", "k", "status", "pid", "temp", "temp2", "out", "started_at",
    "ended_at", "exit_code", "phase_seconds", "eta", "eta_basis", "foreign",
}  # fmt: skip
NASTY = "a\x1b[31mb\x07\nc"
TOKEN = "canary-token-of-the-bot"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Done]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command within this process; plotters elsewhere on this machine are not seen."""
    monkeypatch.setattr("plotobot.engine.foreign.recognise", lambda argv: None)

    def call(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["plotobot", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, said.out, said.err)

    return call


def spawned(*words: object, shell: str | None = None, **environment: str) -> Done:
    """Run a command as a process of its own, or a shell line in which "$@" is the command."""
    command = [sys.executable, "-m", "plotobot", *map(str, words)]
    if shell:
        command = ["/bin/sh", "-c", shell, "sh", *command]
    environ = {name: it for name, it in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command,
        capture_output=True,
        timeout=60,
        env=environ | environment,
        cwd=Path(__file__).parents[1],
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass(frozen=True)
class Place:
    """A folder with settings, drives and a `.env`."""

    root: Path

    @property
    def file(self) -> Path:
        return self.root / "plotobot.toml"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def words(self) -> tuple[str, ...]:
        return ("--settings", str(self.file), "--state", str(self.state))

    def write(self, **changes: str) -> None:
        """Write good settings, with some tables in other words."""
        tables = {
            "drives": f"temp = ['{self.root}/temp']\nout = ['{self.root}/out']",
            "plot": f"plotter = 'chiapos'\nk = 32\ncontract = '{encode_address(CONTRACT)}'",
            "discord": 'guild = "1"\nchannel = "2"\nowners = { users = ["3"] }',
        } | changes
        text = "\n".join(f"[{name}]\n{body}" for name, body in tables.items())
        self.file.write_text(text, encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Settings with nothing to complain about."""
    for name in [name for name in os.environ if name.startswith(("DISCORD_", "PLOTOBOT_"))]:
        monkeypatch.delenv(name)
    for name in ("temp", "out"):
        (tmp_path / name).mkdir()
    env = tmp_path / ".env"
    env.write_text(f"DISCORD_TOKEN={TOKEN}\n", encoding="utf-8")
    env.chmod(0o600)
    made = Place(tmp_path)
    made.write()
    return made


def printable(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


# --- usage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(cli: Cli, command: str) -> None:
    done = cli(command, "--help")

    assert done.code == 0
    assert "Usage:" in done.out
    assert COMMANDS[command] in " ".join(done.out.split())  # no word was taken for markup
    assert done.err == ""
    assert command in cli("--help").out


@pytest.mark.parametrize("words", [("version",), ("--version",)])
def test_the_version(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli(*words) == Done(0, f"plotobot {__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--nix",), id="option"),
        pytest.param(("jobs", "--nix"), id="option-of-a-command"),
        pytest.param(("nix",), id="command"),
        pytest.param(("plot",), id="no-file"),
        pytest.param(("log",), id="no-log"),
        pytest.param(("demo", "--k", "40"), id="k-out-of-range"),
        pytest.param(("demo", "--seconds", "soon"), id="no-number"),
    ],
)
def test_bad_usage_ends_with_2_and_no_traceback(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli(*words)

    assert done.code == 2
    assert done.out == ""
    assert done.err
    assert "Traceback" not in done.err


# --- log ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(LOGS.glob("*.log")), ids=lambda file: file.stem)
def test_a_log_as_json_and_as_text(cli: Cli, file: Path) -> None:
    told = cli("log", file, "--json").json
    text = cli("log", file)

    assert set(told) == LOG_FIELDS
    assert told["plotter"] == file.name.split("-")[0].replace("chiapos", "chia").rstrip("3")
    assert len(told["phase_seconds"]) == 4
    assert 0 <= told["progress"] <= 1
    assert text.code == 0
    assert printable(text.out)
    assert told["status"] in text.out


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_no_log_is_one_sentence(cli: Cli, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.log"
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)

    done = cli("log", path, "--json")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("plotobot: ")
    assert done.err.count("\n") == 1


def test_a_damaged_log_is_read_as_far_as_it_goes(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(bytes(range(256)) * 100)
    done = cli("log", path)
    assert done.code == 0
    assert printable(done.out)


# --- plot ---------------------------------------------------------------------------------------


def test_a_plot_for_a_pool_key(cli: Cli, pool_plot: RealPlot) -> None:
    done = cli("plot", pool_plot.path, "--json")
    (told,) = done.json

    assert done.code == 0
    assert set(told) >= PLOT_FIELDS
    assert (told["format"], told["k"], told["id"]) == ("v1", 18, pool_plot.id)
    assert (told["memo"], told["pool_pk"]) == ("pool_pk", POOL_PK.hex())
    assert (told["farmer_pk"], told["contract_address"]) == (FARMER_PK.hex(), None)
    assert told["size"] == told["expected_size"] == pool_plot.path.stat().st_size
    assert (told["truncated"], told["compression"]) == (False, 0)
    assert "error" not in told


def test_a_plot_for_a_contract(cli: Cli, contract_plot: RealPlot) -> None:
    (told,) = cli("plot", contract_plot.path, "--json").json

    assert (told["memo"], told["pool_pk"]) == ("contract", None)
    assert told["contract_address"] == encode_address(CONTRACT)


def test_the_secret_key_of_a_plot_is_never_printed(cli: Cli, pool_plot: RealPlot) -> None:
    for words in (("plot", pool_plot.path), ("plot", pool_plot.path, "--json")):
        assert SECRET.hex() not in cli(*words).out


@pytest.fixture
def truncated(tmp_path: Path, pool_plot: RealPlot) -> Path:
    path = tmp_path / "cut.plot"
    path.write_bytes(pool_plot.path.read_bytes()[:-1])
    return path


def test_a_plot_that_lacks_one_byte_is_found(cli: Cli, truncated: Path) -> None:
    done = cli("plot", truncated, "--json")
    (told,) = done.json

    assert done.code == 1
    assert told["truncated"] is True
    assert told["expected_size"] - told["size"] == 1


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "text", "empty"])
def test_no_plot_is_an_error_in_the_list(
    cli: Cli, tmp_path: Path, pool_plot: RealPlot, kind: str
) -> None:
    path = tmp_path / "x.plot"
    making: dict[str, Callable[[], object]] = {
        "missing": lambda: None,
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "text": lambda: path.write_text("hello"),
        "empty": path.touch,
    }
    making[kind]()

    done = cli("plot", path, pool_plot.path, "--json")
    bad, good = done.json
    text = cli("plot", path, pool_plot.path)

    assert done.code == text.code == 1
    assert set(bad) == {"path", "error"}
    assert bad["path"] == str(path)
    assert good["id"] == pool_plot.id
    assert bad["error"] in text.out
    assert pool_plot.id in text.out


# --- what reaches a terminal --------------------------------------------------------------------


@pytest.mark.parametrize("command", ["plot", "log", "jobs", "drives", "check"])
def test_no_control_character_of_a_path_reaches_the_terminal(
    cli: Cli, tmp_path: Path, command: str
) -> None:
    name = str(tmp_path / NASTY)
    words = (name,) if command in ("plot", "log") else ("--settings", name)

    done = cli(command, *words)

    assert done.code != 0
    assert printable(done.out + done.err)


def test_a_drive_found_by_a_pattern_may_have_any_name(cli: Cli, place: Place) -> None:
    (place.root / f"hdd{NASTY}").mkdir()
    (place.root / os.fsdecode(b"hdd\xff")).mkdir()
    place.write(drives=f"temp = ['{place.root}/temp']\nout = ['{place.root}/hdd*']")

    for command in ("drives", "check"):
        done = cli(command, *place.words)
        assert done.code == 0, done
        assert "hdd" in done.out
        assert printable(done.out)
    assert len(cli("drives", *place.words, "--json").json) == 3


def test_a_path_that_is_no_text_is_shown(cli: Cli, tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.plot")
    for words in (("plot", path), ("plot", path, "--json"), ("log", path)):
        done = cli(*words)
        assert done.code in (1, 2)
        assert ".plot" in done.out + done.err


def test_a_locale_without_umlauts_and_arrows(place: Place) -> None:
    place.write(drives="temp = ['/no/such/dri\u00fcve']\nout = ['/no/such']")
    done = spawned("check", *place.words, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")

    assert done.code == 2
    assert done.err == ""
    assert "dri?ve" in done.out


@pytest.mark.parametrize(
    "line",
    ['"$@" | head -c 1', '"$@" | true', '"$@" >&-', '"$@" --help | true'],
    ids=["head", "nobody", "closed", "help"],
)
def test_nobody_who_reads_on_is_no_reason_for_a_traceback(tmp_path: Path, line: str) -> None:
    files = [tmp_path / f"missing-{number}.plot" for number in range(1000)]
    some = files if "head" in line else files[:1]  # more, and less, than fits a pipe at once
    assert spawned("plot", "--json", *some, shell=line).err == ""


def test_a_table_in_a_pipe_is_not_cut(cli: Cli, place: Place) -> None:
    long = place.root / ("very-" * 30 + "long")
    long.mkdir()
    place.write(drives=f"temp = ['{long}']\nout = ['{place.root}/out']")
    assert str(long) in cli("drives", *place.words).out


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "check", "jobs", "clean", "drives"])
def test_every_problem_in_the_settings_is_a_line(cli: Cli, place: Place, command: str) -> None:
    place.write(plot="k = 'big'\nthreads = 0", spawn="max_paralel = 3")

    done = cli(command, "--settings", place.file)

    lines = done.err.splitlines()
    assert (done.code, done.out) == (2, "")
    assert len(lines) == 3
    assert all(line.startswith(f"plotobot: {place.file} line ") for line in lines)


def test_no_settings_file_is_one_sentence_with_the_cure(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.file.unlink()
    monkeypatch.chdir(place.root)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.root))

    done = cli("run")

    assert done.code == 2
    assert done.err.startswith("plotobot: There is no plotobot.toml here")
    assert "plotobot init" in done.err
    assert done.err.count("\n") == 1


def test_run_without_a_token_names_both_ways_on(cli: Cli, place: Place) -> None:
    (place.root / ".env").unlink()
    done = spawned("run", *place.words)
    assert done.code == 2
    assert "DISCORD_TOKEN is not set" in done.err
    assert "--no-discord" in done.err
    assert "Traceback" not in done.err


# --- check --------------------------------------------------------------------------------------


def test_good_settings_pass_the_check(cli: Cli, place: Place) -> None:
    done = cli("check", *place.words)

    assert done.code == 0, done.out
    assert "problem " not in done.out
    for part in (
        f"{place.file} is read", "DISCORD_TOKEN is set", "can be read by its owner only",
        f"State is kept in {place.state}", "chiapos 2.", f"temp {place.root}/temp: ",
        f"out {place.root}/out: ", "SQLite ", "whose address is well spelt", "plotobot run",
    ):  # fmt: skip
        assert part in done.out
    assert TOKEN not in done.out
    assert encode_address(CONTRACT) not in done.out
    assert not place.state.exists()


Spoil = Callable[[Place], None]
PROBLEMS: dict[str, tuple[Spoil, str]] = {
    "drive-missing": (lambda p: (p.root / "out").rmdir(), "the drive is missing"),
    "plotter-missing": (
        lambda p: p.write(plot="plotter = 'chia'\nprogram = '/no/such/chia'"),
        "/no/such/chia",
    ),
    "token-missing": (lambda p: (p.root / ".env").unlink(), "DISCORD_TOKEN is not set"),
    "k-out-of-range": (lambda p: p.write(plot="plotter = 'bladebit_ram'\nk = 34"), "makes k32."),
    "state": (lambda p: p.state.touch(), "is no folder"),
    "nobody": (lambda p: p.write(discord='guild = "1"\nchannel = "2"'), "obeys nobody"),
}


@pytest.mark.parametrize("command", ["run", "check"])
def test_plots_are_made_for_no_address_that_is_mistyped(
    cli: Cli, place: Place, command: str
) -> None:
    place.write(plot=f"contract = 'xch1{'q' * 58}'")

    done = cli(command, *place.words)

    assert done.code == 2
    assert "plot.contract must be a pool contract address" in done.err
    assert "wrong checksum" in done.err
    assert "qqqq" not in done.err


@pytest.mark.parametrize(("spoil", "what"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_is_named_with_its_cure(cli: Cli, place: Place, spoil: Spoil, what: str) -> None:
    spoil(place)

    done = cli("check", *place.words)

    problems = [line for line in done.out.splitlines() if line.startswith("problem ")]
    assert done.code == 2
    assert any(what in line for line in problems), done.out
    assert "check again" in done.out
    assert TOKEN not in done.out


def test_a_drive_too_small_for_one_plot_is_warned_of(cli: Cli, place: Place) -> None:
    place.write(space="out_gib = 900000")
    done = cli("check", *place.words)
    assert done.code == 0
    assert "but a k32 plot takes 900000.0 GiB here." in done.out
    place.write(space="temp_gib = 0.001\nout_gib = 0.001\nreserve_gib = 0")
    assert "GiB free, room for " in cli("check", *place.words).out


def test_a_temp2_drive_too_small_for_one_plot_is_warned_of(cli: Cli, place: Place) -> None:
    (place.root / "t2").mkdir()
    folders = "\n".join(f"{kind} = ['{place.root}/{kind}']" for kind in ("temp", "out"))
    place.write(
        drives=f"{folders}\ntemp2 = ['{place.root}/t2']",
        space="temp_gib = 0.001\nout_gib = 0.001\ntemp2_gib = 900000",
    )
    done = cli("check", *place.words)
    assert done.code == 0
    (line,) = [line for line in done.out.splitlines() if "900000.0" in line]
    assert line.startswith("warning ")
    assert str(place.root / "t2") in line


def test_folders_in_two_sets_are_named(cli: Cli, place: Place) -> None:
    place.write(drives=f"temp = ['{place.root}/temp']\nout = ['{place.root}/t*p']")
    done = cli("check", *place.words)
    assert done.code == 2
    assert "→ Name each folder in one set only." in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions elsewhere")
def test_a_world_readable_env_file_is_a_warning_only(cli: Cli, place: Place) -> None:
    env = place.root / ".env"
    env.chmod(0o644)

    done = cli("check", *place.words)

    assert done.code == 0
    assert f"warning {env} holds secrets" in done.out
    assert f"→ chmod 600 {env}" in done.out
    assert stat.S_IMODE(env.stat().st_mode) == 0o644


# --- jobs and drives ----------------------------------------------------------------------------


def test_no_jobs_yet(cli: Cli, tmp_path: Path) -> None:
    assert cli("jobs", "--state", tmp_path / "none", "--json").json == []
    assert cli("jobs", "--state", tmp_path / "none").code == 0
    assert not (tmp_path / "none").exists()


def test_a_state_folder_that_is_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "jobs").touch()
    done = cli("jobs", "--state", tmp_path)
    assert done.code == 2
    assert done.err.startswith(f"plotobot: {tmp_path / 'jobs'} cannot be read: ")


async def test_jobs_beside_a_running_engine_and_after_it(cli: Cli, tmp_path: Path) -> None:
    farm = Farm(tmp_path)
    state = farm.root / "state"
    async with farm.running(count=1) as engine:
        (job,) = await running(engine)
        (during,) = cli("jobs", "--state", state, "--json").json
        (job,) = await ended(engine, 1)
    (after,) = cli("jobs", "--state", state, "--json").json

    assert set(during) == set(after) == JOB_FIELDS
    assert (during["id"], during["plot_id"], during["k"]) == (job.id, job.plot_id, 18)
    assert job.state is JobState.COMPLETED
    assert (after["status"], after["exit_code"], after["pid"]) == ("Completed", 0, None)
    assert after["started_at"] < after["ended_at"]
    assert all(after["phase_seconds"])
    assert job.id[-6:] in cli("jobs", "--state", state).out

    for name in ("empty", "rubbish"):
        (farm.jobs / name).mkdir()
    for name in ("spec.json", "verdict.json", "exit.json", "child.json"):
        (farm.jobs / "rubbish" / name).write_bytes(b"\xff{[")
    (farm.jobs / "a-file").touch()
    done = cli("jobs", "--state", state, "--json")
    assert (done.code, done.json) == (0, [after])


def test_drives_as_json(cli: Cli, place: Place) -> None:
    place.write(drives=f"temp = ['{place.root}/temp']\nout = ['{place.root}/gone']")

    temp, out = cli("drives", *place.words, "--json").json

    assert set(temp) == {
        "kind", "path", "label", "free", "total", "fs_type", "device", "model", "bus", "problem",
    }  # fmt: skip
    assert (temp["kind"], temp["path"]) == ("temp", f"{place.root}/temp")
    assert 0 < temp["free"] <= temp["total"]
    assert temp["problem"] is None
    assert out["problem"] == "the drive is missing"
    assert "the drive is missing" in cli("drives", *place.words).out
