"""The environment and the `.env` file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plotobot.settings import Settings

Load = Callable[..., Settings]
Complain = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("environ", "env", "expected"),
    [
        pytest.param("one", "two", "one", id="the-environment-wins"),
        pytest.param(None, "two", "two", id="the-file-alone"),
        pytest.param("one", None, "one", id="the-environment-alone"),
        pytest.param("", "two", "two", id="empty-counts-as-unset"),
        pytest.param("", "", None, id="both-empty"),
        pytest.param(None, None, None, id="neither"),
    ],
)
def test_precedence(load: Load, environ: str | None, env: str | None, expected: str | None) -> None:
    loaded = load(
        env=None if env is None else f"DISCORD_TOKEN={env}\n",
        environ={} if environ is None else {"DISCORD_TOKEN": environ},
    )

    assert (loaded.token and loaded.token.get_secret_value()) == expected


def test_all_variables_arrive(load: Load, tmp_path: Path) -> None:
    loaded = load(
        env="export DISCORD_API_BASE='http://127.0.0.1:1/api/v10'\n"
        "DISCORD_GATEWAY_URL=ws://127.0.0.1:2\nPLOTOBOT_STATE=state\nOTHER=1"
    )

    assert loaded.api_base == "http://127.0.0.1:1/api/v10"
    assert loaded.gateway_url == "ws://127.0.0.1:2"
    assert loaded.state_dir == tmp_path / "state"
    assert loaded.env_file == tmp_path / ".env"


def test_the_state_folder(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for, from the environment (relative to here), from `.env` (relative to it), usual."""
    monkeypatch.chdir("/")
    monkeypatch.setattr("platformdirs.user_state_dir", lambda *_, **__: "/usual")
    here = Path.cwd()

    assert load().state_dir == Path("/usual").absolute()
    assert load(env="PLOTOBOT_STATE=a").state_dir == tmp_path / "a"
    assert load(environ={"PLOTOBOT_STATE": "b"}).state_dir == here / "b"
    assert load(environ={"PLOTOBOT_STATE": "b"}, state=Path("c")).state_dir == here / "c"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "DISCORD_TOEKN=x",
            ".env line 1: Plotobot has no variable of this name; did you mean DISCORD_TOKEN?",
            id="did-you-mean",
        ),
        pytest.param(
            "DISCORD_X_Y_Z_W_V_U=x",
            ".env line 1: Plotobot has no variable of this name; known are DISCORD_TOKEN, "
            "DISCORD_API_BASE, DISCORD_GATEWAY_URL, PLOTOBOT_STATE.",
            id="unknown",
        ),
        pytest.param(
            "PLOTOBOT_SETTINGS=x",
            ".env line 1: PLOTOBOT_SETTINGS is too late here; "
            "set it in the environment, or use --settings.",
            id="too-late",
        ),
        pytest.param(
            "DISCORD_TOKEN",
            ".env line 1: this is not NAME=value; mend it or remove it.",
            id="no-value",
        ),
        pytest.param(
            "DISCORD_TOKEN=Bot abc",
            "DISCORD_TOKEN has characters that no token has, such as blanks or quotes; "
            "copy it again from the Discord developer portal, without anything round it.",
            id="token-with-a-blank",
        ),
        pytest.param(
            "DISCORD_API_BASE=discord.com",
            "DISCORD_API_BASE must be an address that begins with http:// or https://; "
            "correct it, or remove it to use Discord's own.",
            id="api-base",
        ),
        pytest.param(
            "DISCORD_GATEWAY_URL=http://x",
            "DISCORD_GATEWAY_URL must be an address that begins with ws:// or wss://; "
            "correct it, or remove it to use Discord's own.",
            id="gateway",
        ),
        pytest.param(
            "DISCORD_TOKEN=a-long-secret\nPLOTOBOT_STATE=/x/a-long-secret",
            "PLOTOBOT_STATE holds a secret, which is shown in many places; "
            "only DISCORD_TOKEN may hold one.",
            id="token-in-the-wrong-place",
        ),
        pytest.param(
            "PLOTOBOT_STATE=~nobody-of-this-name/x",
            "PLOTOBOT_STATE begins with ~, but there is no such home; write the full path.",
            id="home",
        ),
    ],
)
def test_a_wrong_variable(complaints: Complain, line: str, expected: str) -> None:
    assert complaints(env=line) == [expected]


@pytest.mark.parametrize("address", ["http://[", "http://x:99999", "http://u:p@x", "http://", "x"])
def test_an_impossible_address_is_told_and_not_shown(complaints: Complain, address: str) -> None:
    [problem] = complaints(environ={"DISCORD_API_BASE": address})
    assert problem.startswith("DISCORD_API_BASE must be an address")
    assert f"{address};" not in problem
