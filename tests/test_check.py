"""Findings on settings and surroundings."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from plotobot import check
from plotobot.plots.address import encode_address
from plotobot.settings import Settings, SettingsFile
from tests.without_root import without_root

CONTRACT = encode_address(bytes(range(32)))
GOOD: dict[str, Any] = {
    "drives": {"temp": ["/t"], "out": ["/o"]},
    "plot": {"contract": CONTRACT},
    "discord": {"guild": 1, "channel": 2, "owners": {"users": [3]}},
}


def made(written: dict[str, Any], **more: Any) -> Settings:
    more = {"token": SecretStr("canary-token"), **more}
    return Settings(
        Path("/x/plotobot.toml"), SettingsFile.model_validate(written), Path("/s"), **more
    )


def test_good_settings_are_all_well() -> None:
    findings = check.check_settings(made(GOOD))

    assert {finding.level for finding in findings} == {"ok"}
    assert "canary-token" not in repr(findings)
    assert CONTRACT not in repr(findings)


@pytest.mark.parametrize(
    ("change", "level", "what"),
    [
        pytest.param(
            {"drives": {"out": ["/o"]}}, "problem", "drives.temp names no drive", id="temp"
        ),
        pytest.param(
            {"drives": {"temp": ["/t"]}}, "problem", "drives.out names no drive", id="out"
        ),
        pytest.param({"plot": {}}, "warning", "Neither plot.contract nor both keys", id="keys"),
        pytest.param(
            {"plot": {"pool_key": "a" * 96}}, "warning", "Neither plot.contract", id="half-the-keys"
        ),
        pytest.param(
            {"discord": {"channel": 2, "owners": {"users": [3]}}},
            "problem",
            "discord.guild is not set",
            id="guild",
        ),
        pytest.param(
            {"discord": {"guild": 1, "owners": {"users": [3]}}},
            "problem",
            "discord.channel is not set",
            id="channel",
        ),
        pytest.param(
            {"discord": {"guild": 1, "channel": 2}}, "problem", "the bot obeys nobody", id="nobody"
        ),
        pytest.param(
            {"discord": {"guild": 1, "channel": 2, "viewers": {"roles": [3]}}},
            "warning",
            "discord.owners is empty",
            id="owners",
        ),
    ],
)
def test_one_thing_missing(change: dict[str, Any], level: str, what: str) -> None:
    found = [f for f in check.check_settings(made(GOOD | change)) if f.level != "ok"]

    assert [finding.level for finding in found] == [level]
    assert what in found[0].what
    assert found[0].cure


def test_a_missing_token_is_a_problem_with_the_file_to_write_it_into() -> None:
    [found] = [f for f in check.check_settings(made(GOOD, token=None)) if f.level != "ok"]

    assert found == check.Finding(
        "problem",
        "DISCORD_TOKEN is not set, so the bot cannot log in.",
        f"Write DISCORD_TOKEN=... into {Path('/x/.env')}.",
    )


@pytest.mark.parametrize(
    ("address", "level"),
    [
        ("http://127.0.0.1:1/api", "ok"),
        ("http://[::1]:1/api", "ok"),
        ("https://example.org/api", "ok"),
        ("http://example.org/api", "warning"),
    ],
)
def test_a_token_may_not_cross_the_network_in_clear(address: str, level: str) -> None:
    settings = replace(made(GOOD), api_base=address)
    [found] = [f for f in check.check_settings(settings) if "DISCORD_API_BASE" in f.what]
    assert found.level == level


@pytest.mark.parametrize(
    ("mode", "level"),
    [(0o600, "ok"), (0o400, "ok"), (0o640, "warning"), (0o604, "warning"), (0o666, "warning")],
    ids=["600", "400", "640", "604", "666"],
)
def test_who_may_read_the_env_file(tmp_path: Path, mode: int, level: str) -> None:
    file = tmp_path / ".env"
    file.touch()
    file.chmod(mode)

    assert check.env_file(file, 0o100000 | mode).level == level
    if sys.platform != "win32":
        [found] = check.check_env_file(file)
        assert found.level == level
        assert found.cure == ("" if level == "ok" else f"chmod 600 {file}")


def test_no_env_file_is_no_finding(tmp_path: Path) -> None:
    assert check.check_env_file(tmp_path / ".env") == []
    (tmp_path / "file").touch()
    assert check.check_env_file(tmp_path / "file" / ".env") == []


def test_the_state_folder_may_be_there_or_be_made(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "a" / "b"):
        assert check.check_state_dir(folder) == [check.Finding("ok", f"State is kept in {folder}.")]


def test_a_file_in_the_way_of_the_state_folder(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    [found] = check.check_state_dir(tmp_path / "a" / "b")

    assert found.level == "problem"
    assert found.what.startswith(f"{tmp_path / 'a'} is no folder")


def test_a_state_folder_that_cannot_be_written() -> None:
    found = check.state_dir(Path("/a/b"), nearest=Path("/a"), is_folder=True, writable=False)

    assert found.level == "problem"
    assert f"may not write in {Path('/a')}" in found.what
    assert "PLOTOBOT_STATE" in found.cure


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions elsewhere")
def test_a_read_only_state_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert without_root(lambda: check.check_state_dir(tmp_path / "a"))[0].level == "problem"


def test_sqlite_is_never_more_than_a_note() -> None:
    assert "older than 3.51.3" in check.sqlite((3, 40, 1)).what
    assert check.sqlite((3, 51, 3)) == check.Finding("ok", "SQLite 3.51.3.")
    assert check.sqlite((3, 40, 1)).level == "ok"


def test_a_container_is_warned_of_and_the_machine_itself_is_not() -> None:
    assert check.container(2, own_processes=False) == []
    for pid, own in ((1, True), (1, False), (2, True)):
        (found,) = check.container(pid, own_processes=own)
        assert found.level == "warning"
        assert "container" in found.what
        assert ("--init" in found.cure) == (pid == 1)


@pytest.mark.parametrize(("k", "warned"), [(18, True), (31, True), (32, False), (34, False)])
def test_plots_too_small_to_farm_are_warned_of(k: int, warned: bool) -> None:
    assert [found.level for found in check.plot_size(k)] == ["warning"] * warned


@pytest.mark.parametrize("name", ["madmax", "bladebit_ram", "gigahorse"])
@pytest.mark.parametrize("keys", [{}, {"contract": CONTRACT}], ids=["none", "no-farmer-key"])
def test_a_plotter_that_must_be_given_its_keys_is_not_left_without(
    name: str, keys: dict[str, str]
) -> None:
    plot: dict[str, Any] = {"plotter": name, "compression": int(name != "madmax")}
    settings = made(GOOD | {"plot": plot | keys})
    (found,) = [f for f in check.check_settings(settings) if f.level != "ok"]

    assert found.level == "problem"
    assert found.what == f"{name} takes no keys from chia: set a farmer key in the settings."
    whole = made(GOOD | {"plot": plot | {"contract": CONTRACT, "farmer_key": "a" * 96}})
    assert all(f.level == "ok" for f in check.check_settings(whole))


def test_a_level_that_the_plotter_does_not_have_is_a_problem() -> None:
    plot = {"plotter": "gigahorse", "contract": CONTRACT, "farmer_key": "a" * 96}
    (found,) = [f for f in check.check_settings(made(GOOD | {"plot": plot})) if f.level != "ok"]
    assert found.level == "problem"
    assert "compression level" in found.what
