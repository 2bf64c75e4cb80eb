"""`plotobot init` as a script and a person at a terminal use it."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plotobot.__main__ import main
from plotobot.plots.address import encode_address
from plotobot.settings import load_settings
from tests.setting_up.conftest import TOKEN, Place
from tests.settings.test_replace import full_disk
from tests.without_root import without_root

Init = Callable[..., tuple[int, str, str]]


@pytest.fixture
def init(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Init:
    """Runs `plotobot init` in the place, with no terminal to ask on."""
    monkeypatch.chdir(place.root)

    def call(*words: str, command: str = "init") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["plotobot", command, *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err  # type: ignore[return-value]

    return call


def test_options_alone_make_settings_that_check_accepts(place: Place, init: Init) -> None:
    code, out, err = init(*place.words)

    assert (code, err) == (0, "")
    assert out.endswith("plotobot run\n")
    assert init(command="check")[0] == 0
    written = load_settings(place.file).written
    assert (written.drives.temp, written.drives.out) == ((place.temp,), (place.out,))
    assert written.discord.owners.users == (13,)


def test_the_token_stands_in_the_env_file_and_nowhere_else(place: Place, init: Init) -> None:
    _, out, err = init(*place.words)

    holders = {path.name for path in place.root.iterdir() if path.is_file()
               if TOKEN in path.read_text(encoding="utf-8")}  # fmt: skip
    assert holders == {".env", "token"}
    assert TOKEN not in out + err
    assert stat.S_IMODE(place.env.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.file.stat().st_mode) == 0o644


def test_the_token_may_come_from_the_environment(
    place: Place, init: Init, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "from.the-environment")
    words = place.words
    at = words.index("--token-file")

    assert init(*words[:at], *words[at + 2 :])[0] == 0
    assert "DISCORD_TOKEN=from.the-environment\n" in place.env.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# mine\nA=1\n", f"# mine\nA=1\nDISCORD_TOKEN={TOKEN}\n"),
        ("A=1", f"A=1\nDISCORD_TOKEN={TOKEN}\n"),
        ("export DISCORD_TOKEN = 'old' # x\nA=1\n", f"export DISCORD_TOKEN = {TOKEN}\nA=1\n"),
        ("A=1\r\nDISCORD_TOKEN=\r\n", f"A=1\r\nDISCORD_TOKEN={TOKEN}\r\n"),
    ],
    ids=["appended", "open-end", "replaced", "windows"],
)
def test_other_lines_of_the_env_file_stay(
    place: Place, init: Init, before: str, after: str
) -> None:
    place.env.write_bytes(before.encode())
    place.env.chmod(0o644)

    assert init(*place.words)[0] == 0
    assert place.env.read_bytes() == after.encode()
    assert stat.S_IMODE(place.env.stat().st_mode) == 0o600


def test_missing_answers_are_named_in_one_sentence(place: Place, init: Init) -> None:
    code, out, err = init("--temp", place.temp, "--channel", "5")

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.endswith("--out, --guild, --owner, --token-file (or DISCORD_TOKEN), --yes.\n")
    assert place.files == set()


def test_a_plotter_without_keys_of_its_own_asks_for_them(place: Place, init: Init) -> None:
    code, _, err = init(*place.words, "--plotter", "madmax")

    assert code == 2
    assert err.endswith("--farmer-key, --contract (or --pool-key).\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--k", "big"), "plot.k is"),
        (("--k", "19", "--plotter", "chia"), "chia makes k25 to k50"),
        (("--temp", "ssd1"), "no absolute path"),
        (("--guild", "-1"), "a Discord id"),
        (("--machine", ""), "machine is"),
        (("--contract", "xch1"), "58 small letters"),
        (("--pool-key", "ab" * 48, "--contract", encode_address(bytes(32))), "exclude each other"),
        (("--token-file", "/nix"), "--token-file /nix cannot be read"),
        (("--settings", "token/x.toml"), "is no folder"),
        (("--settings", "temp"), "is a folder"),
        (("--settings", "/proc/nix/x.toml"), "cannot be made"),
        (("--settings", "/proc/x.toml"), "cannot be written"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    place: Place, init: Init, words: tuple[str, ...], sentence: str
) -> None:
    code, _, err = init(*place.words, *words)

    assert code == 2
    assert sentence in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert place.files == {"token"}


@pytest.mark.parametrize(
    "content", [b"[plot", b"\xff\xfe", b"kk = 1\n", b"a = 1\0", b"plot = 3"],
    ids=["no-toml", "utf-16", "unknown-key", "nul", "no-table"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_left_alone(place: Place, init: Init, content: bytes) -> None:
    place.file.write_bytes(content)

    code, out, err = init(*place.words)

    assert (code, out) == (2, "")
    assert "plotobot.toml" in err
    assert place.file.read_bytes() == content
    assert place.files == {"token", "plotobot.toml"}


def test_a_full_disk_leaves_all_as_it_was(place: Place, init: Init) -> None:
    init(*place.words)
    before = {path: path.read_bytes() for path in place.root.iterdir() if path.is_file()}

    with full_disk(64):
        code, _, err = init("--machine", "x", "--yes")

    assert code == 2
    assert err.count("\n") == 1
    assert "cannot be written (File too large)" in err
    assert {path: path.read_bytes() for path in place.root.iterdir() if path.is_file()} == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions elsewhere")
def test_a_read_only_folder_is_told_before_any_question(place: Place, init: Init) -> None:
    words = place.words
    place.root.chmod(0o555)
    try:
        code, _, err = without_root(lambda: init(*words))
    finally:
        place.root.chmod(0o755)
    assert code == 2
    assert "may not be written by this user" in err


def test_a_second_run_without_news_writes_nothing(place: Place, init: Init) -> None:
    init(*place.words)
    before = place.file.stat().st_mtime_ns, place.env.stat().st_mtime_ns

    code, out, _ = init("--yes")

    assert code == 0
    assert "nothing was written" in out
    assert (place.file.stat().st_mtime_ns, place.env.stat().st_mtime_ns) == before


def test_a_new_file_shows_every_setting_there_is(place: Place, init: Init) -> None:
    init(*place.words)
    example = (Path(__file__).parents[2] / "plotobot.example.toml").read_text(encoding="utf-8")
    lines = set(place.file.read_text(encoding="utf-8").splitlines())
    assert set(example.splitlines()[3:]) <= lines
    assert "Copy this file" not in "".join(lines)


# --- at a real terminal -------------------------------------------------------------------------

ANSWERS = (
    ("Name of this machine", "barn"),
    (r"Plotter \[", "chiapos"),
    ("Temp drives", "TEMP"),
    ("Out drives", "OUT"),
    ("Other drives", ""),
    ("Size of a plot", "19"),
    ("Threads", "many"),
    ("must be a whole number from 1 to 1024", ""),
    ("Memory for one plot", ""),
    ("Plots at once", ""),
    ("on one temp drive", ""),
    ("Pool contract address", ""),
    ("Pool public key", ""),
    ("Farmer public key", ""),
    ("Id of the server", "11"),
    ("Id of the channel", "12"),
    ("Id of your own user", "13"),
    ("token", TOKEN),
    ("Write this", "y"),
)


def test_a_farmer_at_a_terminal(place: Place) -> None:
    terminal = place.terminal()
    shown = ""
    for question, answer in ANSWERS:
        terminal.expect(question)
        shown += f"{terminal.before}{terminal.after}"
        if question == "token":
            terminal.expect("see it")
            terminal.waitnoecho()
        terminal.sendline({"TEMP": place.temp, "OUT": place.out}.get(answer, answer))
    shown += terminal.read()
    terminal.close()

    assert terminal.exitstatus == 0
    assert "Ready, with" in shown
    assert "plotobot run" in shown
    assert TOKEN not in shown
    assert TOKEN in place.env.read_text(encoding="utf-8")
    assert load_settings(place.file).written.plot.k == 19


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("at", [0, 17], ids=["first", "hidden"])
def test_breaking_off_at_a_terminal_is_one_line(place: Place, at: int, key: str) -> None:
    terminal = place.terminal()
    for question, answer in ANSWERS[:at]:
        terminal.expect(question)
        terminal.sendline({"TEMP": place.temp, "OUT": place.out}.get(answer, answer))
    terminal.expect(ANSWERS[at][0])
    terminal.expect("see it" if at else r"\]: ")
    if at:
        terminal.waitnoecho()
    terminal.send(key)
    said = terminal.read()
    terminal.close()

    assert (
        said.replace("^C", "").strip().splitlines()[-1] == "plotobot: Stopped; nothing was written."
    )
    assert "Traceback" not in said
    assert terminal.exitstatus == 130
    assert place.files == set()


def test_a_present_file_keeps_its_defaults_under_yes(place: Place, init: Init) -> None:
    text = "[plot]\nplotter = 'chiapos' # small ones\n"
    place.file.write_text(text, encoding="utf-8")

    assert init(*place.words)[0] == 0

    new = place.file.read_text(encoding="utf-8")
    assert "# small ones" in new
    assert "max_parallel" not in new
    assert "threads" not in new
