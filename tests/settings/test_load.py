"""Finding and reading the settings."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from plotobot.errors import SettingsError
from plotobot.plots.address import encode_address
from plotobot.settings import Settings, find_settings, load_settings
from tests.without_root import without_root

Load = Callable[..., Settings]
Complain = Callable[..., list[str]]

CANARY = "MTA1NzQ2NzQ2MDc0Njc0Njc0.GcAnAr.y_canary_canary_canary_canary_canary1"
ODD_CANARY = "c4n4ry-of-an-odd-shape"
EXAMPLE = (Path(__file__).parents[2] / "plotobot.example.toml").read_bytes()
fuzz = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b"a\n\xff", " line 2: this is not UTF-8; save the file as UTF-8.", id="not-utf-8"
        ),
        pytest.param("k".encode("utf-16"), " is UTF-16; save it as UTF-8.", id="utf-16"),
        pytest.param(
            b"\n\n\0",
            " line 3: there are NUL bytes here; the file is damaged, so restore it.",
            id="nul",
        ),
        pytest.param(
            b"#" * 70_000, " is larger than 64 KiB, so it is no settings file.", id="too-large"
        ),
    ],
)
def test_a_file_that_is_no_text(complaints: Complain, content: bytes, expected: str) -> None:
    assert complaints(content) == [f"plotobot.toml{expected}"]


def test_a_damaged_env_file_is_told_too(complaints: Complain, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DISCORD_TOKEN=\xff")

    assert complaints("k = ") == [
        ".env line 1: this is not UTF-8; save the file as UTF-8.",
        (
            "plotobot.toml line 1: what stands here is no value; "
            'texts need quotes, as in "label:plot".'
        ),
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    with pytest.raises(SettingsError) as caught:
        load_settings(file, environ={})

    assert str(caught.value) == (
        f"{file} does not exist; `plotobot init` makes one, or name another file."
    )


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environ={})

    assert str(caught.value) == f"{tmp_path} is a folder; name the file in it."


def test_an_impossible_name() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(Path("a\0b"), environ={})

    assert str(caught.value) == (
        "a?b cannot be read (its name is impossible); check the file and its drive."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are files on POSIX only")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match=r"is no ordinary file; name a text file\.$"):
        load_settings(tmp_path / "pipe", environ={})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions elsewhere")
def test_an_unreadable_file(tmp_path: Path) -> None:
    file = tmp_path / "plotobot.toml"
    file.touch(0o000)
    with pytest.raises(SettingsError, match=r"may not be read by this user; change its owner"):
        without_root(lambda: load_settings(file, environ={}))


def test_windows_line_ends_and_mark_are_read(load: Load, complaints: Complain) -> None:
    assert load(b"\xef\xbb\xbf[plot]\r\nk = 25\r\n").engine.plot.k == 25
    assert complaints(b"[plot]\r\n\r\nk = 1\r\n")[0].startswith("plotobot.toml line 3: plot.k")


def test_which_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for, named by the environment, in the present folder, in the user's: in this order."""
    here, config = tmp_path / "here", tmp_path / "config"
    (config / "plotobot").mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *_, **__: str(config / "plotobot"))

    with pytest.raises(SettingsError, match=r"There is no plotobot\.toml here and no .*config"):
        find_settings(environ={})
    (config / "plotobot" / "plotobot.toml").touch()
    assert find_settings(environ={}) == config / "plotobot" / "plotobot.toml"
    (here / "plotobot.toml").touch()
    assert find_settings(environ={}) == Path("plotobot.toml")
    assert find_settings(environ={"PLOTOBOT_SETTINGS": "/x.toml"}) == Path("/x.toml")
    assert find_settings(Path("y"), environ={"PLOTOBOT_SETTINGS": "/x.toml"}) == Path("y")
    assert load_settings(environ={}).file == here / "plotobot.toml"


@pytest.mark.parametrize(
    "text",
    [
        "token = '{}'",
        "[discord]\ntoken = '{}'",
        "discord.bot_token = ['{}']",
        "machine = '{}'",
        "drives.temp = ['/a', 'x{}']",
        "plot.k = '{}'",
        "'{}' = 1",
        "[plot.'a{}']\nb = 1",
        "discord.owners.users = ['{}']",
    ],
)
@pytest.mark.parametrize("canary", [CANARY, ODD_CANARY])
def test_a_token_in_the_settings_file_is_refused_with_the_cure(
    complaints: Complain, text: str, canary: str
) -> None:
    """One of the usual shape is known as such, any other by what the environment says."""
    environ = {"DISCORD_TOKEN": ODD_CANARY}
    problems = complaints(text.format(canary), environ=environ)

    assert canary not in "\n".join(problems)
    assert any("write DISCORD_TOKEN=... into the .env file beside it" in p for p in problems)


def test_the_sentence_for_a_token_in_the_file(complaints: Complain) -> None:
    assert complaints("\ndiscord.token = 'x'") == [
        (
            "plotobot.toml line 2: discord.token holds a secret, which has no place in this file; "
            "write DISCORD_TOKEN=... into the .env file beside it, and make a new token if others "
            "may have seen this one."
        )
    ]


def test_a_webhook_of_ploto_is_a_secret_too(complaints: Complain) -> None:
    [problem] = complaints("machine = 'https://discord.com/api/webhooks/12/abcdefgh'")
    assert "holds a secret" in problem
    assert "abcdefgh" not in problem


def test_a_settings_repr_holds_no_secret(load: Load) -> None:
    key, contract = "ab" * 48, encode_address(bytes(range(32)))
    text = f"plot.farmer_key = '{key}'\nplot.contract = '{contract}'"
    loaded = load(text, environ={"DISCORD_TOKEN": CANARY})

    assert loaded.token is not None
    assert loaded.token.get_secret_value() == CANARY
    for shown in (repr(loaded), str(loaded), repr(loaded.engine), repr(loaded.written)):
        assert CANARY not in shown
        assert key not in shown
        assert contract not in shown


def test_a_traceback_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that shows local variables."""
    monkeypatch.setenv("DISCORD_TOKEN", CANARY)
    (tmp_path / "plotobot.toml").write_text(f"machine = ['{CANARY}']\nplot.k = '{ODD_CANARY}'")
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN={ODD_CANARY}")

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "plotobot.toml")

    assert caught.value.__context__ is None
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    # The first frame is this test, which knows the canaries.
    text = "".join(str(frame.locals) for frame in list(shown.stack)[1:]) + str(caught.value)
    assert "load_settings" in [frame.name for frame in shown.stack]
    assert CANARY not in text
    assert ODD_CANARY not in text


def fuzzed(load: Load, content: bytes, env: bytes | None = None) -> None:
    """Load whatever this is; only settings or a SettingsError without the canaries may come."""
    environ = {"DISCORD_TOKEN": ODD_CANARY}
    problems: tuple[str, ...] = ("None.",)
    try:
        loaded = load(content, environ=environ, env=env and env.decode("latin-1"))
    except SettingsError as error:
        problems, told = error.problems, str(error)
    else:
        told = repr(loaded) + repr(loaded.engine) + repr(loaded.access) + repr(loaded.alerts)
    assert problems
    assert all(problem.endswith((".", "?")) for problem in problems)
    assert CANARY not in told
    assert ODD_CANARY not in told


@fuzz
@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00")
@example(b"a" + b".a" * 3000 + b"=1")
@example(b"a=" + b"{a=" * 3000)
@example(b"drives.temp = ['\\ud800']")
@example(b"drives = {temp = [[['a']]], out = {a = 1}}\nplot = []")
@example(b"space.out_gib = 0x" + b"f" * 3000)
@example(b"discord.guild = 0x" + b"f" * 3000)
@example(b"spawn.interval_minutes = 1e999")
def test_any_bytes_give_settings_or_clear_words(load: Load, content: bytes) -> None:
    fuzzed(load, content)


ACTIVE = b"\n".join(
    line.removeprefix(b"# ") if line.startswith(b"# ") and b" = " in line else line
    for line in EXAMPLE.splitlines()
    if b"`" not in line
)
pieces = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [CANARY.encode(), ODD_CANARY.encode(), b'"', b"'", b"[", b"]", b"=", b"{", b"#", b"\n"]
    ),
    st.sampled_from([b"token = ", b"-1", b"true", b'"""', b"1e400", b"nan", b"0x" + b"f" * 400]),
    st.sampled_from(ACTIVE.splitlines()),
)
cuts = st.tuples(st.integers(0, len(ACTIVE)), st.integers(0, 30), pieces)


@fuzz
@given(st.lists(cuts, min_size=1, max_size=6))
def test_a_damaged_example_gives_settings_or_clear_words(
    load: Load, damage: list[tuple[int, int, bytes]]
) -> None:
    content = ACTIVE
    for start, length, piece in damage:
        content = content[:start] + piece + content[start + length :]
    fuzzed(load, content)


@fuzz
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 9), pieces), max_size=4))
def test_a_damaged_env_file_gives_settings_or_clear_words(
    load: Load, damage: list[tuple[int, int, bytes]]
) -> None:
    env = f"DISCORD_TOKEN='{CANARY}'\nPLOTOBOT_STATE=\"s\"\nDISCORD_API_BASE=http://x\n".encode()
    for start, length, piece in damage:
        env = env[:start] + piece + env[start + length :]
    fuzzed(load, b"", env)


def test_not_even_a_part_of_a_token_is_shown(complaints: Complain) -> None:
    text = "\n".join(complaints(f"plot.plotter = 'chia-{CANARY}'", plotters=["chia"]))

    assert "(hidden)" in text
    assert CANARY[:10] not in text
