"""Where news is to be told and when, as it is written; webhooks are secrets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest

from plotobot.engine.models import EventKind
from plotobot.settings import Settings

Load = Callable[..., Settings]
Complain = Callable[..., list[str]]


HOOK = "https://discord.com/api/webhooks/123456789012345678/hush-hush_T0ken"
ENV = f"PLOTOBOT_WEBHOOK_NIGHT={HOOK}\n"
HERE = '[discord]\nguild = "1"\nchannel = "2"\n'


def test_without_any_setting_all_is_told_in_the_farms_channel_where_the_board_hangs(
    load: Load,
) -> None:
    settings = load(HERE)

    assert settings.telling.kinds == frozenset(EventKind) - {EventKind.PLOT_MOVED}
    assert settings.telling.manner.routes == {}
    assert (settings.telling.manner.role, settings.telling.manner.quiet) == (None, None)
    assert settings.board == 2
    assert (settings.engine.cpu_celsius, settings.engine.drive_celsius) == (90, 65)


def test_all_of_it_can_be_set(load: Load) -> None:
    settings = load(
        HERE
        + 'board_channel = "3"\n[alerts]\nmention_role = "9"\nquiet = "22:00 - 7:00"\n'
        + 'drive_celsius = 0\n[alerts.routes]\ncritical = "4"\nsummary = "webhook:night"\n'
        + 'bot_back = "2"',
        env=ENV,
    )
    manner = settings.telling.manner

    assert manner.routes == {"critical": "4", "summary": "webhook:NIGHT"}  # 2 is the main one
    assert manner.webhooks == {"NIGHT": (123456789012345678, "hush-hush_T0ken")}
    assert manner.role == 9
    assert manner.quiet
    assert (manner.quiet.start, manner.quiet.end) == (time(22), time(7))
    assert settings.board == 3
    assert settings.engine.drive_celsius == 0


def test_the_board_can_be_left_out(load: Load) -> None:
    assert load(HERE + "board = false").board is None
    assert load().board is None


@pytest.mark.parametrize("address", [HOOK, HOOK.replace("api/", "api/v10/"), f'"{HOOK}"'])
def test_a_webhook_may_be_written_as_discord_gives_it(load: Load, address: str) -> None:
    env = f"PLOTOBOT_WEBHOOK_A={address}"

    assert load(env=env).webhooks == {"A": (123456789012345678, "hush-hush_T0ken")}


def test_the_environment_wins_over_the_file(load: Load) -> None:
    environ = {"PLOTOBOT_WEBHOOK_NIGHT": HOOK.replace("hush-hush", "other")}

    assert load(env=ENV, environ=environ).webhooks["NIGHT"][1] == "other_T0ken"


def test_an_empty_webhook_of_the_environment_counts_as_unset(load: Load) -> None:
    environ = {"PLOTOBOT_WEBHOOK_NIGHT": ""}
    assert load(env=ENV, environ=environ).webhooks["NIGHT"][1] == "hush-hush_T0ken"


def test_a_webhooks_address_is_in_no_repr(load: Load) -> None:
    settings = load(env=ENV)

    assert "hush-hush" not in repr(settings)
    assert "hush-hush" not in repr(settings.telling)


@pytest.mark.parametrize(
    ("text", "env", "words"),
    [
        pytest.param(
            '[alerts.routes]\njob_faild = "1"',
            "",
            "alerts.routes has a route for what is no kind of news; did you mean job_failed?",
            id="no-kind",
        ),
        pytest.param(
            '[alerts.routes]\nsummary = "webhook:day"',
            ENV,
            "names webhook:DAY, but PLOTOBOT_WEBHOOK_DAY is not set",
            id="no-such-webhook",
        ),
        pytest.param(
            '[alerts.routes]\nsummary = "#general"',
            "",
            'alerts.routes.summary is "#general", but must be a channel\'s id',
            id="no-place",
        ),
        pytest.param(
            f'[alerts.routes]\nsummary = "{HOOK}"', "", "holds a secret", id="a-secret-in-the-file"
        ),
        pytest.param(
            '[alerts]\nquiet = "at night"', "", 'alerts.quiet is "at night", but must', id="hours"
        ),
        pytest.param(
            "", "PLOTOBOT_WEBHOOK_A=https://x/hush-hush", "is no webhook's address", id="address"
        ),
        pytest.param("", f"PLOTOBOT_WEBHOOK_a={HOOK}", "no variable of this name", id="a-name"),
        pytest.param(
            "",
            "PLOTOBOT_WEBHOOK_A=https://x/hush-hush\nDISCORD_API_BASE=https://x/hush-hush",
            "DISCORD_API_BASE holds a secret",
            id="misplaced-and-wrong",
        ),
        pytest.param("", ENV + f"PLOTOBOT_STATE=/x/{HOOK}", "holds a secret", id="misplaced"),
    ],
)
def test_what_is_wrong_gets_one_sentence_without_a_secret(
    complaints: Complain, text: str, env: str, words: str
) -> None:
    problems = complaints(text, env=env)

    assert any(words in problem for problem in problems), problems
    assert "hush-hush" not in "".join(problems)
